package proxy

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/resume"
)

// The bounds of tails of streams that no consolidator lists as live: anybody can invent
// names.
const (
	inventedEach  = 20 * time.Millisecond // between the starts of two, at length
	inventedBurst = 200                   // that may start at once
	maxEmpty      = 256                   // that have no session and no record, and are kept
	inventedWait  = 50 * time.Millisecond // until one that had to wait is tried again
)

// tails is the set of streams that are tailed upstream.
type tails struct {
	hub    *fanout.Hub
	source Source
	keep   time.Duration
	limit  int
	live   func(name string) bool // whether a consolidator lists the stream

	streams  *streamTable
	upstream *upstream

	byName sync.Map      // name → *tail; written under mu
	ended  atomic.Uint64 // tails that have ended; raised after byName
	known  atomic.Pointer[resume.Known]

	mu       sync.Mutex
	count    int
	invented time.Time // up to when the starts of invented names are used up
	unused   unused
}

// acquire returns the tail of a stream, and begins it if there is none. For a stream
// that no consolidator lists it may wait, until ctx ends or end is closed; the others
// begin at once. Release it.
func (ts *tails) acquire(ctx context.Context, end <-chan struct{}, name string) (*tail, error) {
	if t := ts.take(name); t != nil {
		return t, nil
	}
	listed := name == "system" || strings.HasPrefix(name, "system/") || ts.live(name)
	for {
		if t := ts.begin(name, listed); t != nil {
			return t, nil
		}
		select {
		case <-time.After(inventedWait):
		case <-end:
			return nil, errDraining
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		listed = ts.live(name)
	}
}

// take returns the tail that there is, or nil.
func (ts *tails) take(name string) *tail {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.find(name)
	if t != nil {
		ts.read(t)
	}
	return t
}

// read notes a session of a tail. mu is held.
func (ts *tails) read(t *tail) {
	t.sessions++
	ts.unused.remove(t)
}

// begin returns the tail of a stream, or nil when it may not begin yet.
func (ts *tails) begin(name string, listed bool) *tail {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.find(name)
	if t == nil {
		now := time.Now()
		if !listed && now.Before(ts.invented.Add(-inventedBurst*inventedEach)) {
			return nil
		}
		if ts.count >= ts.limit && !ts.giveWay() && !listed {
			return nil
		}
		if !listed {
			if ts.invented.Before(now) {
				ts.invented = now
			}
			ts.invented = ts.invented.Add(inventedEach)
		}
		t = newTail(ts.hub, name, ts.upstream, ts.streams.open(name))
		ts.byName.Store(name, t)
		t.meet(ts.status)
		ts.count++
		ts.source.Tail(name, stream.Backfill{Last: firstBackfill})
	}
	ts.read(t)
	return t
}

// giveWay ends the tail that has had no session for the longest time, one without a
// record before all others, and reports whether there was one. mu is held.
func (ts *tails) giveWay() bool {
	t := ts.unused.firstEmpty()
	if t == nil {
		t = ts.unused.first()
	}
	if t == nil {
		return false
	}
	ts.end(t)
	return true
}

// end ends a tail that has no session. mu is held.
func (ts *tails) end(t *tail) {
	ts.unused.remove(t)
	ts.byName.Delete(t.name)
	ts.ended.Add(1)
	ts.count--
	ts.source.Stop(t.name)
	t.close()
	ts.streams.close(t.counts)
}

// release gives back what acquire gave.
func (ts *tails) release(t *tail) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t.sessions--; t.sessions > 0 {
		return
	}
	ts.unused.add(t, time.Now(), !t.hasLog())
	if ts.unused.empty.Len() > maxEmpty {
		if first := ts.unused.firstEmpty(); ts.unused.empty.Len() > maxEmpty {
			ts.end(first)
		}
	}
}

// status is how the consolidators stand, and their names, which all tails share.
func (ts *tails) status() ([]stream.Status, *resume.Known) {
	all := slices.DeleteFunc(ts.source.Status(), func(s stream.Status) bool { return !isSource(&s) })
	before := ts.known.Load()
	known := before.Renew(all)
	if known != before {
		ts.known.Store(known)
	}
	return all, known
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
	for t := ts.unused.first(); t != nil && now.Sub(t.unused.since) >= ts.keep; t = ts.unused.first() {
		ts.end(t)
	}
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
