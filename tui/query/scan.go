package query

import (
	"time"

	"sluice/tui/rows"
)

// Scan finds the numbers of the records in a store that pass a test. It begins
// where somebody is looking, goes forward to the newest record, then back to
// the oldest: little at once, much in the background. What arrives later is
// tested as it comes. Everything in [lo, hi) has been tested.
type Scan struct {
	store  *rows.Store
	probe  Probe
	lo, hi uint64
	found  numbers
	row    *Row
	behind *background // nil: nothing is tested in the background
}

// scanStride is how many records are tested between two looks at the clock.
const scanStride = 64

// atOnce is how many records are few enough to be tested in slices, between
// two frames.
const atOnce = 4 * rows.BlockLen

// NewScan begins to look for what passes a probe, at a record. It does nothing before
// its first Step.
func NewScan(s *rows.Store, from uint64, p Probe) *Scan {
	from = min(max(from, s.First()), s.Next())
	return &Scan{store: s, probe: p, lo: from, hi: from, row: newRow(s.Names())}
}

// Step tests until the deadline, or sees what was tested in the background; it
// reports whether it should be called again soon. What is tested in the
// background wakes the owner of the store by itself.
func (s *Scan) Step(deadline time.Time, now func() time.Time) bool {
	s.trim()
	if s.behind != nil {
		s.collect()
	}
	if s.behind == nil && s.left() > atOnce {
		s.behind = startBackground(s.store, s.probe, s.lo, s.hi)
	}
	if s.behind != nil && s.behind.goesForward() {
		return false
	}
	for i := 0; s.hi < s.store.Next(); i++ {
		if i%scanStride == 0 && i > 0 && !now().Before(deadline) {
			return true
		}
		if s.pass(s.hi) {
			s.found.add(s.hi)
		}
		s.hi++
	}
	if s.behind != nil {
		return false
	}
	for i := 0; s.lo > s.store.First(); i++ {
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
func (s *Scan) left() uint64 { return s.store.Next() - s.hi + s.lo - min(s.store.First(), s.lo) }

func (s *Scan) pass(n uint64) bool {
	e := s.store.Entry(n)
	s.row.set(e, s.store.Data(e))
	s.row.Names = s.store.Names()
	return s.probe.Test(s.row)
}

// collect takes what was found in the background, in the order of the parts.
func (s *Scan) collect() {
	b := s.behind
	b.lease.Renew()
	if fault := b.fault.Load(); fault != nil {
		panic(fault) // where it restores the terminal
	}
	over := b.lease.Ended() && b.lease.Over()
	for ; b.collected < len(b.parts); b.collected++ {
		result, p := &b.parts[b.collected], b.lease.Part(b.collected)
		from, to := p.Bounds()
		switch {
		case result.done.Load():
			if result.hits != nil {
				s.found.addBlock(from/rows.BlockLen, result.hits)
				result.hits = nil
				b.had.Store(true)
			}
		case !p.Gone():
			if over {
				s.behind = nil
			}
			return
		}
		if p.Forward() {
			s.hi = max(s.hi, to)
		} else {
			s.lo = min(s.lo, from)
		}
		s.trim()
	}
	s.behind = nil
}

// Complete reports whether everything was tested.
func (s *Scan) Complete() bool { return s.hi == s.store.Next() && s.lo <= s.store.First() }

// trim forgets what the store has let go. Whoever reads the numbers does it
// first.
func (s *Scan) trim() {
	n := s.store.First()
	s.found.trim(n)
	if n > s.lo {
		s.lo, s.hi = n, max(s.hi, n)
	}
}

// Each goes through the numbers that pass, from n on, until yield returns false.
func (s *Scan) Each(n uint64, yield func(uint64) bool) {
	s.trim()
	s.found.each(n, yield)
}

// Has reports whether a record of the store is known to pass.
func (s *Scan) Has(n uint64) bool { return s.found.has(n) }

// Tested bounds the records that were tested: from lo up to hi.
func (s *Scan) Tested() (lo, hi uint64) { return s.lo, s.hi }

// Count is how many records pass, as far as they were tested.
func (s *Scan) Count() int {
	s.trim()
	return s.found.total
}

// At returns the i-th number that passes, oldest first; i is below count.
func (s *Scan) At(i int) uint64 { return s.found.at(i) }

// Ord returns the place of the first number that passes and is not below n.
func (s *Scan) Ord(n uint64) int {
	s.trim()
	return s.found.ord(n)
}

// Hits has a bit for each record of a block that is known to pass; nil: none does. It
// is a copy.
func (s *Scan) Hits(block uint64) *[rows.BlockLen / 64]uint64 {
	hits := s.found.block(block)
	if hits == nil {
		return nil
	}
	copied := [rows.BlockLen / 64]uint64(*hits)
	return &copied
}
