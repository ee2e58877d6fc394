package main

import (
	"context"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// fault is something bad that happens in a phase.
type fault struct {
	after time.Duration
	what  func(ctx context.Context) error
}

// storm is one phase: publishers publish, readers read as their tempers are,
// and faults happen.
func (w *world) storm(ctx context.Context, n int) error {
	w.mu.Lock()
	w.phase = make(chan struct{})
	w.mu.Unlock()
	for _, r := range w.readers {
		t := r.common()
		t.hurt.Store(false)
	}
	faults := w.plan(n)
	during, stop := context.WithTimeout(ctx, w.o.phase)
	defer stop()
	group, during := errgroup.WithContext(during)
	for _, p := range w.pubs {
		if p.kind == "closing" {
			continue
		}
		st := w.style(p)
		group.Go(func() error {
			if err := p.publish(during, st); err != nil {
				return &violation{who: p.String(), err: err}
			}
			return nil
		})
	}
	for _, f := range faults {
		group.Go(func() error {
			pause(during, f.after)
			if during.Err() != nil {
				return nil
			}
			return f.what(ctx) // what has begun is done to its end
		})
	}
	group.Go(func() error {
		<-during.Done()
		w.mu.Lock()
		close(w.phase)
		w.mu.Unlock()
		return nil
	})
	return group.Wait()
}

// style draws how a publisher publishes in this phase.
func (w *world) style(p *publisher) style {
	rnd := w.random()
	st := style{every: time.Duration(5+rnd.IntN(60)) * time.Millisecond}
	if rnd.IntN(2) == 0 {
		st.flood = w.o.flood
		if p.trust != trustConnection {
			st.flood /= 4
		}
	}
	if p.trust != trustUnbroken && rnd.IntN(3) == 0 {
		st.leave = 20 + rnd.IntN(200)
	}
	return st
}

// draw draws the tempers and the faults of a phase. Every third phase has no
// restarts, so that all is counted exactly, whoever reads it.
func (w *world) draw(n int) []fault {
	rnd := w.random()
	within := func() time.Duration { return time.Duration(rnd.Int64N(int64(w.o.phase * 9 / 10))) }
	var faults []fault
	add := func(what func(ctx context.Context) error) { faults = append(faults, fault{within(), what}) }
	for _, r := range w.readers {
		t := r.common()
		t.temper.Store(int32(prompt))
		if t.kind == kindOracle {
			continue
		}
		if k := rnd.IntN(5); k > 2 {
			t.temper.Store(int32(slow) + int32(k-3))
			t.hurt.Store(true)
		}
		if d, ok := r.(*directReader); ok && rnd.IntN(3) == 0 {
			add(func(context.Context) error { d.rebirth(); return nil })
		}
		if len(t.relays) == 0 || rnd.IntN(2) == 0 {
			continue
		}
		for range 1 + rnd.IntN(3) {
			away := time.Duration(0)
			if rnd.IntN(3) == 0 {
				away = time.Duration(rnd.Int64N(int64(w.o.phase / 3)))
			}
			if w.o.partitions && rnd.IntN(2) == 0 {
				s, d := drawSide(rnd), time.Duration(rnd.Int64N(int64(w.o.phase/3)))
				add(func(ctx context.Context) error { return w.part(ctx, t, s, d) })
				continue
			}
			add(func(ctx context.Context) error { w.cut(ctx, t, away); return nil })
		}
	}
	hang := func(s *server) {
		if !w.o.hangs {
			return
		}
		d := time.Duration(rnd.Int64N(int64(w.o.phase / 4)))
		add(func(ctx context.Context) error { return w.hang(ctx, s, d) })
	}
	separate := func(machine int) {
		if !w.o.partitions {
			return
		}
		s, d := drawSide(rnd), time.Duration(rnd.Int64N(int64(w.o.phase/4)))
		add(func(ctx context.Context) error { return w.separate(ctx, machine, s, d) })
	}
	if w.registry != nil {
		if f := w.registry.drawFault(w, rnd); f != nil {
			add(f)
		}
	}
	if n%3 == 0 {
		for _, s := range w.servers() {
			if rnd.IntN(2) == 0 {
				hang(s)
			}
		}
		for i := range w.machines {
			if rnd.IntN(2) == 0 {
				separate(i)
			}
		}
		return faults
	}
	for i, m := range w.machines {
		if k := rnd.IntN(4); k < 3 {
			force, down := k == 0, time.Duration(rnd.Int64N(int64(w.o.phase/8)))
			if w.registry != nil && rnd.IntN(2) == 0 {
				add(func(ctx context.Context) error {
					w.sum.add("consolidators moved")
					return move(ctx, w, i, force)
				})
				continue
			}
			add(func(ctx context.Context) error {
				return w.restart(ctx, m.server, force, down, func() { w.truth.stopping(i, force) })
			})
		} else {
			hang(m.server)
			separate(i)
		}
	}
	if a := w.archive; a != nil {
		if k := rnd.IntN(4); k < 3 {
			force, down := k < 2, time.Duration(rnd.Int64N(int64(w.o.phase/8)))
			add(func(ctx context.Context) error { return a.restart(ctx, force, down) })
		} else {
			hang(a.server)
		}
	}
	if k := rnd.IntN(4); k < 2 {
		force, down := k == 0, time.Duration(rnd.Int64N(int64(w.o.phase/8)))
		add(func(ctx context.Context) error { return w.restart(ctx, w.proxy, force, down, func() {}) })
	}
	return faults
}

// hang stops a server, as a machine does whose disk or memory is overwhelmed, and
// lets it go on.
func (w *world) hang(ctx context.Context, s *server, d time.Duration) error {
	w.notef("stop %s for %v", s.name, d.Round(time.Millisecond))
	s.disturb()
	w.sum.hung()
	if err := s.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	pause(ctx, d)
	w.notef("%s goes on", s.name)
	return s.signal(syscall.SIGCONT)
}

// cut cuts a reader off, and keeps it away for a while.
func (w *world) cut(ctx context.Context, t *tally, away time.Duration) {
	w.notef("cut off %s for %v", t.id, away.Round(time.Millisecond))
	w.sum.cut()
	t.hurt.Store(true)
	for _, r := range t.relays {
		r.Pause(away > 0)
		r.Cut()
	}
	if away > 0 {
		calm := w.calm()
		select {
		case <-ctx.Done():
		case <-calm:
		case <-time.After(away):
		}
		for _, r := range t.relays {
			r.Pause(false)
		}
	}
}

// restart ends a server, by force or as one asks it to, and starts it again.
func (w *world) restart(ctx context.Context, s *server, force bool, down time.Duration, ending func()) error {
	how := "end"
	if force {
		how = "kill"
	}
	w.notef("%s %s, for %v", how, s.name, down.Round(time.Millisecond))
	if err := s.alive(); err != nil {
		return &violation{who: s.name, err: err}
	}
	w.sum.memory(w, s)
	s.touch(force)
	ending()
	began := time.Now()
	if err := s.stop(force); err != nil {
		return &violation{who: s.name, err: err}
	}
	took := time.Since(began)
	w.sum.restarted(s, force)
	pause(ctx, down)
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return &violation{who: s.name, err: err}
	}
	w.notef("%s is back; it took %v to end", s.name, took.Round(time.Millisecond))
	return nil
}
