package record

import (
	"unicode/utf8"

	"sluice/cluster/jsonscan"
)

// appendQuoted appends s as a JSON string in which nothing can harm a
// terminal.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		dst = appendEscaped(dst, r)
	}
	return append(dst, '"')
}

// appendRequoted appends a JSON value that is no object or array: a string
// with as few escapes as bunyan's own output has, as long as nothing can harm
// a terminal; anything else as it stands.
func appendRequoted(dst, value []byte) []byte {
	if value[0] != '"' {
		return append(dst, value...)
	}
	dst = append(dst, '"')
	s := value[1 : len(value)-1]
	for len(s) > 0 {
		plain := 0
		for plain < len(s) && s[plain] >= 0x20 && s[plain] < 0x7f && s[plain] != '\\' {
			plain++
		}
		if plain > 0 {
			dst = append(dst, s[:plain]...)
			s = s[plain:]
			continue
		}
		r, n := jsonscan.DecodeRune(s)
		if r == utf8.RuneError && n == 6 {
			dst = append(dst, s[:6]...) // a surrogate that stands alone, or \ufffd
		} else {
			dst = appendEscaped(dst, r)
		}
		s = s[n:]
	}
	return append(dst, '"')
}

// appendEscaped appends one rune of a JSON string's contents, escaped when
// JSON wants it or when it could harm a terminal.
func appendEscaped(dst []byte, r rune) []byte {
	if r >= 0x20 && harmful(r) {
		return jsonscan.AppendEscape(dst, r)
	}
	return jsonscan.AppendRune(dst, r)
}
