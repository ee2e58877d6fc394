package query_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"sluice/tui/query"
)

// shownBy are the rows of a context: a number, "(n)" of a record around, "--" of what is left out.
func shownBy(c *query.Context) (rows []string) {
	for i := range c.Count() {
		n := c.At(i)
		if c.Ord(n) != i {
			return []string{fmt.Sprintf("row %d has number %d, whose row is %d", i, n, c.Ord(n))}
		}
		switch near, left := c.Near(n); {
		case left:
			rows = append(rows, "--")
		case near:
			rows = append(rows, fmt.Sprintf("(%d)", n))
		default:
			rows = append(rows, fmt.Sprint(n))
		}
	}
	return rows
}

// around is what a context should show of records up to next, of which those before first
// were let go, and those before zero never came.
func around(pass func(uint64) bool, zero, first, next, n uint64) (rows []string) {
	near := func(m uint64) bool {
		for i := m - min(m-zero, n); i <= m+n && i < next; i++ {
			if pass(i) {
				return true
			}
		}
		return false
	}
	for m := first; m < next; m++ {
		switch {
		case pass(m):
			rows = append(rows, fmt.Sprint(m))
		case near(m), m > zero && near(m-1) && m+1 < next && near(m+1), m == zero && m+1 < next && near(m+1):
			rows = append(rows, fmt.Sprintf("(%d)", m))
		case m+1 < next && near(m+1):
			rows = append(rows, "--")
		}
	}
	return rows
}

// Whatever passes, comes and goes, in whatever pieces it is tested: the rows are those that
// pass and those around them.
func TestContext(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := newStore(t)
		rare := 1 + rng.IntN(60)
		var passing []bool
		add := func(n int) {
			for range n {
				passing = append(passing, rng.IntN(rare) == 0)
				word := "no"
				if passing[len(passing)-1] {
					word = "yes"
				}
				s.append("vm-1", fmt.Appendf(nil, `{"level":30,"msg":"%s"}`, word))
			}
		}
		add(rng.IntN(300))
		first := s.Next() - uint64(len(passing))
		n := rng.IntN(query.MaxAround + 1)
		scan := s.search("yes", first+uint64(rng.IntN(len(passing)+1)))
		c := query.NewContext(scan, n)
		for range 30 {
			add(rng.IntN(20))
			for !s.step(scan) && rng.IntN(3) > 0 {
			}
			c.Step()
			if scan.Complete() && rng.IntN(2) == 0 {
				s.evict(min(rng.IntN(30), s.Held()))
			}
		}
		for !s.step(scan) {
		}
		c.Step()
		want := around(func(m uint64) bool { return passing[m-first] }, first, s.First(), s.Next(), uint64(n))
		if got := shownBy(c); !slices.Equal(got, want) {
			t.Fatalf("seed %d, %d around, from %d: shown are\n%v, want\n%v", seed, n, s.First(), got, want)
		}
		// Made anew, it does not know what was let go.
		want = around(func(m uint64) bool { return passing[m-first] }, s.First(), s.First(), s.Next(), uint64(n))
		if again := shownBy(query.NewContext(scan, n)); !slices.Equal(again, want) {
			t.Fatalf("seed %d: made anew, shown are\n%v, want\n%v", seed, again, want)
		}
	}
}
