package cell

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// maxCluster is the longest grapheme cluster shown, in bytes. Nothing that is
// meant to be read is longer; a longer one is shown as one mark.
const maxCluster = 32

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

// Shorten cuts s to n bytes of whole runes, with an ellipsis.
func Shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
