package timeline

import "sluice/tui/rows"

// LoadedRows are rows that were loaded from before a store, by their order.
type LoadedRows interface {
	Rows() int
	At(i int) uint64 // the number of one
	Matches() int    // those of them that a search has found
	MatchAt(i int) uint64
	Row(n uint64) *rows.Entry
	Bounds() (first, next uint64) // of their numbers
}

// Loaded counts such rows in slices, so that no key waits for it.
type Loaded struct {
	key    loadedKey
	at     int
	making *Chart
	done   *Chart
}

type loadedKey struct {
	axis          Axis
	first, next   uint64
	rows, matches int
}

// slice is how many rows are counted in one Step.
const slice = 20_000

// Step counts some rows; it reports whether there is more to do.
func (l *Loaded) Step(axis Axis, of LoadedRows) (more bool) {
	key := loadedKey{axis: axis, rows: of.Rows(), matches: of.Matches()}
	key.first, key.next = of.Bounds()
	if l.making == nil || key != l.key {
		l.key, l.at = key, 0
		l.making = &Chart{Axis: axis, Columns: make([]Column, axis.Width)}
	}
	c := l.making
	for end := l.at + slice; l.at < min(end, key.rows+key.matches); l.at++ {
		if l.at < key.rows {
			n := of.At(l.at)
			e := of.Row(n)
			if i, ok := c.Column(e.Time); ok {
				c.Columns[i].count(e, n, false)
			} else if !e.Kind.Notice() {
				*c.outside(e.Time)++
			}
		} else if i, ok := c.Column(of.Row(of.MatchAt(l.at - key.rows)).Time); ok {
			c.Columns[i].Matches++
		}
	}
	if l.at < key.rows+key.matches {
		return true
	}
	l.done = c
	return false
}

// Chart is what was counted last; nil: nothing was.
func (l *Loaded) Chart() *Chart { return l.done }

// With is the chart with what was loaded, if that is of the same axis, and what an archive has
// besides; either may be nil.
func (c *Chart) With(loaded *Chart, archived *Archived) *Chart {
	sum := *c
	if loaded != nil && loaded.Axis == c.Axis {
		sum.Columns = append([]Column(nil), c.Columns...)
		sum.merge(loaded)
	}
	sum.Archived = archived
	return &sum
}
