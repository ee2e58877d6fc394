package query

import (
	"math/bits"

	"sluice/tui/rows"
)

// MaxAround is how many records around one that passes are shown at most.
const MaxAround = 10

// Context is the records that a scan finds and those around them, as many before as behind.
// Between two groups stands the number of a record that is left out, for all of these. It
// belongs to the goroutine of the scan's store.
type Context struct {
	scan   *Scan
	around uint64
	shown  numbers
	lo, hi uint64 // what was found in between was taken
	next   uint64 // of the store then

	first uint64 // of the store when it was last trimmed
	leads bool   // the record before that is no row, so that the first row stands for others if it does not pass
}

// NewContext is what a scan finds with so many records on either side, MaxAround at most.
func NewContext(s *Scan, around int) *Context {
	lo, hi := s.Tested()
	c := &Context{scan: s, around: uint64(min(max(around, 0), MaxAround)), lo: hi, hi: hi, next: hi}
	c.first = s.store.First()
	c.take(lo, hi)
	c.lo = lo
	return c
}

// Step takes what the scan has found since the last one.
func (c *Context) Step() {
	lo, hi := c.scan.Tested()
	c.trim()
	if lo >= c.lo && hi <= c.hi && c.next == c.scan.store.Next() {
		return
	}
	if lo < c.lo {
		c.take(lo, min(c.lo, hi))
	}
	// Behind the last ones that were found something may have come.
	from := min(c.hi, c.next)
	c.take(max(from-min(from, c.around), lo), hi)
	c.lo, c.hi, c.next = min(c.lo, lo), max(c.hi, hi), c.scan.store.Next()
}

// take adds what was found from one number up to another.
func (c *Context) take(from, to uint64) {
	first, next := c.scan.store.First(), c.scan.store.Next()
	c.scan.Each(from, func(n uint64) bool {
		if n >= to {
			return false
		}
		c.shown.addRange(max(n-min(n, c.around+1), first), min(n+c.around+1, next))
		return true
	})
}

func (c *Context) trim() {
	if first := c.scan.store.First(); first != c.first {
		c.first, c.leads = first, !c.shown.has(first-1)
		c.shown.trim(first)
	}
}

// Count is how many rows there are, At the number of the i-th one, and Ord the place of the
// first one whose number is not below n.
func (c *Context) Count() int {
	c.trim()
	return c.shown.total
}
func (c *Context) At(i int) uint64 { return c.shown.at(i) }
func (c *Context) Ord(n uint64) int {
	c.trim()
	return c.shown.ord(n)
}

// Near reports whether a row is of a record that does not pass, and is shown since it is
// near one that does, which the store may have let go meanwhile. left: it stands for records
// that are left out before a group; a record that is alone between two groups is shown.
func (c *Context) Near(n uint64) (near, left bool) {
	if c.scan.Has(n) {
		return false, false
	}
	c.trim()
	left = n > c.first && !c.shown.has(n-1) || n == c.first && c.leads
	return !left, left
}

// addRange adds the numbers from one up to another.
func (f *numbers) addRange(from, to uint64) {
	for from < to {
		block := from / rows.BlockLen
		end := min(to, (block+1)*rows.BlockLen)
		p := f.sheet(block)
		if p.hits == nil {
			p.hits = new(blockHits)
		}
		for at := from; at < end; {
			i := at % rows.BlockLen
			n := min(64-i%64, end-at)
			mask := (^uint64(0) >> (64 - n)) << (i % 64)
			if fresh := mask &^ p.hits[i/64]; fresh != 0 {
				p.hits[i/64] |= fresh
				added := bits.OnesCount64(fresh)
				p.n += added
				f.total += added
				f.sums = nil
			}
			at += n
		}
		from = end
	}
}
