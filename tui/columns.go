package tui

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"sluice/cluster/jsonscan"
	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/column"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

const (
	maxFieldWidth = 24      // of a field whose column has no width of its own
	minTextWidth  = 24      // what columns that are not pinned leave for the text
	maxFieldValue = 1 << 10 // of a value in a column, in bytes
)

// chosenColumns are the columns of a pane whose user has chosen them. Those that are
// shown are found for each frame; what they are is replaced only when it changes.
type chosenColumns struct {
	list  column.List
	wide  []int // of each column of the list that is a field: the widest seen; it never shrinks
	shown *shownColumns
}

// shownColumns are the columns that there is room for. They are never changed.
type shownColumns struct{ list []shownColumn }

type shownColumn struct {
	name  string
	width int
	field int // which of the fields in a row; -1: a row's own
}

// fields are the fields that are columns.
func (c *chosenColumns) fields() (fields []string) {
	for _, one := range c.list {
		if !one.Own() {
			fields = append(fields, one.Name)
		}
	}
	return fields
}

// setColumns gives a pane other columns; nil are those that it has by itself.
func (p *pane) setColumns(list column.List) {
	p.cache, p.tall = p.cache[:0], nil // their fields are others
	if list == nil {
		p.columns = nil
		return
	}
	fresh := &chosenColumns{list: list}
	fresh.wide = make([]int, len(fresh.fields()))
	for i, name := range fresh.fields() {
		if p.columns != nil {
			if j := slices.Index(p.columns.fields(), name); j >= 0 {
				fresh.wide[i] = p.columns.wide[j]
			}
		}
		fresh.wide[i] = max(fresh.wide[i], min(len(name), maxFieldWidth/2), 3)
	}
	p.columns = fresh
}

// readFields reads the fields that are columns out of a record, and takes them out of
// the row's text.
func (p *pane) readFields(e *rows.Entry, data []byte, t *rowtext.Text) {
	if p.columns == nil || e.Kind.Notice() {
		return
	}
	for _, name := range p.columns.fields() {
		text := ""
		if value, ok := record.Lookup(data, name); ok && len(data) <= rowtext.DisplayLimit {
			text = fieldText(value)
			t.Without(name, text)
		}
		t.Cells = append(t.Cells, text)
	}
}

// fieldText is a JSON value in a column, sanitised.
func fieldText(value []byte) string {
	if jsonscan.IsString(value) {
		return cell.Steady(cell.Shorten(jsonscan.Decode(value[1:len(value)-1]), maxFieldValue))
	}
	return cell.Steady(cell.Shorten(string(value[:min(len(value), maxFieldValue+1)]), maxFieldValue))
}

// widenFields makes the columns of fields wide enough for a row.
func (p *pane) widenFields(t *rowtext.Text, sc scene) {
	if p.columns == nil {
		return
	}
	for i, text := range t.Cells {
		p.columns.wide[i] = max(p.columns.wide[i], min(cell.Width(text, sc.method), maxFieldWidth))
	}
}

// showColumns are the columns that there is room for in rows of a style: all that are
// pinned, and of the others those that come first, as long as there is room for the
// text, too, and it is not moved.
func (p *pane) showColumns(s *rowStyle) *shownColumns {
	c := p.columns
	if c == nil {
		return nil
	}
	var list []shownColumn
	field, used := -1, 1
	for _, one := range c.list {
		col := shownColumn{name: one.Name, width: one.Width, field: -1}
		if one.Own() {
			col.width = s.ownWidth(p, one)
		} else {
			field++
			col.field = field
			if one.Width == 0 {
				col.width = c.wide[field]
			}
		}
		room := s.width - used
		if !one.Pinned {
			room -= minTextWidth
		}
		if one.Hidden || col.width == 0 || !one.Pinned && s.shift > 0 || col.width+1 > room {
			continue
		}
		used += col.width + 1
		list = append(list, col)
	}
	if c.shown == nil || !slices.Equal(c.shown.list, list) {
		c.shown = &shownColumns{list}
	}
	return c.shown
}

