package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Shape is how a JSON object is built. It takes others apart that are built the same,
// as the lines of one log statement are, several times as fast as [Members]: it compares
// them with the object that it has learnt, and reads only the values that differ.
//
// The zero Shape fits nothing. A Shape belongs to one goroutine.
type Shape struct {
	like    []byte // the object that was learnt, a copy
	members []shapeMember
	data    []byte        // what fitted last
	changes []shapeChange // its values that differ, in order
}

// shapeMember is where a member stands in the object that was learnt.
type shapeMember struct {
	keyBegins, keyEnds int
	begins, ends       int  // of its value
	escaped            bool // there is a backslash in its value
}

// shapeChange is where the value of a member stands in what fitted last.
type shapeChange struct{ member, begins, ends int }

// MaxShape is how many bytes an object may have, and MaxMembers how many members, to be
// learnt.
const (
	MaxShape   = 16 << 10
	MaxMembers = 64
)

// Learn makes the shape that of an object, of which it keeps a copy. It returns false, and
// the shape fits nothing, when the object is too large or not valid.
func (s *Shape) Learn(object []byte) bool {
	s.like, s.members = s.like[:0], s.members[:0]
	if len(object) > MaxShape || !ValidObject(object) {
		return false
	}
	in := scan(object)
	for key, value, ok := in.next(); ok; key, value, ok = in.next() {
		if len(s.members) == MaxMembers {
			s.members = s.members[:0]
			return false
		}
		keyBegins := cap(object) - cap(key)
		s.members = append(s.members, shapeMember{
			keyBegins: keyBegins, keyEnds: keyBegins + len(key),
			begins: in.pos - len(value), ends: in.pos,
			escaped: bytes.IndexByte(value, '\\') >= 0,
		})
	}
	s.like = append(s.like, object...)
	return true
}

// Fit takes an object apart. If it is built like the one that was learnt, that is, what
// stands outside of values is the same, byte by byte, and the values are of the same
// kinds, then it is valid, and [Shape.Value] yields its values until the next Fit or
// Learn. A value that differs must be printable ASCII without escapes; others do not fit.
// The shape keeps the data until then.
func (s *Shape) Fit(object []byte) bool {
	s.changes, s.data = s.changes[:0], nil
	if len(s.like) == 0 {
		return false
	}
	like := s.like
	i, j, m := 0, 0, 0 // in what was learnt, in the object, the next member
	for {
		n := common(like[i:], object[j:])
		i, j = i+n, j+n
		if i == len(like) {
			if j == len(object) {
				s.data = object
			}
			return j == len(object)
		}
		// A number may go on where the other one ends.
		for m < len(s.members) && s.members[m].ends < i {
			m++
		}
		if m == len(s.members) || i < s.members[m].begins {
			return false
		}
		end := s.valueEnd(object, m, i, j)
		if end < 0 {
			return false
		}
		was := &s.members[m]
		s.changes = append(s.changes, shapeChange{m, j - (i - was.begins), end})
		i, j = was.ends, end
		m++
	}
}

// valueEnd is where the value of a member ends in an object, in which it is the same up to
// j as what was learnt is up to i; -1 if it does not fit.
func (s *Shape) valueEnd(object []byte, m, i, j int) int {
	was := &s.members[m]
	begins := j - (i - was.begins)
	if j >= len(object) {
		return -1
	}
	switch first := s.like[was.begins]; {
	case first == '"':
		if i == was.begins || i == was.ends || was.escaped { // the place may be within an escape
			return -1
		}
		if end := plainEnd(object, j); end < len(object) && object[end] == '"' {
			return end + 1
		}
		return -1
	case first == '{' || first == '[':
		if object[begins] != first || i == was.ends {
			return -1
		}
		end := checkNested(object, begins, 1)
		for k := begins; k < end; k++ {
			if c := object[k]; c < ' ' || c >= 0x7f || c == '\\' {
				return -1
			}
		}
		return end
	default:
		if c := object[begins]; c == '"' || c == '{' || c == '[' {
			return -1
		}
		return checkScalar(object, begins)
	}
}

// plainEnd is the first place from i on that is a quote, a backslash or no printable
// ASCII, or the end.
func plainEnd(data []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		q, b, d := x^'"'*ones, x^'\\'*ones, x^0x7f*ones
		// High bits: beyond ASCII; below a blank; a quote; a backslash; a DEL. The lowest is right.
		if m := (x | (x-0x20*ones)&^x | (q-ones)&^q | (b-ones)&^b | (d-ones)&^d) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for ; i < len(data); i++ {
		if c := data[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// common is how many bytes a and b begin with in common.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// Like is the object that was learnt. It is valid until the next Learn.
func (s *Shape) Like() []byte { return s.like }

// Size is how many bytes that has which fitted last.
func (s *Shape) Size() int { return len(s.data) }

// Len is how many members there are.
func (s *Shape) Len() int { return len(s.members) }

// Key is the key of the i-th member, as it stands.
func (s *Shape) Key(i int) []byte {
	m := &s.members[i]
	return s.like[m.keyBegins:m.keyEnds]
}

// Learnt is the value of the i-th member in what was learnt.
func (s *Shape) Learnt(i int) []byte {
	m := &s.members[i]
	return s.like[m.begins:m.ends:m.ends]
}

// Value is the value of the i-th member in what fitted last, and whether it is not that
// which was learnt.
func (s *Shape) Value(i int) (value []byte, changed bool) {
	for _, c := range s.changes {
		if c.member == i {
			return s.data[c.begins:c.ends:c.ends], true
		}
	}
	return s.Learnt(i), false
}

// Changes is how many values of what fitted last are not those that were learnt, and
// Changed which member the i-th of them is of, in order, and its value.
func (s *Shape) Changes() int { return len(s.changes) }

func (s *Shape) Changed(i int) (member int, value []byte) {
	c := &s.changes[i]
	return c.member, s.data[c.begins:c.ends:c.ends]
}
