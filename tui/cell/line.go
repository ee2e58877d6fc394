package cell

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// maxCluster is the longest grapheme cluster shown, in bytes. Nothing that is
// meant to be read is longer; a longer one is shown as one mark.
const maxCluster = 32

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

// asciiPrefix is how many bytes at the start are ASCII and followed by ASCII,
// so that each is a column of its own.
func asciiPrefix(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return max(i-1, 0)
		}
	}
	return len(s)
}

// Cluster returns the grapheme cluster at the start of s and its width. One
// that is too long is cut, in pieces that each show as one mark.
func Cluster(s string, method ansi.Method) (text string, used, width int) {
	look := s
	if n := maxCluster + 1; len(look) > n {
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n++
		}
		look = s[:n]
	}
	text, width = ansi.FirstGraphemeCluster(look, method)
	if len(text) > maxCluster {
		return "�", len(text), 1
	}
	return text, len(text), width
}

// Take returns as much of s as fits into n columns, how many bytes of s that
// is, and its width.
func Take(s string, n int, method ansi.Method) (text string, used, width int) {
	i := asciiPrefix(s[:min(len(s), n+1)])
	if i >= n {
		return s[:n], n, n
	}
	if i == len(s) {
		return s, i, i
	}
	w := i
	var patched []byte // s with marks in place of clusters that are too long
	start := 0
	for i < len(s) {
		c, used, cw := Cluster(s[i:], method)
		if w+cw > n {
			break
		}
		if len(c) != used {
			patched = append(append(patched, s[start:i]...), c...)
			start = i + used
		}
		i += used
		w += cw
	}
	if patched != nil {
		return string(append(patched, s[start:i]...)), i, w
	}
	return s[:i], i, w
}

// cut is take without the count of bytes.
func cut(s string, n int, method ansi.Method) (string, int) {
	text, _, w := Take(s, n, method)
	return text, w
}

// Fit is cut with an ellipsis where something was left out.
func Fit(s string, n int, method ansi.Method) (string, int) {
	short, used, w := Take(s, n, method)
	if used == len(s) || n < 1 {
		return short, w
	}
	short, w = cut(s, n-1, method)
	return short + "…", w + 1
}

// Skip returns what of s is left after n columns.
func Skip(s string, n int, method ansi.Method) string {
	if n <= 0 {
		return s
	}
	if i := asciiPrefix(s[:min(len(s), n+1)]); i >= n {
		return s[n:]
	}
	for n > 0 && s != "" {
		_, used, w := Cluster(s, method)
		s = s[used:]
		n -= w
	}
	return s
}

// Width is the columns that s takes.
func Width(s string, method ansi.Method) int {
	if i := asciiPrefix(s); i == len(s) {
		return i
	}
	return method.StringWidth(s)
}

// Overlay puts the lines of a box over a screen's lines, at column x and line y.
func Overlay(lines, box []string, x, y, width int, method ansi.Method) {
	for i, row := range box {
		if y+i < 0 || y+i >= len(lines) {
			continue
		}
		under := lines[y+i]
		var b strings.Builder
		b.WriteString(method.Truncate(under, x, ""))
		b.WriteString(ansi.ResetStyle)
		b.WriteString(row)
		b.WriteString(method.TruncateLeft(under, x+width, ""))
		lines[y+i] = b.String()
	}
}

// Ellipsis ends a line that is not the last with an ellipsis.
func (l *Line) Ellipsis() *Line { return l.Add("", "…") }
