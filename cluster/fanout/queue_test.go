package fanout_test

import (
	"runtime"
	"sync"
	"testing"

	"sluice/cluster/fanout"
)

// A reader that does not take, as one whose peer does not read, gathers
// nothing however often it tails a stream anew.
func TestTailingAgainGathersNothing(t *testing.T) {
	h := newHub(t, 0, 0)
	h.Appender().Append("s", entry(0, 1, 100), 1)
	r := h.Reader()
	defer r.Close()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	const tails = 100_000
	for range tails {
		r.Tail("s", fanout.From{Kind: fanout.FromLast, Last: 1})
	}
	if after := heap(); after > before+tails*8 {
		t.Errorf("%d tails of one stream take %d bytes", tails, after-before)
	}
	if p, ok := r.Take(1); !ok || p.Count != 1 || !p.Live {
		t.Errorf("the last tail: %v, %+v", ok, p)
	} else {
		p.Release()
	}
	if p, ok := r.Take(1); ok {
		t.Errorf("an earlier tail: %+v", p)
	}
}

// Whoever tails, from whichever goroutine: a reader has one cursor in a stream.
func TestTailsFromSeveralGoroutines(t *testing.T) {
	for range 200 {
		h := newHub(t, 0, 0)
		app := h.Appender()
		app.Append("s", entry(0, 1, 0), 1)
		r := h.Reader()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { r.Tail("s", fanout.From{Kind: fanout.FromLast, Last: 1}) })
		}
		wg.Go(func() { r.Subscribe("s") })
		wg.Wait()
		var count uint64
		for p, ok := r.Take(1 << 20); ok; p, ok = r.Take(1 << 20) {
			count += p.Count
			p.Release()
		}
		r.Close()
		if count > 1 {
			t.Fatalf("one entry was taken %d times", count)
		}
	}
}
