package record

import (
	"strconv"
	"unicode/utf8"

	"sluice/cluster/jsonscan"
)

// harmful reports whether a rune could do something to a terminal, to the order
// of the text around it, or to whoever splits it into lines; or cannot be seen
// and can carry text: C0, DEL, C1, bidirectional controls, line and paragraph
// separators, interlinear annotations, tags.
func harmful(r rune) bool {
	switch {
	case r < 0x20:
		return true
	case r < 0x7f:
		return false
	case r < 0xa0:
		return true
	case r < 0x61c:
		return false
	case r == 0x61c, r == 0x200e, r == 0x200f,
		0x2028 <= r && r <= 0x202e,
		0x2066 <= r && r <= 0x2069,
		0xfff9 <= r && r <= 0xfffb,
		0xe0000 <= r && r <= 0xe007f:
		return true
	}
	return false
}

// clean returns how many of the first bytes of s are plain ASCII.
func clean(s string) int {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return i
		}
	}
	return len(s)
}

// AppendSafe appends s for one row of a terminal: with all that could act on
// the terminal or on the text around it made visible, tabs and line breaks
// included. Control characters become their symbols (␛, ␊, ␡), C1, bidirectional
// and other controls their number (\u202e, \u{e0041}), bad UTF-8 becomes U+FFFD.
// What it appends is at most nine times as long as s, and safe itself: it
// comes through a second time unchanged.
func AppendSafe(dst []byte, s string) []byte {
	return appendSafe(dst, s, false)
}

// Safe is [AppendSafe] for strings. It returns s itself, without allocating,
// when there is nothing to change.
func Safe(s string) string {
	for i := clean(s); i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if harmful(r) || (r == utf8.RuneError && n == 1) {
			return string(appendSafe(make([]byte, 0, len(s)+32), s, false))
		}
		i += n
	}
	return s
}

// appendSafe is AppendSafe that can let tabs through, for output that need not
// count columns.
func appendSafe(dst []byte, s string, tabs bool) []byte {
	for len(s) > 0 {
		n := clean(s)
		dst = append(dst, s[:n]...)
		s = s[n:]
		if len(s) == 0 {
			break
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case r == '\t' && tabs:
			dst = append(dst, '\t')
		case r < 0x20:
			dst = utf8.AppendRune(dst, 0x2400+r)
		case r == 0x7f:
			dst = utf8.AppendRune(dst, 0x2421)
		case !harmful(r):
			dst = utf8.AppendRune(dst, r)
		case r > 0xffff:
			dst = append(dst, `\u{`...)
			dst = append(strconv.AppendInt(dst, int64(r), 16), '}')
		default:
			dst = jsonscan.AppendEscape(dst, r)
		}
	}
	return dst
}
