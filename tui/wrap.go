package tui

import (
	"strings"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// minWrapWidth is the least room for the text of a row that is wrapped.
const minWrapWidth = 12

// setWrap says whether rows that are too long go on below, and those of several
// lines stand in several lines.
func (p *pane) setWrap(on bool) {
	p.wrap = on
	p.shift = 0
	p.cache, p.tall = nil, nil // they were rendered with the last style that rows had this way
}

// tallRow is a wrapped row of the last frame.
type tallRow struct {
	number  uint64
	ord     int
	stream  string
	source  string
	text    rowtext.Text
	step    string
	near    bool
	lines   []string
	begins  bool // it is the first of its day: its first line says which
	passing bool // its lines are those of the cursor or of a mark
}

// wrapped draws the rows that are on the screen, each in as many lines as it
// takes. The view's height is how many rows there were room for.
func (p *pane) wrapped(width, height int, sc scene) []string {
	v := p.view
	total := v.Total()
	v.SetHeight(min(v.Height(), height))
	if total == 0 {
		p.tall = nil
		return nil
	}
	hidden, unshared := p.hidden(), false
	key := p.rowStyle(width, sc)
	old := make(map[uint64]*tallRow, len(p.tall))
	if key == p.key {
		for i := range p.tall {
			old[p.tall[i].number] = &p.tall[i]
		}
	}
	p.key = key
	cursor := -1
	if !v.Following() && (sc.focused || sc.locked) {
		cursor = v.CursorOrd()
	}
	draw := func(ord int) tallRow {
		number, e, source, data := v.Row(ord)
		row := tallRow{number: number}
		if known := old[number]; known != nil && !e.Kind.Between() { // what a seam says changes
			row = *known
		} else {
			var all bool
			row.text, all = rowtext.Without(hidden, e, data, rowtext.OnScreen)
			if !all {
				p.unshare(e, data)
				unshared = true
			}
			row.stream, row.source = "", record.Safe(source)
			if v.Store().Merged() {
				row.stream = shortStream(v.Store().StreamOf(e))
			}
			p.readFields(e, data, &row.text)
			p.widen(e, row.stream, row.source, &row.text, sc)
		}
		row.ord = ord
		if step, near := p.stepAt(ord, e), v.Near(ord); step != row.step || near != row.near {
			row.step, row.near, row.lines = step, near, nil
		}
		style := key
		style.step, style.near = row.step, row.near
		style.cursor, style.marked = ord == cursor, p.marked(number)
		begins := v.BeginsDay(ord, p.days.calendar)
		if row.lines == nil || row.passing || begins != row.begins || style.cursor || style.marked {
			row.begins = begins
			var lines []string
			if begins && height > 1 {
				lines = append(lines, key.divider(e))
			}
			lines = append(lines, style.wrap(e, row.stream, row.source, &row.text, height-len(lines))...)
			if style.cursor || style.marked {
				row.lines, row.passing = lines, true
				return row
			}
			row.lines, row.passing = lines, false
		}
		return row
	}
	var rows []tallRow
	if v.Following() {
		rows = upFrom(total-1, height, draw)
	} else {
		lines := 0
		top := v.TopOrd()
		for ord := top; ord < total && lines < height; ord++ {
			row := draw(ord)
			if at := v.CursorOrd(); lines+len(row.lines) > height && ord <= at && ord > top {
				// The row under the cursor is to be seen whole.
				rows = upFrom(at, height, draw)
				break
			}
			rows = append(rows, row)
			lines += len(row.lines)
		}
	}
	p.tall = rows
	if unshared || p.rowStyle(width, sc) != key {
		return p.wrapped(width, height, sc) // a column became wider; none ever becomes narrower
	}
	var out []string
	for i := range rows {
		out = append(out, rows[i].lines...)
	}
	if !v.Following() {
		v.Anchor(rows[0].number)
		out = out[:min(len(out), height)]
	}
	v.SetHeight(len(rows))
	// What is cut is above, as on a screen that scrolls.
	return out[max(len(out)-height, 0):]
}

// upFrom draws rows from one upwards, until they fill the height.
func upFrom(ord, height int, draw func(ord int) tallRow) []tallRow {
	var rows []tallRow
	for lines := 0; ord >= 0 && lines < height; ord-- {
		row := draw(ord)
		if lines += len(row.lines); lines > height && len(rows) > 0 {
			break
		}
		rows = append(rows, row)
	}
	for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
		rows[i], rows[j] = rows[j], rows[i]
	}
	return rows
}

// wrap draws one row in at most most lines.
func (s *rowStyle) wrap(e *rows.Entry, stream, source string, t *rowtext.Text, most int) []string {
	l := s.head(e, stream, source, t)
	if t.Gap || l.Left() < minWrapWidth {
		return []string{s.render(e, stream, source, t)}
	}
	indent := s.width - l.Left()
	var lines []string
	full := false
	turn := func() {
		if full = len(lines)+1 >= most; full {
			l.Ellipsis()
		}
		lines = append(lines, l.String())
		if full {
			return
		}
		l = s.line()
		if s.cursor {
			l.Add(s.theme.paneActive, "▌").Space(indent - 1)
		} else {
			l.Space(indent)
		}
	}
	for piece := range s.pieces(t, 0) {
		if piece.kind == rowtext.Mark && strings.Contains(piece.text, rowtext.LineBreak) {
			turn()
			if full {
				return lines
			}
			continue
		}
		for text := piece.text; text != ""; {
			part, used, _ := cell.Take(text, l.Left(), s.method)
			l.Add(piece.style, part)
			text = text[used:]
			if text == "" {
				break
			}
			if used == 0 && l.Left() == s.width-indent {
				return append(lines, l.String()) // wider than the column: passed over
			}
			turn()
			if full {
				return lines
			}
		}
	}
	return append(lines, l.String())
}
