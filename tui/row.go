package tui

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/record"
)

// columns says how a pane's rows are laid out. All rows of a pane have the
// same columns.
type columns struct {
	width   int
	time    int // 12 with milliseconds, or 8
	level   int // letters
	stream  int // 0: not shown
	source  int // 0: not shown
	label   int // 0: not shown
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
	longLevels  = map[record.Level]string{0: "-", record.Trace: "TRACE", record.Debug: "DEBUG", record.Info: "INFO", record.Warn: "WARN", record.Error: "ERROR", record.Fatal: "FATAL"}
	shortLevels = map[record.Level]string{0: "-", record.Trace: "TRC", record.Debug: "DBG", record.Info: "INF", record.Warn: "WRN", record.Error: "ERR", record.Fatal: "FTL"}
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
	matcher  *matcher // nil: nothing is searched for
	cursor   bool
}

// when is the time that a row shows: the record's, or that of its arrival.
func when(e *entry, location *time.Location) time.Time {
	if e.time != 0 {
		return time.UnixMilli(e.time).In(location)
	}
	return time.Unix(0, e.arrived).In(location)
}

// render draws one row.
func (s *rowStyle) render(e *entry, stream, source string, t *rowText) string {
	var base style
	if s.cursor {
		base = s.theme.cursor
	}
	l := newLine(s.width, s.method, base)
	switch {
	case s.cursor:
		l.add(s.theme.paneActive, "▌")
	case e.late:
		l.add(s.theme.wait, "↑") // its place is further up
	default:
		l.space(1)
	}
	var clock [16]byte
	l.fixed(s.theme.faint, string(when(e, s.location).AppendFormat(clock[:0], "15:04:05.000")[:s.time]), s.time).space(1)
	if t.gap {
		rule := s.theme.gap
		if t.level < record.Warn {
			rule = s.theme.good
		}
		l.add(rule, "── ")
		s.text(l, t.body, t.spans, rule, 0)
		l.add(rule, " ")
		if l.left > 0 {
			l.add(rule, strings.Repeat("─", l.left))
		}
		return l.String()
	}
	l.fixed(s.theme.level(t.level), levelLetters(t.level, s.level), s.level).space(1)
	if s.stream > 0 {
		l.fixed(s.theme.name(stream), stream, s.stream).space(1)
	}
	if s.source > 0 {
		l.fixed(s.theme.name(source), source, s.source).space(1)
	}
	if s.label > 0 {
		label := t.label
		if s.compact {
			label = t.short
		}
		l.fixed(s.theme.dim, label, s.label).space(1)
	}
	msg := s.theme.text
	if t.level >= record.Error {
		msg = s.theme.err
	}
	s.text(l, t.body, t.spans, msg, s.shift)
	return l.String()
}

// text appends a body with its spans and what the search found in it.
func (s *rowStyle) text(l *line, text string, spans []span, msg style, shift int) {
	var found [][]int
	if s.matcher != nil {
		found = s.matcher.find(text)
	}
	full := len(text)
	text = skip(text, shift, s.method)
	at := full - len(text)
	for i := 0; i < len(spans) && l.left > 0; {
		end, st := spans[i].end, msg
		if end <= at {
			i++
			continue
		}
		switch spans[i].kind {
		case spanKey, spanMark:
			st = s.theme.faint
		case spanValue:
			st = s.theme.dim
		case spanErr:
			st = s.theme.err
		}
		for len(found) > 0 && found[0][1] <= at {
			found = found[1:]
		}
		if len(found) > 0 {
			if found[0][0] <= at {
				end = min(end, found[0][1])
				st = s.theme.match
				if s.cursor {
					st = s.theme.matchHere
				}
			} else {
				end = min(end, found[0][0])
			}
		}
		l.add(st, text[:end-at])
		text, at = text[end-at:], end
	}
}
