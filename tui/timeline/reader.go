package timeline

import (
	"math"
	"math/bits"

	"sluice/tui/rows"
)

// reader puts rows into the columns of a chart, and tells of their block.
type reader struct {
	chart    *Chart
	block    *block
	run      Column  // rows that came one after another and are in one column
	column   *Column // it; nil: they are outside
	from, to int64   // the times of it
}

func (r *reader) take(e *rows.Entry, n uint64, matches bool) {
	b, at := r.block, e.Time
	if b.rows++; at < b.first {
		b.first = at
	}
	if at > b.last {
		b.last = at
	}
	if at < r.from || at >= r.to {
		r.flush()
		r.turn(at)
	}
	r.run.count(e, n, matches)
}

// turn goes to the column of a time.
func (r *reader) turn(at int64) {
	c := r.chart
	i, ok := c.Column(at)
	switch {
	case ok:
		r.column, r.from, r.to = &c.Columns[i], c.At(i), c.At(i+1)
	case at < c.From:
		r.column, r.from, r.to = nil, math.MinInt64, c.From
	default:
		r.column, r.from, r.to = nil, c.To(), math.MaxInt64
	}
}

// flush puts the rows where they belong.
func (r *reader) flush() {
	r.block.sum.add(&r.run)
	switch {
	case r.column != nil:
		r.column.add(&r.run)
	case r.run.first > 0:
		*r.chart.outside(r.from) += r.run.Records()
	}
	r.run = Column{}
}

// outside counts the records on the side of the axis where a time is.
func (c *Chart) outside(at int64) *uint64 {
	if at < c.From {
		return &c.Before
	}
	return &c.After
}

// whole takes a block of which all rows are in one column, or on one side of the axis. It
// reports false for any other.
func (c *Chart) whole(b *block) bool {
	if b.rows == 0 {
		return true
	}
	i, ok := c.Column(b.first)
	k, too := c.Column(b.last)
	switch {
	case ok && too && i == k:
		c.Columns[i].add(&b.sum)
	case b.last < c.From || b.first >= c.To():
		*c.outside(b.first) += b.sum.Records()
	default:
		return false
	}
	return true
}

func (c *Chart) merge(d *Chart) {
	for i := range c.Columns {
		c.Columns[i].add(&d.Columns[i])
	}
	c.Before += d.Before
	c.After += d.After
}

func wordOf(hits *[rows.BlockLen / 64]uint64, i int) uint64 {
	if hits == nil {
		return 0
	}
	return hits[i]
}

func hitsIn(hits *[rows.BlockLen / 64]uint64) (n int) {
	if hits == nil {
		return 0
	}
	for _, w := range hits {
		n += bits.OnesCount64(w)
	}
	return n
}
