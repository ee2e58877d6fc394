package stream

import (
	"errors"
	"math"
	"time"
)

// Counts is how many records something has, by time: in columns of one width, from some time
// on. Times and widths are in Unix milliseconds, and milliseconds.
type Counts struct {
	From    int64    `json:"from"`           // when the first column begins
	Step    int64    `json:"step"`           // the width of a column
	Records []uint64 `json:"records"`        // by column
	Gaps    []uint64 `json:"gaps,omitempty"` // losses that stand there, by column; nil: there are none

	Before uint64 `json:"before,omitempty"` // records before the first column
	After  uint64 `json:"after,omitempty"`  // and behind the last one
	Coarse bool   `json:"coarse,omitempty"` // it was too much to be told apart as finely as that
}

// MaxCounts bounds the columns of Counts.
const MaxCounts = 2000

// Window is the time that is to be counted in columns.
type Window struct {
	From, To time.Time // zero: as far as there is something
	Columns  int       // so many at most, from 1 to MaxCounts
}

// Check reports whether counts that somebody sent can be used.
func (c *Counts) Check() error {
	switch {
	case len(c.Records) > MaxCounts, c.Gaps != nil && len(c.Gaps) != len(c.Records):
		return errors.New("counts of records: they have columns that do not fit")
	case len(c.Records) > 0 && (c.Step <= 0 || c.Step > math.MaxInt64/(2*MaxCounts) || c.From > math.MaxInt64/2 || c.From < math.MinInt64/2):
		return errors.New("counts of records: they have columns of no width")
	}
	total := c.Before
	for _, n := range append([]uint64{c.After}, c.Records...) {
		if total+n < total {
			return errors.New("counts of records: there are more than can be")
		}
		total += n
	}
	return nil
}

// Total is how many records there are.
func (c *Counts) Total() uint64 {
	total := c.Before + c.After
	for _, n := range c.Records {
		total += n
	}
	return total
}

// End is when the last column ends.
func (c *Counts) End() int64 { return c.From + int64(len(c.Records))*c.Step }

// Spread adds n records that lie evenly between two times, both included.
func (c *Counts) Spread(from, to int64, n uint64) {
	if n == 0 {
		return
	}
	to = max(from, to)
	width := float64(to) - float64(from) + 1
	upTo := func(at int64) uint64 { // how many are before a time
		switch {
		case at <= from:
			return 0
		case at > to:
			return n
		}
		return min(n, uint64(float64(n)*(float64(at)-float64(from))/width))
	}
	end := c.End()
	done := upTo(c.From)
	c.Before += done
	c.After += n - max(upTo(end), done)
	if len(c.Records) == 0 || to < c.From || from >= end {
		return
	}
	first := (max(from, c.From) - c.From) / c.Step
	last := (min(to, end-1) - c.From) / c.Step
	for i := first; i <= last; i++ {
		next := max(upTo(c.From+(i+1)*c.Step), done)
		c.Records[i] += next - done
		done = next
	}
}
