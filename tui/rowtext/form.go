package rowtext

import (
	"bytes"

	"sluice/cluster/jsonscan"
	"sluice/tui/rows"
)

// Form is how rows of records of one shape are made: [Quick] for many of them. The zero
// Form makes none.
type Form struct {
	parts           []part // the body's, in order; the first is the message
	name, component int    // members; -1: there is none
	integers        [2]int // members that must be short integers; likewise
	usual           bool   // Quick makes such rows
}

// part is a member that a row's body shows.
type part struct {
	member int
	key    []byte // with what stands around it
	learnt []byte // key and value of what was learnt
	size   int    // of the key alone
}

// FormOf is the form of the rows of what a shape fits. It is valid until the shape learns
// something else.
func FormOf(s *jsonscan.Shape) Form {
	f := Form{name: -1, component: -1, integers: [2]int{-1, -1}}
	var probe rows.Entry
	if _, _, ok := Quick(nil, &probe, s.Like()); !ok {
		return f
	}
	f.usual = true
	f.parts = append(f.parts, part{member: -1})
	for i := range s.Len() {
		switch key := s.Key(i); string(key) {
		case "v":
			f.integers[0] = i
		case "pid":
			f.integers[1] = i
		case "time", "level", "hostname":
		case "name":
			f.name = i
		case "component":
			f.component = i
		case "msg":
			f.parts[0].member = i
		default:
			p := part{member: i, size: len(key)}
			p.key = append(append(p.key, key...), '=')
			p.learnt = append(bytes.Clone(p.key), unquoted(s.Learnt(i))...)
			f.parts = append(f.parts, p)
		}
	}
	return f
}

// Append is [Quick] for the record that the shape fitted last.
func (f *Form) Append(dst []byte, e *rows.Entry, s *jsonscan.Shape) (text []byte, body int, ok bool) {
	if !f.usual || e.Foreign || s.Size() > OnScreen {
		return dst, 0, false
	}
	for _, i := range f.integers {
		if i < 0 {
			continue
		}
		if value, changed := s.Value(i); changed && !isShortInteger(value) {
			return dst, 0, false
		}
	}
	msg, _ := s.Value(f.parts[0].member)
	dst = append(dst, msg[1:len(msg)-1]...)
	for i := range f.parts[1:] {
		p := &f.parts[i+1]
		if len(dst) > 0 {
			dst = append(dst, "  "...)
		}
		value, changed := s.Value(p.member)
		if !changed {
			dst = append(dst, p.learnt...)
			continue
		}
		if p.size+len(value) > MaxValue {
			return dst, 0, false
		}
		dst = append(dst, p.key...)
		dst = append(dst, unquoted(value)...)
	}
	body = len(dst)
	if f.name >= 0 {
		name, _ := s.Value(f.name)
		dst = append(dst, name[1:len(name)-1]...)
	}
	if f.component >= 0 {
		if component, _ := s.Value(f.component); len(component) > 2 {
			dst = append(dst, '/')
			dst = append(dst, component[1:len(component)-1]...)
		}
	}
	return dst, body, true
}

// unquoted is a value of a printable record as a row shows it.
func unquoted(v []byte) []byte {
	if v[0] == '"' && len(v) > 2 && bytes.IndexByte(v, ' ') < 0 && bytes.IndexByte(v, '=') < 0 {
		return v[1 : len(v)-1]
	}
	return v
}
