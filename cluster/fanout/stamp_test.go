package fanout_test

import (
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/fanout"
)

// Of some entries a reader is told when they were appended: often enough to
// measure how long they take, exactly, and never of a backfill.
func TestAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, 0, 0)
		run(t, h)
		app := h.Appender()
		app.Append("s", entry(0, 1, 0), 1)
		late, r := h.Reader(), h.Reader()
		defer late.Close()
		defer r.Close()
		late.Tail("s", fanout.From{})
		r.Tail("s", fanout.From{})
		drain(t, r, map[string]*account{})

		// A slow stream: each entry, exactly. The last one, for a reader that
		// comes late.
		var last time.Time
		for i := uint64(1); i <= 20; i++ {
			time.Sleep(130 * time.Millisecond)
			last = time.Now()
			app.Append("s", entry(i, 1, 0), 1)
			time.Sleep(7 * time.Millisecond)
			p, ok := r.Take(1 << 20)
			if !ok || p.Count != 1 || !p.At.Equal(last) {
				t.Fatalf("entry %d was appended at %v: %+v", i, last, p)
			}
			p.Release()
		}
		p, ok := late.Take(1 << 20)
		for ok && p.At.IsZero() {
			p.Release()
			p, ok = late.Take(1 << 20)
		}
		if !ok || !p.At.Equal(last) {
			t.Errorf("the late reader is told of %v, want %v", p.At, last)
		}
		p.Release()

		// A fast one: at least one in each chunk.
		for i := uint64(21); i <= 20_000; i++ {
			app.Append("s", entry(i, 1, 240), 1)
		}
		synctest.Wait()
		var entries, told uint64
		for p, ok := r.Take(64 << 10); ok; p, ok = r.Take(64 << 10) {
			entries += p.Count
			if !p.At.IsZero() {
				told++
			}
			p.Release()
		}
		if want := entries * 240 / (64 << 10); told < want || told > 2*want+20 {
			t.Errorf("told of %d entries of %d, want about %d", told, entries, want)
		}

		back := h.Reader()
		defer back.Close()
		back.Tail("s", fanout.From{Kind: fanout.FromLast, Last: 1 << 20})
		for p, ok := back.Take(64 << 10); ok; p, ok = back.Take(64 << 10) {
			if !p.At.IsZero() {
				t.Fatalf("told of an entry in a backfill: %+v", p)
			}
			p.Release()
		}
	})
}
