package timeline

import (
	"time"

	"sluice/tui/rows"
)

// Hurry has the next Step make another chart, if anything has changed.
func Hurry(t *Timeline) { t.begun, t.took = time.Time{}, 0 }

// Simple is the chart that is asked for, record by record.
func Simple(s *rows.Store, ask Ask) *Chart {
	c := &Chart{Axis: ask.Axis, Columns: make([]Column, ask.Width), Complete: true}
	for n := s.First(); n < min(ask.End, s.Next()); n++ {
		e := s.Entry(n)
		at := int(n % rows.BlockLen)
		if ask.Rows != nil && !has(ask.Rows.Hits(n/rows.BlockLen), at) {
			continue
		}
		if i, ok := c.Column(e.Time); ok {
			c.Columns[i].count(e, n, ask.Matches != nil && has(ask.Matches.Hits(n/rows.BlockLen), at))
		} else if !e.Kind.Notice() {
			*c.outside(e.Time)++
		}
	}
	return c
}

func has(hits *[rows.BlockLen / 64]uint64, i int) bool {
	return hits != nil && hits[i/64]&(1<<(i%64)) != 0
}