// ownWidth is the width of one of a row's own columns: what was chosen, or what it has
// by itself, where a pinned one goes before its room.
func (s *rowStyle) ownWidth(p *pane, c column.Column) int {
	width, seen := 0, 0
	switch c.Name {
	case column.Time:
		return s.time // it is cut nowhere
	case column.Level:
		return s.level
	case column.Stream:
		width, seen = s.stream, p.stream
	case column.Source:
		width, seen = s.source, p.source
	case column.Name:
		width, seen = s.label, p.short
	}
	switch {
	case seen == 0:
		return 0 // there is nothing in it
	case c.Width > 0:
		return c.Width
	case width == 0 && p.columns.kept(c):
		return min(seen, 8)
	}
	return width
}

// kept reports whether a column stays where there is little room since somebody wants
// that: those that a row has by itself are all pinned until one is changed.
func (c *chosenColumns) kept(one column.Column) bool { return one.Pinned && one.Width > 0 }

// chosenHead draws what stands before a row's text where its columns were chosen.
func (s *rowStyle) chosenHead(l *cell.Line, e *rows.Entry, stream, source string, t *rowtext.Text) {
	for _, c := range s.shown.list {
		switch {
		case c.field >= 0 && c.field < len(t.Cells):
			text := t.Cells[c.field]
			if w := cell.Width(text, s.method); w < c.width && isNumber(text) {
				l.Space(c.width - w)
				l.Fixed(s.dimmed(s.theme.text), text, w).Space(1)
				continue
			}
			l.Fixed(s.dimmed(s.theme.text), text, c.width).Space(1)
		case c.field >= 0:
			l.Space(c.width + 1)
		case c.name == column.Time:
			s.clock(l, e)
		case c.name == column.Level:
			l.Fixed(s.dimmed(s.theme.level(t.Level)), levelLetters(t.Level, s.level), c.width).Space(1)
		case c.name == column.Stream:
			l.Fixed(s.dimmed(s.theme.name(stream)), stream, c.width).Space(1)
		case c.name == column.Source:
			l.Fixed(s.dimmed(s.theme.name(source)), source, c.width).Space(1)
		case c.name == column.Name:
			label := t.Label
			if s.compact || cell.Width(label, s.method) > c.width {
				label = t.Short
			}
			l.Fixed(s.theme.dim, label, c.width).Space(1)
		}
	}
}

// isNumber reports whether a value reads best from the right.
func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// streams are the names or patterns that a pane was opened with.
func (p *pane) streams() []string {
	if p.selection != nil {
		return p.selection.texts
	}
	return p.store().Streams()
}

// columnsOf are the columns that the settings have for a pane: those of the pattern
// that all of its streams match; of several the longest. nil is as by itself.
func (s *Settings) columnsOf(streams []string) column.List {
	best := ""
	for text := range s.Columns {
		pattern, err := names.ParsePattern(text)
		if err != nil || len(text) < len(best) || len(text) == len(best) && text > best {
			continue
		}
		if !slices.ContainsFunc(streams, func(name string) bool { return name != text && !pattern.Match(name) }) {
			best = text
		}
	}
	if best == "" {
		return nil
	}
	list, err := column.Parse(s.Columns[best])
	if err != nil {
		return nil // the settings have told it
	}
	return list
}

// checkColumnsPattern says what is wrong with the streams that columns are for.
func checkColumnsPattern(text string) error {
	_, err := names.ParsePattern(text)
	return err
}

// wrongColumns takes the columns that cannot be read out of the settings, and says what
// is wrong with them.
func (s *Settings) wrongColumns(data []byte) (mistakes []error) {
	for _, text := range slices.Sorted(maps.Keys(s.Columns)) {
		err := checkColumnsPattern(text)
		if err == nil {
			_, err = column.Parse(s.Columns[text])
		}
		if err != nil {
			mistakes = append(mistakes, &tomlError{line: lineOf(data, text), text: fmt.Sprintf("key %q: %v", "columns."+text, err)})
			delete(s.Columns, text)
		}
	}
	return mistakes
}
