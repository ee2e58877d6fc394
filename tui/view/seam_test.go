package view_test

import (
	"math/rand/v2"
	"testing"

	"sluice/cluster/record"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/view"
)

// seams are the seams among a view's rows: row, and what they say.
func seams(v *view.View) map[int]string {
	found := make(map[int]string)
	for ord := range v.Total() {
		if _, e, _, data := v.Row(ord); e.Kind == rows.KindSeam {
			found[ord] = string(data)
		}
	}
	return found
}

func TestASeamStandsWhereRowsAreMissing(t *testing.T) {
	s := store(t)
	add(s, 100)
	v := open(t, s, query.Filter{})
	v.GoTo(20) // 20 to 29
	s.EvictTo(25)
	if got := seams(v); len(got) != 0 {
		t.Fatalf("nothing is missing, and there are seams %v", got)
	}
	s.EvictTo(50)
	if got := seams(v); len(got) != 1 || got[10] != "20 rows are no longer held" {
		t.Fatalf("seams %v", got)
	}
	want(t, v, 20, 1, 20)
	s.EvictTo(60)
	if got := seams(v); len(got) != 1 || got[10] != "30 rows are no longer held" || v.At(11) != 60 || v.Kept() != 10 {
		t.Fatalf("seams %v before %d", got, v.At(11))
	}
	// One can stand on it, and pass.
	v.MoveCursor(10)
	if _, e, _, _ := v.Row(v.CursorOrd()); e.Kind != rows.KindSeam {
		t.Fatalf("the cursor is on %+v", e)
	}
	s.EvictTo(61)
	if _, e, _, data := v.Row(v.CursorOrd()); e.Kind != rows.KindSeam || string(data) != "31 rows are no longer held" {
		t.Fatalf("the cursor is on %+v %q", e, data)
	}
	v.MoveCursor(5)
	s.EvictTo(90) // what was on the screen below the seam is kept, too
	if got := seams(v); len(got) != 2 {
		t.Fatalf("seams %v", got)
	}
	v.Resume()
	if got := seams(v); len(got) != 0 || v.Total() != 10 {
		t.Fatalf("seams %v", got)
	}
}

func TestSeamsOfAFilter(t *testing.T) {
	s := store(t)
	add(s, 1000)
	errors := query.Filter{Level: record.Error}
	v := open(t, s, errors)
	v.Oldest() // 0, 20 … 180
	s.EvictTo(400)
	finish(v)
	if got := seams(v); len(got) != 1 || got[10] != "10 rows are no longer held" {
		t.Fatalf("seams %v", got)
	}
	// What passes another filter is not known of what is gone, but that all passes none.
	v.SetFilter(query.Filter{Level: record.Fatal})
	finish(v)
	if got := seams(v); len(got) != 0 || v.Total() != 0 {
		t.Fatalf("seams %v of %d rows", got, v.Total())
	}
	v.SetFilter(query.Filter{Level: record.Warn})
	finish(v)
	if got := seams(v); got[1] != "an unknown number of rows are no longer held" || v.At(0) != 0 || v.At(2) != 20 {
		t.Fatalf("seams %v", got)
	}
	v.SetFilter(query.Filter{})
	if got := seams(v); len(got) != 10 || got[1] != "19 rows are no longer held" || got[19] != "219 rows are no longer held" {
		t.Fatalf("seams %v", got)
	}
}

// passes is how many records between two numbers pass one of the filters below.
func passes(from, to uint64, level record.Level) (n uint64) {
	for ; from < to; from++ {
		if level == 0 || level <= record.Info || from%20 == 0 {
			n++
		}
	}
	return n
}

// Whatever somebody does while records come and go: no two rows stand beside each
// other when one that passes the filter was between them, and numbers are true.
func TestNoTwoRowsStandTogetherThatDoNotBelong(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		s := store(t)
		add(s, 200)
		v := open(t, s, query.Filter{})
		for step := range 60 {
			switch r.IntN(9) {
			case 0, 1:
				add(s, r.IntN(80))
			case 2, 3:
				s.EvictTo(s.First() + r.Uint64N(uint64(s.Held())/2+2))
			case 4:
				v.Scroll(r.IntN(30) - 15)
			case 5:
				v.MoveCursor(r.IntN(30) - 15)
			case 6:
				v.SetFilter(query.Filter{Level: []record.Level{0, record.Info, record.Error}[r.IntN(3)]})
			case 7:
				if r.IntN(4) == 0 {
					v.Pause()
				} else {
					v.Hold()
				}
			case 8:
				v.Jump(s.First() + r.Uint64N(uint64(s.Held())+1))
			}
			if r.IntN(3) > 0 {
				finish(v)
			}
			if !v.Complete() {
				continue
			}
			level := v.Filter().Level
			var missing uint64
			unknown, begun := false, false
			var next uint64
			check := func(n uint64) {
				gone := passes(next, max(n, next), level)
				if begun && (gone != missing && !unknown || gone < missing) {
					t.Fatalf("seed %d, step %d: %d rows are missing before %d, and a seam says %d (unknown %t)", seed, step, gone, n, missing, unknown)
				}
				missing, unknown = 0, false
			}
			for ord := range v.Total() {
				n, e, _, _ := v.Row(ord)
				if e.Kind == rows.KindSeam {
					m, u := v.Missing(ord)
					missing, unknown = missing+m, unknown || u
					continue
				}
				check(n)
				next, begun = n+1, true
			}
			check(min(v.ShownEnd(), s.Next()))
		}
	}
}
