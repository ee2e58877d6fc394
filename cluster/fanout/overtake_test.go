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
	r.Overtake(&p)
	if before == 0 || p.Lost != 1999 || p.Next != 2000 || p.Count != 0 || len(p.Bytes) != 0 || p.Cause != fanout.CauseOvertaken {
		t.Errorf("lost %d, then given %+v", before, p)
	}
	r.Return(&p, false, 0, nil) // it can be taken again
	app.Append("s", entry(2000, 1, 100), 1)
	p, ok := r.Take(1000)
	if !ok || p.Lost != 1999 || p.Next != 2000 || p.Count != 1 || p.Cause != fanout.CauseOvertaken {
		t.Errorf("then given %+v, %v", p, ok)
	}
	p.Release()
	h.Wake()
	if _, more := r.Take(1000); more {
		t.Error("there is more")
	}
}

// A tail that is put at the end while it has more and others have their turn gives what
// it has lost, and nothing of theirs; and it goes on.
func TestOvertakeBesideOtherTails(t *testing.T) {
	h := newHub(t, 64<<10, 64<<10)
	app, r := h.Appender(), h.Reader()
	for _, name := range []string{"a", "b"} {
		for seq := range uint64(20) {
			app.Append(name, entry(seq, 1, 100), 1)
		}
		r.Tail(name, fanout.From{Kind: fanout.FromLast, Last: 20})
	}
	p, _ := r.Take(1000)
	if p.Name != "a" || p.Count == 20 {
		t.Fatalf("took %+v", p)
	}
	r.Overtake(&p)
	if p.Name != "a" || p.Lost != 20 || p.Next != 20 || len(p.Bytes) != 0 || !p.Live {
		t.Errorf("put at the end it was given %+v", p)
	}
	p.Release()
	others := uint64(0)
	for p, ok := r.Take(1000); ok; p, ok = r.Take(1000) {
		if p.Name != "b" || p.Next != others || p.Lost != 0 {
			t.Errorf("of the other it was given %+v, where %d was expected", p, others)
		}
		others += p.Count
		p.Release()
	}
	app.Append("a", entry(20, 1, 100), 1)
	h.Wake()
	if p, ok := r.Take(1000); !ok || p.Name != "a" || p.Next != 20 || p.Count != 1 || p.Lost != 0 || others != 20 {
		t.Errorf("after %d of the other it was given %+v, %v", others, p, ok)
	}
}
