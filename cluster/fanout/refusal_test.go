package fanout_test

import (
	"testing"

	"sluice/cluster/fanout"
)

// A flood of refused entries grows nothing, whether there is a reader or not, and the
// reader learns of it at its place, in one piece.
func TestAFloodOfRefusedGrowsNothing(t *testing.T) {
	const flood, at = 10_000_000, 100
	h := newHub(t, 1<<20, 1<<20)
	app, r := h.Appender(), h.Reader()
	defer r.Close()
	r.Tail("s", fanout.From{})
	if p, _ := r.Take(1 << 10); p.Cause != fanout.CauseStart {
		t.Fatalf("the tail begins with %+v", p)
	}
	app.Append("s", entry(0, 1, 100), 1)
	name := []byte("s")
	refuse := func() {
		app.AddRefused(name, fanout.CauseTooLarge, at)
		app.Flush()
	}
	refuse()
	before := h.Size()
	if n := testing.AllocsPerRun(1000, refuse); n != 0 {
		t.Errorf("%v allocations for one that is refused", n)
	}
	for range flood/at - 1002 { // AllocsPerRun has done one more than it counts
		refuse()
	}
	if after := h.Size(); after != before {
		t.Errorf("the log has grown from %d to %d bytes", before, after)
	}
	app.Append("s", entry(flood+1, 1, 100), 1)
	h.Wake()
	p, ok := r.Take(64 << 10)
	if !ok || p.Count != 1 || p.Lost != 0 || p.Next != 0 {
		t.Fatalf("before the flood came %+v", p)
	}
	p.Release()
	p, ok = r.Take(64 << 10)
	if !ok || p.Lost != flood || p.Cause != fanout.CauseTooLarge || p.Next != flood+1 || p.Count != 1 {
		t.Fatalf("after the flood came %+v", p)
	}
	p.Release()
}

// Refused entries between others cost the log memory, within its bound.
func TestRefusedAmongOthersAreBounded(t *testing.T) {
	const bound = 64 << 10
	h := newHub(t, bound, bound)
	app := h.Appender()
	r := h.Reader()
	defer r.Close()
	r.Tail("s", fanout.From{})
	a := &account{}
	p, _ := r.Take(1)
	a.see(t, &p)
	causes := []fanout.Cause{fanout.CauseTooLarge, fanout.CauseMalformed}
	seq := uint64(0)
	for i := range 200_000 {
		app.AddRefused([]byte("s"), causes[i%2], 1)
		seq++
		if i%5 == 0 {
			app.Add([]byte("s"), entry(seq, 1, head), 1)
			seq++
		}
		app.Flush()
		if size := h.Size(); size > bound {
			t.Fatalf("after %d the log has %d bytes", i, size)
		}
	}
	h.Wake()
	for p, ok := r.Take(4 << 10); ok; p, ok = r.Take(4 << 10) {
		a.see(t, &p)
		p.Release()
	}
	if a.at.Next != seq || a.taken+a.lost != seq {
		t.Errorf("%d were taken and %d lost, to %d; there were %d", a.taken, a.lost, a.at.Next, seq)
	}
}

// What was refused is none of the entries that a tail asks for.
func TestLastCountsNoRefused(t *testing.T) {
	h := newHub(t, 1<<20, 1<<20)
	app := h.Appender()
	for seq := range uint64(10) {
		app.Append("s", entry(seq+100*seq, 1, 50), 1)
		app.AddRefused([]byte("s"), fanout.CauseTooLarge, 100)
		app.Flush()
	}
	for last, want := range map[uint64]uint64{0: 1010, 1: 9 * 101, 3: 7 * 101, 10: 0, 99: 0} {
		r := h.Reader()
		r.Tail("s", fanout.From{Kind: fanout.FromLast, Last: last})
		p, ok := r.Take(1)
		if !ok || p.Next != want || p.Cause != fanout.CauseStart {
			t.Errorf("the last %d begin with %+v, want %d", last, p, want)
		}
		p.Release()
		r.Close()
	}
}
