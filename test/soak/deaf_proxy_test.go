package main

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/relay"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// A proxy is killed and started while it cannot hear one machine, and so much is published
// that the machines do not have all any more: each session is told what it misses.
func TestProxyKilledInPartition(t *testing.T) {
	volume.Long(t)
	w, err := newWorld(options{sluice: binary(t), seed: 1, race: wait.Race, partitions: true}, 1, t.TempDir(), newSummary(io.Discard, wait.Race))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range w.servers() {
		t.Cleanup(func() { _ = s.stop(true) })
		if err := s.start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s := &steady{w: w, every: 300 * time.Microsecond, ended: make(chan struct{}), sent: make([]uint64, len(w.machines))}
	var all []*client
	for i := range 16 {
		c := &client{w: w, id: i, next: make([]atomic.Uint64, len(w.machines))}
		all = append(all, c)
		read := c.events
		if i%2 == 0 {
			read = c.proxied
		}
		wait.Run(t, func(ctx context.Context) error { return read(ctx, "http://"+w.proxy.listen) })
	}
	var publishing sync.WaitGroup
	for m := range w.machines {
		publishing.Add(1)
		wait.Run(t, func(ctx context.Context) error {
			defer publishing.Done()
			return s.publish(ctx, m)
		})
	}
	s.reached(t, all, []uint64{1, 1}, "their first records")
	for n := range 6 {
		w.ways[n%2].HoldWay(relay.ToClient, true)
		if err := w.proxy.stop(true); err != nil {
			t.Fatal(err)
		}
		pause(t.Context(), time.Duration(w.random().IntN(2500))*time.Millisecond)
		if err := w.proxy.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		pause(t.Context(), time.Duration(w.random().IntN(2500))*time.Millisecond)
		w.ways[n%2].HoldWay(relay.ToClient, false)
		next := s.numbers()
		for m := range next {
			next[m]++ // one that is published after this
		}
		s.reached(t, all, next, "back")
	}
	close(s.ended)
	publishing.Wait()
	s.reached(t, all, s.numbers(), "all that was published")
	for _, c := range all {
		if err := c.check(s.numbers()); err != nil {
			t.Errorf("session %d: %v", c.id, err)
		}
	}
}
