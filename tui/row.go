package tui

import (
	"iter"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// columns is the layout of a pane's rows, the same for all of them.
type columns struct {
	width   int
	time    int // 12 with milliseconds, or 8; and the date
	date    int // of the time: 0, or that of another day; see days.date
	level   int // letters
	stream  int // 0: not shown
	source  int // 0: not shown
	label   int // 0: not shown
	since   int // the time since the row above; 0: not shown
	compact bool
	shift   int // columns of the body that are scrolled out to the left
}

// layoutColumns shares a row's width out. source and label are the longest
// seen in the pane so far; they never shrink, so that rows do not jump.
func layoutColumns(width, stream, source, label, shift int) columns {
	c := columns{width: width, time: 12, level: 5, stream: min(stream, 18), shift: shift}
	switch {
	case width < 50:
		c.time, c.level, c.compact = 8, 3, true
		c.stream = min(stream, 8)
	case width < 64:
		c.level, c.compact = 3, true
		c.label = min(label, 9)
		c.stream = min(stream, 10)
	case width < 100:
		c.level, c.compact = 3, true
		c.source = min(source, 8)
		c.label = min(label, 12)
		c.stream = min(stream, 12)
	default:
		c.source = min(source, 16)
		c.label = min(label, 22)
	}
	return c
}

var (
	longLevels  = map[record.Level]string{record.Unknown: "?", 0: "-", record.Trace: "TRACE", record.Debug: "DEBUG", record.Info: "INFO", record.Warn: "WARN", record.Error: "ERROR", record.Fatal: "FATAL"}
	shortLevels = map[record.Level]string{record.Unknown: "?", 0: "-", record.Trace: "TRC", record.Debug: "DBG", record.Info: "INF", record.Warn: "WRN", record.Error: "ERR", record.Fatal: "FTL"}
)

func levelLetters(l record.Level, n int) string {
	names := longLevels
	if n < 5 {
		names = shortLevels
	}
	if name, ok := names[l]; ok {
		return name
	}
	return strings.TrimPrefix(l.String(), "lvl")
}

// rowStyle is what a row's look depends on besides its record.
type rowStyle struct {
	columns
	theme    *theme
	method   ansi.Method
	location *time.Location
	today    date
	matcher  *query.Matcher // nil: nothing is searched for
	lights   *lights        // nil: nothing is highlighted
	shown    *shownColumns  // nil: those that a row has by itself
	ago      time.Time      // times are shown as passed until then; zero: as they are
	cursor   bool
	marked   bool
	ranged   bool   // it is of the range that is going to be copied
	step     string // the time since the row above
	near     bool   // it does not pass the filter, and is near one that does
}

// when is the time that a row shows: the record's, or that of its arrival.
func when(e *rows.Entry, location *time.Location) time.Time {
	return time.UnixMilli(e.Time).In(location)
}

// head draws what stands before a row's text: the cursor or the mark, time,
// level, stream, source and label.
func (s *rowStyle) head(e *rows.Entry, stream, source string, t *rowtext.Text) *cell.Line {
	l := s.line()
	switch {
	case s.marked:
		l.Add(s.theme.mark, "◆")
	case s.cursor:
		l.Add(s.theme.paneActive, "▌")
	case s.ranged:
		l.Add(s.theme.mark, "┃")
	case e.Late:
		l.Add(s.theme.wait, "↑") // its place is further up
	default:
		l.Space(1)
	}
	if s.shown != nil && !t.Gap {
		s.passed(l)
		s.chosenHead(l, e, stream, source, t)
		return l
	}
	if e.Kind.Between() {
		l.Space(s.time + 1) // it is of no time
	} else {
		s.clock(l, e)
	}
	s.passed(l)
	if t.Gap {
		return l
	}
	l.Fixed(s.dimmed(s.theme.level(t.Level)), levelLetters(t.Level, s.level), s.level).Space(1)
	if s.stream > 0 {
		l.Fixed(s.dimmed(s.theme.name(stream)), stream, s.stream).Space(1)
	}
	if s.source > 0 {
		l.Fixed(s.dimmed(s.theme.name(source)), source, s.source).Space(1)
	}
	if s.label > 0 {
		label := t.Label
		if s.compact {
			label = t.Short
		}
		l.Fixed(s.theme.dim, label, s.label).Space(1)
	}
	return l
}

// passed draws the time since the row above, where rows show it.
func (s *rowStyle) passed(l *cell.Line) {
	if s.since > 0 {
		l.Space(max(s.since-len(s.step), 0)).Add(s.theme.dim, s.step).Space(1)
	}
}

// dimmed is a style, unless the row is there for one near it.
func (s *rowStyle) dimmed(st cell.Style) cell.Style {
	if s.near {
		return s.theme.faint
	}
	return st
}

// line begins a line of the pane's width, over the cursor's background if the row
// is under it.
func (s *rowStyle) line() *cell.Line {
	l := cell.NewLine(s.width, s.method)
	if s.cursor {
		l.On(s.theme.cursor)
	}
	return l
}

// clock draws the time of a row, or how long ago it was.
func (s *rowStyle) clock(l *cell.Line, e *rows.Entry) {
	at := when(e, s.location)
	if !s.ago.IsZero() {
		text := ago(s.ago.Sub(at))
		l.Space(s.time-len(text)).Add(s.theme.faint, text).Space(1)
		return
	}
	var clock [32]byte
	text := at.AppendFormat(clock[:0], "15:04:05.000")[:s.time-s.date]
	if s.date > 0 || e.Kind.Notice() { // which has no columns
		text = append(s.today.appendOther(clock[16:16], at), text...)
	}
	l.Space(s.time-len(text)).Add(s.theme.faint, string(text)).Space(1)
}

// render draws one row.
func (s *rowStyle) render(e *rows.Entry, stream, source string, t *rowtext.Text) string {
	l := s.head(e, stream, source, t)
	if t.Gap {
		rule := s.theme.gap
		switch {
		case e.Kind == rows.KindLeft:
			rule = s.theme.faint
		case e.Kind == rows.KindSeam:
			rule = s.theme.wait
		case t.Level < record.Warn:
			rule = s.theme.good
		}
		l.Add(rule, "── ")
		if e.Kind.Loss() && stream != "" { // whose loss it is
			l.Add(rule, stream+": ")
		}
		s.text(l, t, rule, 0)
		l.Add(rule, " ")
		if l.Left() > 0 {
			l.Add(rule, strings.Repeat("─", l.Left()))
		}
		return l.String()
	}
	shift := s.shift
	if s.cursor && s.matcher != nil {
		shift = s.shiftToMatch(l, t)
	}
	s.text(l, t, "", shift)
	return l.String()
}

// shiftToMatch is how far the row under the cursor is shifted so that one sees
// what the search found in it.
func (s *rowStyle) shiftToMatch(l *cell.Line, t *rowtext.Text) int {
	found := s.matcher.Find(t.Body)
	if len(found) == 0 {
		return s.shift
	}
	for _, f := range found {
		from := cell.Width(t.Body[:f[0]], s.method)
		if from >= s.shift && from+min(cell.Width(t.Body[f[0]:f[1]], s.method), l.Left()) <= s.shift+l.Left() {
			return s.shift // one is on the screen
		}
	}
	from := cell.Width(t.Body[:found[0][0]], s.method)
	return max(0, from-l.Left()/3)
}

// text appends a row's text, or all of it in one style.
func (s *rowStyle) text(l *cell.Line, t *rowtext.Text, all cell.Style, shift int) {
	for piece := range s.pieces(t, shift) {
		if l.Left() == 0 {
			return
		}
		if all != "" && !piece.found {
			piece.style = all
		}
		l.Add(piece.style, piece.text)
	}
}

// piece is a part of a row's text in one style.
type piece struct {
	text  string
	style cell.Style
	kind  rowtext.Kind
	found bool // the search or a highlight found it
}

// pieces are the parts of a row's text from a column on, with what was found
// in it.
func (s *rowStyle) pieces(t *rowtext.Text, shift int) iter.Seq[piece] {
	return func(yield func(piece) bool) {
		msg := s.theme.message(t.Level)
		found := s.stretches(t)
		text := cell.Skip(t.Body, shift, s.method)
		at := len(t.Body) - len(text)
		for i := 0; i < len(t.Spans); {
			p := piece{style: msg, kind: t.Spans[i].Kind}
			end := t.Spans[i].End
			if end <= at {
				i++
				continue
			}
			switch p.kind {
			case rowtext.Key, rowtext.Mark:
				p.style = s.theme.faint
			case rowtext.Value:
				p.style = s.theme.dim
			case rowtext.Err:
				p.style = s.theme.err
			case rowtext.Msg:
			}
			if s.near {
				p.style = s.theme.faint
			}
			for len(found) > 0 && found[0].to <= at {
				found = found[1:]
			}
			if len(found) > 0 {
				if found[0].from <= at {
					end = min(end, found[0].to)
					p.style, p.found = found[0].style, true
				} else {
					end = min(end, found[0].from)
				}
			}
			p.text = text[:end-at]
			if !yield(p) {
				return
			}
			text, at = text[end-at:], end
		}
	}
}
