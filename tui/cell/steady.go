package cell

import (
	"unicode/utf8"

	"sluice/cluster/record"
)

// Steady sanitises s for a row, and takes out what terminals disagree on: some
// draw an emoji of several code points in two cells, some each of them in its
// own, and a row that is measured one way and drawn the other tears the screen.
func Steady(s string) string {
	if safe := record.Safe(s); !hasJoined(safe) {
		return safe
	}
	return string(AppendSteady(nil, s))
}

func AppendSteady(dst []byte, s string) []byte {
	from := len(dst)
	dst = record.AppendSafe(dst, s)
	if !hasJoined(string(dst[from:])) {
		return dst
	}
	kept := dst[:from]
	var before rune
	for _, r := range string(dst[from:]) {
		if !joins(before, r) {
			kept = utf8.AppendRune(kept, r)
		}
		before = r
	}
	return kept
}

// hasJoined reports whether s has a code point that joins or changes another.
func hasJoined(s string) bool {
	for i := range len(s) {
		// Their first bytes: C2 for 00AD, CD for 034F, E1 for 180E, E2 for what
		// begins with 20, EF for FE0E, FE0F and FEFF, F0 for the skin tones.
		if c := s[i]; c == 0xc2 || c == 0xcd || c == 0xe1 || c == 0xe2 || c == 0xef || c == 0xf0 {
			for _, r := range s[i:] {
				if joins('\U0001f468', r) {
					return true
				}
			}
			return false
		}
	}
	return false
}

// joins reports whether r does nothing but join or change what is before it. A
// joiner between letters stays: it shapes them, and takes no cell.
func joins(before, r rune) bool {
	switch {
	case r == '\u200d':
		return before > 0xffff || before == '\ufe0f' || before >= 0x2190 && before < 0x2c00
	case r == '\ufe0e', r == '\ufe0f', r == '\u20e3':
		return true
	case r == '\u00ad', r == '\u034f', r == '\u180e', r == '\u200b', r >= '\u2060' && r <= '\u2064', r == '\ufeff':
		return true // they cannot be seen, and terminals disagree on their width
	}
	return r >= '\U0001f3fb' && r <= '\U0001f3ff' && before > 0xffff
}
