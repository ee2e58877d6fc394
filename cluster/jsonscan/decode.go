package jsonscan

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is a value as text: a string decoded, anything else as its JSON, with
// each run of bad UTF-8 replaced by U+FFFD.
func Text(value []byte) string {
	if IsString(value) {
		return Decode(value[1 : len(value)-1])
	}
	return strings.ToValidUTF8(string(value), "\ufffd")
}

// IsString reports whether a value is a string.
func IsString(value []byte) bool {
	return len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"'
}

// Decode decodes the contents of a string, such as a key. Surrogates that stand
// alone and bytes of bad UTF-8 become U+FFFD.
func Decode(contents []byte) string {
	if bytes.IndexByte(contents, '\\') < 0 && utf8.Valid(contents) {
		return string(contents)
	}
	out := make([]byte, 0, len(contents))
	for len(contents) > 0 {
		r, n := DecodeRune(contents)
		out = utf8.AppendRune(out, r)
		contents = contents[n:]
	}
	return string(out)
}

// DecodeRune decodes the first rune of the contents of a string, which are not
// empty, and returns how many bytes it takes. Bad UTF-8 and surrogates that stand
// alone are U+FFFD.
func DecodeRune(contents []byte) (rune, int) {
	s := contents
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

// AppendASCII appends the decoded contents of a string, and reports whether they
// are ASCII and dst has room for them: it never allocates.
func AppendASCII(dst, contents []byte) ([]byte, bool) {
	for s := contents; len(s) > 0; {
		r, n := DecodeRune(s)
		if r >= utf8.RuneSelf || len(dst) == cap(dst) {
			return nil, false
		}
		dst = append(dst, byte(r))
		s = s[n:]
	}
	return dst, true
}

// unescape returns what a backslash and c stand for.
func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// hex4 reads the four hexadecimal digits at i.
func hex4(data []byte, i int) (rune, bool) {
	if i+4 > len(data) {
		return 0, false
	}
	var r rune
	for _, c := range data[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
