package fanout_test

import (
	"testing"

	"sluice/cluster/fanout"
)

// A reader that is put at the end is told exactly what it lost by that, also
// what it had lost before.
func TestOvertake(t *testing.T) {
	h := newHub(t, 64<<10, 64<<10)
	app, r := h.Appender(), h.Reader()
	app.Append("s", entry(0, 1, 100), 1)
	r.Tail("s", fanout.From{Kind: fanout.FromPosition, Position: app.End("s")})
	start, _ := r.Take(1)
	start.Release()
	for seq := uint64(1); seq < 2000; seq++ {
		app.Append("s", entry(seq, 1, 100), 1)
	}
	h.Wake()
	p, _ := r.Take(1000)
	before := p.Lost
	r.Return(&p, false, 0, nil)
	end := r.Overtake("s")
	app.Append("s", entry(2000, 1, 100), 1)
	p, ok := r.Take(1000)
	if !ok || before == 0 || end.Next != 2000 || p.Lost != 1999 || p.Next != 2000 || p.Count != 1 || p.Cause != fanout.CauseOvertaken {
		t.Errorf("lost %d, then put at %d and given %+v, %v", before, end.Next, p, ok)
	}
	p.Release()
	h.Wake()
	if _, more := r.Take(1000); more {
		t.Error("there is more")
	}
}
