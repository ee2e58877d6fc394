package main

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// screen is what stands on a terminal, by its lines: no more than what the client
// writes, and without colours. A whole emulator takes as much CPU as the client that
// is measured, on the same two cores; terminals that people use take a fraction.
type screen struct {
	rows        [][]rune
	x, y        int
	top, bottom int    // lines that scroll, bottom excluded
	rest        []byte // of a sequence or a rune whose end has not come yet
}

func newScreen(columns, lines int) *screen {
	s := &screen{rows: make([][]rune, lines), bottom: lines}
	for i := range s.rows {
		s.rows[i] = blank(columns)
	}
	return s
}

func blank(columns int) []rune { return []rune(strings.Repeat(" ", columns)) }

// write takes what the client writes.
func (s *screen) write(b []byte) {
	if len(s.rest) > 0 {
		b = append(s.rest, b...)
		s.rest = nil
	}
	for len(b) > 0 {
		n := 1
		switch c := b[0]; {
		case c == 0x1b:
			if n = s.sequence(b); n == 0 {
				s.rest = bytes.Clone(b)
				return
			}
		case c < 0x20:
		case c < utf8.RuneSelf:
			s.put(rune(c))
		default:
			if !utf8.FullRune(b) {
				s.rest = bytes.Clone(b)
				return
			}
			var r rune
			r, n = utf8.DecodeRune(b)
			s.put(r)
		}
		b = b[n:]
	}
}

func (s *screen) put(r rune) {
	if row := s.rows[s.y]; s.x < len(row) {
		row[s.x] = r
		s.x++
	}
}

// sequence takes an escape sequence and returns its length, 0 when its end has not
// come yet.
func (s *screen) sequence(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] == ']' { // a title, or a question
		if i := bytes.IndexByte(b, 0x07); i >= 0 {
			return i + 1
		}
		return 0
	}
	if b[1] != '[' {
		return 2
	}
	var args [8]int
	n := 0
	for i := 2; i < len(b); i++ {
		switch c := b[i]; {
		case '0' <= c && c <= '9':
			args[n] = min(args[n]*10+int(c-'0'), 1<<16)
		case c == ';':
			n = min(n+1, len(args)-1)
		case 0x40 <= c && c < 0x7f:
			if b[2] < '<' || b[2] > '?' {
				s.control(c, args[0], args[1])
			}
			return i + 1
		}
	}
	return 0
}

// control acts on a control sequence, if it is one of those that the client uses.
func (s *screen) control(final byte, first, second int) {
	last := len(s.rows) - 1
	columns := len(s.rows[0])
	switch final {
	case 'H':
		s.y, s.x = min(max(first-1, 0), last), min(max(second-1, 0), columns)
	case 'C':
		s.x = min(s.x+max(first, 1), columns-1)
	case 'J':
		for i := range s.rows {
			s.rows[i] = blank(columns)
		}
	case 'K':
		copy(s.rows[s.y][s.x:], blank(columns))
	case 'r':
		s.top, s.bottom, s.x, s.y = max(first-1, 0), second, 0, 0
		if second == 0 || second > len(s.rows) {
			s.bottom = len(s.rows)
		}
	case 'S', 'T':
		for range min(max(first, 1), len(s.rows)) {
			region := s.rows[s.top:s.bottom]
			if final == 'S' {
				copy(region, region[1:])
				region[len(region)-1] = blank(columns)
			} else {
				copy(region[1:], region)
				region[0] = blank(columns)
			}
		}
	}
}

// String is all lines.
func (s *screen) String() string {
	var b strings.Builder
	for i := range s.rows {
		b.WriteString(s.line(i))
		b.WriteByte('\n')
	}
	return b.String()
}

func (s *screen) line(n int) string { return string(s.rows[n]) }
