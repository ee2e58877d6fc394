package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"sluice/internal/relay"
)

// drawFault draws what happens to etcd in a phase, if anything does.
func (r *registry) drawFault(w *world, rnd *rand.Rand) func(ctx context.Context) error {
	d := time.Duration(rnd.Int64N(int64(w.o.phase)))
	s := drawSide(rnd)
	switch rnd.IntN(8) {
	case 0:
		return func(ctx context.Context) error { return r.restart(ctx, w, d, false) }
	case 1:
		return func(ctx context.Context) error { return r.restart(ctx, w, d/4, true) }
	case 2:
		return func(ctx context.Context) error { return r.hang(ctx, w, d) }
	case 3:
		return func(ctx context.Context) error { return r.cutOff(ctx, w, "for consolidators", r.machines, s, d) }
	case 4:
		return func(ctx context.Context) error { return r.cutOff(ctx, w, "for readers", r.readers, s, d) }
	case 5:
		return func(ctx context.Context) error {
			return r.cutOff(ctx, w, "for all", slices.Concat(r.machines, r.readers), s, d)
		}
	}
	return nil
}

// restart kills etcd and starts it again after a while, perhaps knowing nothing.
func (r *registry) restart(ctx context.Context, w *world, d time.Duration, empty bool) error {
	what := "etcd killed"
	if empty {
		what = "etcd started empty"
	}
	w.notef("%s, for %v", what, d.Round(time.Millisecond))
	w.sum.add(what)
	if err := r.kill(r.members...); err != nil {
		return err
	}
	pause(ctx, d)
	if empty {
		r.forget()
	}
	if err := r.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return &violation{who: "etcd", err: err}
	}
	w.notef("etcd is back")
	return nil
}

func (r *registry) hang(ctx context.Context, w *world, d time.Duration) error {
	w.notef("etcd hangs for %v", d.Round(time.Millisecond))
	w.sum.add("etcd hung")
	for _, s := range r.members {
		if err := s.signal(syscall.SIGSTOP); err != nil {
			return err
		}
	}
	pause(ctx, d)
	for _, s := range r.members {
		if err := s.signal(syscall.SIGCONT); err != nil {
			return err
		}
	}
	w.notef("etcd goes on")
	return nil
}

func (r *registry) cutOff(ctx context.Context, w *world, whom string, ways []*relay.Relay, s side, d time.Duration) error {
	w.sum.add("etcd cut off")
	w.partition(ctx, "etcd, "+whom, ways, s, d)
	return nil
}
