package proxy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
)

var errTooMany = errors.New("too many streams are read; try again in a minute")

// tails is the set of streams that are tailed upstream.
type tails struct {
	hub    *fanout.Hub
	source Source
	keep   time.Duration
	limit  int

	streams  *streamTable
	upstream *upstream

	byName sync.Map // name → *tail; written under mu

	mu    sync.Mutex
	count int
}

// acquire returns the tail of a stream, and begins it if there is none.
// Release it.
func (ts *tails) acquire(name string) (*tail, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.find(name)
	if t == nil {
		if ts.count >= ts.limit {
			return nil, fmt.Errorf("tail %q: %w", name, errTooMany)
		}
		t = newTail(ts.hub, name, ts.source.Status(), ts.upstream, ts.streams.open(name))
		ts.byName.Store(name, t)
		ts.count++
		ts.source.Tail(name, stream.Backfill{Last: firstBackfill})
	}
	t.sessions++
	return t, nil
}

// release gives back what acquire gave.
func (ts *tails) release(t *tail) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t.sessions--
	t.idle = time.Now()
}

// number is how many streams are tailed.
func (ts *tails) number() int {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return ts.count
}

// find returns the tail of a stream, or nil. It takes no lock.
func (ts *tails) find(name string) *tail {
	v, ok := ts.byName.Load(name)
	if !ok {
		return nil
	}
	return v.(*tail)
}

// each calls f with every tail.
func (ts *tails) each(f func(*tail)) {
	ts.byName.Range(func(_, v any) bool {
		f(v.(*tail))
		return true
	})
}

// sweep ends the tails that nobody has read for long enough.
func (ts *tails) sweep(now time.Time) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.each(func(t *tail) {
		if t.sessions == 0 && now.Sub(t.idle) >= ts.keep {
			ts.byName.Delete(t.name)
			ts.count--
			ts.source.Stop(t.name)
			t.close()
			ts.streams.close(t.counts)
		}
	})
}

// run sweeps until ctx ends.
func (ts *tails) run(ctx context.Context) {
	tick := time.NewTicker(max(ts.keep/8, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			ts.sweep(now)
		}
	}
}
