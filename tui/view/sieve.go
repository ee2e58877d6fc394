package view

import (
	"sort"
	"time"

	"sluice/tui/query"
	"sluice/tui/rows"
)

// sieve finds the records of a past that pass a test, in slices between two frames: there
// are few of them. Everything in [lo, hi) was tested.
type sieve struct {
	past   *rows.Past
	names  *rows.Names
	probe  query.Probe
	lo, hi uint64
	up     []uint64 // that pass, rising, found on the way up
	down   []uint64 // falling, found on the way down, below those
	row    query.Row
}

func newSieve(p *rows.Past, names *rows.Names, probe query.Probe) *sieve {
	return &sieve{past: p, names: names, probe: probe, lo: p.First(), hi: p.First()}
}

// siftStride is how many records are tested between two looks at the clock.
const siftStride = 64

// step tests until the deadline; it reports whether there is more to do.
func (s *sieve) step(deadline time.Time, now func() time.Time) (more bool) {
	s.trim()
	for i := 0; !s.complete(); i++ {
		if i%siftStride == 0 && i > 0 && !now().Before(deadline) {
			return true
		}
		if s.hi < s.past.Next() {
			if s.pass(s.hi) {
				s.up = append(s.up, s.hi)
			}
			s.hi++
			continue
		}
		s.lo--
		if s.pass(s.lo) {
			s.down = append(s.down, s.lo)
		}
	}
	return false
}

func (s *sieve) complete() bool {
	s.trim()
	return s.lo == s.past.First() && s.hi == s.past.Next()
}

func (s *sieve) pass(n uint64) bool {
	s.row.Entry, s.row.Data = s.past.Row(n)
	s.row.Names = s.names
	return s.probe.Test(&s.row)
}

// trim forgets what was let go.
func (s *sieve) trim() {
	first, next := s.past.First(), s.past.Next()
	if first > s.lo {
		s.lo = first
		s.down = s.down[:sort.Search(len(s.down), func(i int) bool { return s.down[i] < first })]
		s.up = s.up[sort.Search(len(s.up), func(i int) bool { return s.up[i] >= first }):]
	}
	if next < s.hi {
		s.hi = next
		s.up = s.up[:sort.Search(len(s.up), func(i int) bool { return s.up[i] >= next })]
		s.down = s.down[sort.Search(len(s.down), func(i int) bool { return s.down[i] < next }):]
	}
	if s.lo > s.hi { // all of it went
		s.lo, s.hi, s.up, s.down = first, first, nil, nil
	}
}

// count is how many pass, as far as they were tested, at the i-th of them, and ord how many
// are below a number.
func (s *sieve) count() int {
	s.trim()
	return len(s.down) + len(s.up)
}

func (s *sieve) at(i int) uint64 {
	if i < len(s.down) {
		return s.down[len(s.down)-1-i]
	}
	return s.up[i-len(s.down)]
}

func (s *sieve) ord(n uint64) int {
	s.trim()
	below := len(s.down) - sort.Search(len(s.down), func(i int) bool { return s.down[i] < n })
	return below + sort.Search(len(s.up), func(i int) bool { return s.up[i] >= n })
}
