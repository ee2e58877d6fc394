package jsonscan

import (
	"encoding/binary"
	"math/bits"
)

// SkipSpace returns the place of the first byte at or after i that is not
// JSON's white space.
func SkipSpace(data []byte, i int) int {
	for i < len(data) && IsSpace(data[i]) {
		i++
	}
	return i
}

// IsSpace reports whether a byte is JSON's white space.
func IsSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipPlain returns the place of the first byte at or after i that is a quote,
// a backslash, or below 0x20; eight bytes at a time.
func skipPlain(data []byte, i int) int {
	for i+8 <= len(data) {
		x := binary.LittleEndian.Uint64(data[i:])
		q := x ^ '"'*ones
		b := x ^ '\\'*ones
		m := ((x-0x20*ones)&^x | (q-ones)&^q | (b-ones)&^b) & highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
	}
	for i < len(data) && data[i] != '"' && data[i] != '\\' && data[i] >= 0x20 {
		i++
	}
	return i
}

// skipString returns the place after the string that begins with the quote at
// i, or -1.
func skipString(data []byte, i int) int {
	i++
	for {
		i = skipPlain(data, i)
		if i >= len(data) {
			return -1
		}
		switch data[i] {
		case '"':
			return i + 1
		case '\\':
			i += 2
		default:
			return -1
		}
	}
}

// SkipValue returns the place after the value that begins at i, or -1. On valid
// JSON it is above i.
func SkipValue(data []byte, i int) int {
	if i >= len(data) {
		return -1
	}
	switch data[i] {
	case '"':
		return skipString(data, i)
	case '{', '[':
		return skipNested(data, i)
	}
	for i < len(data) {
		switch data[i] {
		case ',', '}', ']', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

// skipNested returns the place after the object or array that begins at i, or
// -1. It counts brackets, so that no depth can exhaust a stack.
func skipNested(data []byte, i int) int {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth == 0 {
				return i + 1
			}
		case '"':
			if i = skipString(data, i); i < 0 {
				return -1
			}
			continue
		}
		i++
	}
	return -1
}
