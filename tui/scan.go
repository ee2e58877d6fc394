package tui

import (
	"sort"
	"time"
)

// scan finds the numbers of the records in a store that pass a test, a slice
// of time at once. It begins where somebody is looking, goes forward to the
// newest record, then back to the oldest; what arrives later is tested as it
// comes. Everything in [lo, hi) has been tested.
type scan struct {
	store  *store
	test   func(*row) bool
	lo, hi uint64
	older  []uint64 // that pass, below the start, newest first
	newer  []uint64 // that pass, from the start on, oldest first
}

// scanStride is how many records are tested between two looks at the clock.
const scanStride = 64

func newScan(s *store, from uint64, test func(*row) bool) *scan {
	from = min(max(from, s.first), s.next)
	return &scan{store: s, test: test, lo: from, hi: from}
}

// step tests until the deadline and reports whether there is more to test.
func (s *scan) step(deadline time.Time, now func() time.Time) bool {
	s.trim()
	for i := 0; s.hi < s.store.next; i++ {
		if i%scanStride == 0 && i > 0 && !now().Before(deadline) {
			return true
		}
		if s.pass(s.hi) {
			s.newer = append(s.newer, s.hi)
		}
		s.hi++
	}
	for i := 0; s.lo > s.store.first; i++ {
		if i%scanStride == 0 && i > 0 && !now().Before(deadline) {
			return true
		}
		s.lo--
		if s.pass(s.lo) {
			s.older = append(s.older, s.lo)
		}
	}
	return false
}

func (s *scan) pass(n uint64) bool {
	return s.test(s.store.row(n))
}

// complete reports whether everything was tested.
func (s *scan) complete() bool { return s.hi == s.store.next && s.lo <= s.store.first }

// trim forgets what the store has let go. Whoever reads the numbers does it
// first.
func (s *scan) trim() {
	n := s.store.first
	if n <= s.lo {
		return
	}
	keep := sort.Search(len(s.older), func(i int) bool { return s.older[i] < n })
	s.older = s.older[:keep]
	drop := sort.Search(len(s.newer), func(i int) bool { return s.newer[i] >= n })
	s.newer = s.newer[drop:]
	s.lo, s.hi = n, max(s.hi, n)
}

func (s *scan) count() int {
	s.trim()
	return len(s.older) + len(s.newer)
}

// at returns the i-th number that passes, oldest first; i is below count.
func (s *scan) at(i int) uint64 {
	if i < len(s.older) {
		return s.older[len(s.older)-1-i]
	}
	return s.newer[i-len(s.older)]
}

// ord returns the place of the first number that passes and is not below n.
func (s *scan) ord(n uint64) int {
	return sort.Search(s.count(), func(i int) bool { return s.at(i) >= n })
}
