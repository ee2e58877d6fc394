package tui

import "time"

// scan finds the numbers of the records in a store that pass a test. It begins
// where somebody is looking, goes forward to the newest record, then back to
// the oldest: little at once, much in the background. What arrives later is
// tested as it comes. Everything in [lo, hi) has been tested.
type scan struct {
	store  *store
	probe  probe
	lo, hi uint64
	found  found
	row    row
	survey *survey // nil: nothing is tested in the background
}

// scanStride is how many records are tested between two looks at the clock.
const scanStride = 64

// atOnce is how many records are few enough to be tested in slices, between
// two frames.
const atOnce = 4 * blockLen

func newScan(s *store, from uint64, p probe) *scan {
	from = min(max(from, s.first), s.next)
	return &scan{store: s, probe: p, lo: from, hi: from}
}

// step tests until the deadline, or sees what was tested in the background; it
// reports whether it should be called again soon. Who tests in the background
// wakes the model by itself.
func (s *scan) step(deadline time.Time, now func() time.Time) bool {
	s.trim()
	if s.survey != nil {
		s.collect()
	}
	if s.survey == nil && s.left() > atOnce {
		s.survey = s.store.survey(s.probe, s.lo, s.hi)
	}
	if s.survey != nil && s.survey.collected < len(s.survey.chunks) && s.survey.chunks[s.survey.collected].forward {
		return false
	}
	for i := 0; s.hi < s.store.next; i++ {
		if i%scanStride == 0 && i > 0 && !now().Before(deadline) {
			return true
		}
		if s.pass(s.hi) {
			s.found.add(s.hi)
		}
		s.hi++
	}
	if s.survey != nil {
		return false
	}
	for i := 0; s.lo > s.store.first; i++ {
		if i%scanStride == 0 && i > 0 && !now().Before(deadline) {
			return true
		}
		s.lo--
		if s.pass(s.lo) {
			s.found.add(s.lo)
		}
	}
	return false
}

// left is how many records have not been tested.
func (s *scan) left() uint64 { return s.store.next - s.hi + s.lo - min(s.store.first, s.lo) }

func (s *scan) pass(n uint64) bool {
	e := s.store.entry(n)
	s.row.e, s.row.data, s.row.names = e, s.store.data(e), &s.store.names
	return s.probe.test(&s.row)
}

// collect takes what the survey has found, in the order of its chunks.
func (s *scan) collect() {
	sv := s.survey
	sv.used = true
	if fault := sv.fault.Load(); fault != nil {
		panic(fault) // where it restores the terminal
	}
	stopped := sv.stopped.Load() && sv.over()
	for ; sv.collected < len(sv.chunks); sv.collected++ {
		c := &sv.chunks[sv.collected]
		switch c.state.Load() {
		case chunkDone:
			if c.marks != nil {
				s.found.addMarks(c.number, c.marks)
				c.marks = nil
				sv.had.Store(true)
			}
		case chunkGone:
		default:
			if stopped {
				s.survey = nil
			}
			return
		}
		if c.forward {
			s.hi = max(s.hi, c.number*blockLen+uint64(c.to))
		} else {
			s.lo = min(s.lo, c.number*blockLen+uint64(c.from))
		}
		s.trim()
	}
	s.survey = nil
}

// complete reports whether everything was tested.
func (s *scan) complete() bool { return s.hi == s.store.next && s.lo <= s.store.first }

// trim forgets what the store has let go. Whoever reads the numbers does it
// first.
func (s *scan) trim() {
	n := s.store.first
	s.found.trim(n)
	if n > s.lo {
		s.lo, s.hi = n, max(s.hi, n)
	}
}

func (s *scan) count() int {
	s.trim()
	return s.found.total
}

// at returns the i-th number that passes, oldest first; i is below count.
func (s *scan) at(i int) uint64 { return s.found.at(i) }

// ord returns the place of the first number that passes and is not below n.
func (s *scan) ord(n uint64) int {
	s.trim()
	return s.found.ord(n)
}
