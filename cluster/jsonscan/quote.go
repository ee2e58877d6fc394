package jsonscan

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// IsLineEnd reports whether r may stand in a JSON string as it is, and is yet the
// end of a line to some readers of lines: U+0085, U+2028 and U+2029, at which
// Python's str.splitlines and others that follow Unicode break.
func IsLineEnd(r rune) bool { return r == '\u0085' || r == '\u2028' || r == '\u2029' }

// AppendString appends s as a JSON string: one line of valid UTF-8 that escapes
// only what JSON and readers of lines want, as JavaScript does.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	dst = AppendContents(dst, s)
	return append(dst, '"')
}

// AppendContents appends the contents of a JSON string, which [AppendString] puts
// between quotes: at most six times the bytes of s. A text may be appended in
// pieces that do not cut a character in two.
func AppendContents[T string | []byte](dst []byte, s T) []byte {
	plain := 0 // from here on nothing has to be escaped
	for i := 0; ; {
		if i = skipASCII(s, i); i == len(s) {
			return append(dst, s[plain:]...)
		}
		c := s[i]
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			r, n = decodeRune(s[i:])
			if !IsLineEnd(r) && (r != utf8.RuneError || n > 1) {
				i += n
				continue
			}
		}
		dst = append(dst, s[plain:i]...)
		dst = AppendRune(dst, r)
		i += n
		plain = i
	}
}

// skipASCII returns the place of the first byte at or after i that is a quote, a
// backslash, below 0x20 or beyond ASCII; eight bytes at a time.
func skipASCII[T string | []byte](s T, i int) int {
	for ; i+8 <= len(s); i += 8 {
		b := s[i : i+8]
		x := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		quote := x ^ '"'*ones
		backslash := x ^ '\\'*ones
		if m := ((x - 0x20*ones) | x | (quote-ones)&^quote | (backslash-ones)&^backslash) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(s) && s[i] >= 0x20 && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

func decodeRune[T string | []byte](s T) (rune, int) {
	var first [utf8.UTFMax]byte
	return utf8.DecodeRune(first[:copy(first[:], s)])
}

// AppendRune appends one rune of the contents of a string.
func AppendRune(dst []byte, r rune) []byte {
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
	if r < 0x20 || IsLineEnd(r) {
		return AppendEscape(dst, r)
	}
	return utf8.AppendRune(dst, r)
}

// AppendEscape appends a rune by its number, such as \u001b; beyond 0xffff as the
// numbers of two surrogates.
func AppendEscape(dst []byte, r rune) []byte {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendHex4(appendHex4(dst, high), low)
	}
	return appendHex4(dst, r)
}

const hexDigits = "0123456789abcdef"

func appendHex4(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
