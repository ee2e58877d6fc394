package cell

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Line builds one line of a fixed width: what does not fit is cut, and what
// is missing is filled.
type Line struct {
	buf     []byte
	left    int   // columns that are free
	ground  Style // under everything: the cursor's background
	at      Style // of what comes next, once it is opened
	begun   bool  // a style was opened
	measure ansi.Method
}

// NewLine begins a line of some columns.
func NewLine(width int, method ansi.Method) *Line {
	return &Line{buf: make([]byte, 0, width*3), left: max(width, 0), measure: method}
}

// On puts a background under everything that comes.
func (l *Line) On(ground Style) *Line {
	l.ground = ground
	return l
}

// Add appends text, which must be sanitised, and returns the line.
func (l *Line) Add(st Style, text string) *Line {
	if l.left == 0 || text == "" {
		return l
	}
	text, w := cut(text, l.left, l.measure)
	l.open(st)
	l.buf = append(l.buf, text...)
	l.left -= w
	return l
}

// Fixed appends text in a column of n, cut with an ellipsis or filled.
func (l *Line) Fixed(st Style, text string, n int) *Line {
	n = min(n, l.left)
	if n <= 0 {
		return l
	}
	text, w := Fit(text, n, l.measure)
	l.open(st)
	l.buf = append(l.buf, text...)
	if w < n {
		l.open(st)
		l.buf = appendSpaces(l.buf, n-w)
	}
	l.left -= n
	return l
}

// Space appends n blanks.
func (l *Line) Space(n int) *Line {
	n = min(n, l.left)
	if n > 0 {
		l.open("")
		l.buf = appendSpaces(l.buf, n)
		l.left -= n
	}
	return l
}

// FillTo leaves n free columns at the end, in a style.
func (l *Line) FillTo(st Style, n int) *Line {
	if n = l.left - n; n > 0 {
		l.open(st)
		l.buf = appendSpaces(l.buf, n)
		l.left -= n
	}
	return l
}

// open begins a style. Each begins with a reset, so none leaks.
func (l *Line) open(st Style) {
	if l.begun && st == l.at && !l.endsOpen() {
		return
	}
	l.begun, l.at = true, st
	l.buf = append(l.buf, "\x1b["...)
	if l.ground != "" {
		l.buf = append(l.buf, "0;"...)
		l.buf = append(l.buf, l.ground...)
		if st != "" {
			l.buf = append(l.buf, ';')
			l.buf = append(l.buf, st...)
		}
	} else if st != "" {
		l.buf = append(l.buf, "0;"...)
		l.buf = append(l.buf, st...)
	}
	l.buf = append(l.buf, 'm')
}

// endsOpen reports whether what follows may become one grapheme cluster with what
// there is, and take fewer columns: some letters join the one after them. A style
// between the two keeps them apart.
func (l *Line) endsOpen() bool { return len(l.buf) > 0 && l.buf[len(l.buf)-1] >= utf8.RuneSelf }

// String fills the line and ends it.
func (l *Line) String() string {
	l.FillTo("", 0)
	l.buf = append(l.buf, ansi.ResetStyle...)
	return string(l.buf)
}

// Left is how many columns are left.
func (l *Line) Left() int { return l.left }

// Method is how the line measures text.
func (l *Line) Method() ansi.Method { return l.measure }

// Join is the line with another one's text where it ends, as long as there is
// room for all of it; it ends both.
func (l *Line) Join(other *Line) string {
	text := other.String()
	l.buf = append(l.buf, text...)
	return string(l.buf)
}

func appendSpaces(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, ' ')
	}
	return dst
}

// Ellipsis ends a line that is not the last with an ellipsis.
func (l *Line) Ellipsis() *Line { return l.Add("", "…") }
