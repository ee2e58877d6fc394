package record

import (
	"encoding/binary"
	"math/bits"
)

// scanner yields the members of one JSON object, in place and without
// allocating. On valid JSON it is exact; on anything else it ends early, but
// never reads past the data.
type scanner struct {
	data []byte
	pos  int
	bad  bool // what was scanned is no JSON object
}

// scan begins on data, which should hold one JSON object.
func scan(data []byte) scanner {
	s := scanner{data: data, pos: skipSpace(data, 0)}
	if s.pos == len(data) || data[s.pos] != '{' {
		s.bad = true
	}
	s.pos++
	return s
}

// next returns the next member: its key without the quotes, still escaped, and
// its value. ok is false at the end of the object.
func (s *scanner) next() (key, value []byte, ok bool) {
	if s.bad {
		return nil, nil, false
	}
	i := skipSpace(s.data, s.pos)
	if i < len(s.data) && s.data[i] == ',' {
		i = skipSpace(s.data, i+1)
	}
	if i < len(s.data) && s.data[i] == '}' {
		s.pos = i
		return nil, nil, false
	}
	if i >= len(s.data) || s.data[i] != '"' {
		return s.fail()
	}
	end := skipString(s.data, i)
	if end < 0 {
		return s.fail()
	}
	key = s.data[i+1 : end-1]
	i = skipSpace(s.data, end)
	if i >= len(s.data) || s.data[i] != ':' {
		return s.fail()
	}
	i = skipSpace(s.data, i+1)
	end = skipValue(s.data, i)
	if end <= i {
		return s.fail()
	}
	s.pos = end
	return key, s.data[i:end:end], true
}

func (s *scanner) fail() (key, value []byte, ok bool) {
	s.bad = true
	return nil, nil, false
}

// skipSpace returns the place of the first byte at or after i that is not
// JSON's white space.
func skipSpace(data []byte, i int) int {
	for i < len(data) && isSpace(data[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

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

// skipValue returns the place after the value that begins at i, or -1.
func skipValue(data []byte, i int) int {
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
