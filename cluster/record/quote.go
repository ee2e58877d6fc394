package record

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

func itoa(n int) string { return strconv.Itoa(n) }

const hexDigits = "0123456789abcdef"

// decodeRune reads the first rune of the contents of a JSON string, escaped or
// not, and how many bytes it takes. Bad UTF-8 and surrogates that stand alone
// read as U+FFFD.
func decodeRune(s []byte) (rune, int) {
	if s[0] != '\\' {
		if s[0] < utf8.RuneSelf {
			return rune(s[0]), 1
		}
		return utf8.DecodeRune(s)
	}
	if len(s) == 1 {
		return utf8.RuneError, 1
	}
	if s[1] != 'u' {
		return rune(unescape(s[1])), 2
	}
	r, ok := hex4(s, 2)
	if !ok {
		return utf8.RuneError, 2
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if low, ok := hex4(s, 8); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 12
			}
		}
	}
	return utf8.RuneError, 6
}

// appendQuoted appends s as a JSON string in which nothing can harm a
// terminal.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = appendEscaped(dst, r)
		i += n
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
		r, n := decodeRune(s)
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
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if !harmful(r) {
		return utf8.AppendRune(dst, r)
	}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendHex4(appendHex4(dst, high), low)
	}
	return appendHex4(dst, r)
}

// appendHex4 appends a JSON escape such as \u001b.
func appendHex4(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
