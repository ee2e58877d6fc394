package timeline

import "sluice/tui/rows"

// Levels is how many levels are counted apart: the six of bunyan, and any other.
const Levels = 7

// Column is the rows of a stretch of time.
type Column struct {
	Levels  [Levels]uint32 // records: trace, debug, info, warn, error, fatal, any other
	Matches uint32         // of the search, among them
	Gaps    uint32         // times that records were lost
	Away    uint32         // times that a source was lost, away or refused
	first   uint64         // the lowest number of a row, and 1; 0: there is none
}

// Records is how many records there are.
func (c *Column) Records() (n uint64) {
	for _, k := range c.Levels {
		n += uint64(k)
	}
	return n
}

// Errors is how many of them are of level error or above, and Warnings of level warn.
func (c *Column) Errors() uint64   { return uint64(c.Levels[4]) + uint64(c.Levels[5]) }
func (c *Column) Warnings() uint64 { return uint64(c.Levels[3]) }

// First is the number of the first row; ok: there is one.
func (c *Column) First() (n uint64, ok bool) { return c.first - 1, c.first > 0 }

func (c *Column) add(d *Column) {
	for i, n := range d.Levels {
		c.Levels[i] += n
	}
	c.Matches += d.Matches
	c.Gaps += d.Gaps
	c.Away += d.Away
	if d.first > 0 && (c.first == 0 || d.first < c.first) {
		c.first = d.first
	}
}

// count takes a row.
func (c *Column) count(e *rows.Entry, n uint64, matches bool) {
	if c.first == 0 || n < c.first-1 {
		c.first = n + 1
	}
	switch {
	case e.Kind.Lost():
		c.Gaps++
	case e.Kind.Notice():
		if e.Level >= 40 {
			c.Away++
		}
	default:
		c.Levels[levelIndex(e.Level)]++
		if matches {
			c.Matches++
		}
	}
}

// levelIndex is where a level is counted. A record without one counts as info.
func levelIndex(level int16) int {
	if uint16(level) < uint16(len(indices)) {
		return int(indices[level])
	}
	return Levels - 1
}

var indices = func() (of [64]uint8) {
	for i := range of {
		of[i] = Levels - 1
	}
	for i := range uint8(Levels - 1) {
		of[10*(i+1)] = i
	}
	of[0] = 2
	return of
}()

// Chart is the rows along an axis. It never changes.
type Chart struct {
	Axis
	Columns  []Column
	Before   uint64 // records before the axis
	After    uint64 // and behind it
	Complete bool   // it is known of all records whether they are rows, and match

	Archived *Archived // nil: it is not known what an archive has besides
}

// InArchive is how many records of a column an archive has besides.
func (c *Chart) InArchive(column int) uint64 {
	if c.Archived == nil || column >= len(c.Archived.Records) {
		return 0
	}
	return c.Archived.Records[column]
}

// LostThere reports whether something was lost among those.
func (c *Chart) LostThere(column int) bool {
	return c.Archived != nil && column < len(c.Archived.Gaps) && c.Archived.Gaps[column] > 0
}

// MostOfAll is the most records of a column, with those of the archive.
func (c *Chart) MostOfAll() (most uint64) {
	for i := range c.Columns {
		most = max(most, c.Columns[i].Records()+c.InArchive(i))
	}
	return most
}

// Most is the most records of a column.
func (c *Chart) Most() (most uint64) {
	for i := range c.Columns {
		most = max(most, c.Columns[i].Records())
	}
	return most
}

// Nearest is a column, or the nearest one on either side, that has rows, or records of which the
// archive alone knows; ok: there is one.
func (c *Chart) Nearest(column int) (nearest int, ok bool) {
	for away := range len(c.Columns) {
		for _, i := range []int{column + away, column - away} {
			if i < 0 || i >= len(c.Columns) {
				continue
			}
			if _, has := c.Columns[i].First(); has || c.InArchive(i) > 0 {
				return i, true
			}
		}
	}
	return 0, false
}
