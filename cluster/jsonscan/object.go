package jsonscan

import "iter"

// scanner yields the members of one JSON object.
type scanner struct {
	data []byte
	pos  int
	bad  bool // what was scanned is no JSON object
}

// scan begins on data, which should hold one JSON object.
func scan(data []byte) scanner {
	s := scanner{data: data, pos: SkipSpace(data, 0)}
	if s.pos == len(data) || data[s.pos] != '{' {
		s.bad = true
	}
	s.pos++
	return s
}

// next returns the next member. ok is false at the end of the object.
func (s *scanner) next() (key, value []byte, ok bool) {
	if s.bad {
		return nil, nil, false
	}
	i := SkipSpace(s.data, s.pos)
	if i < len(s.data) && s.data[i] == ',' {
		i = SkipSpace(s.data, i+1)
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
	i = SkipSpace(s.data, end)
	if i >= len(s.data) || s.data[i] != ':' {
		return s.fail()
	}
	i = SkipSpace(s.data, i+1)
	end = SkipValue(s.data, i)
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

// Members yields the members of a JSON object.
func Members(data []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		s := scan(data)
		for {
			key, value, ok := s.next()
			if !ok || !yield(key, value) {
				return
			}
		}
	}
}

// Elements yields the elements of a JSON array.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := SkipSpace(array, 0)
		if i == len(array) || array[i] != '[' {
			return
		}
		for i++; ; i++ {
			i = SkipSpace(array, i)
			end := SkipValue(array, i)
			if end <= i || !yield(array[i:end:end]) {
				return
			}
			i = SkipSpace(array, end)
			if i >= len(array) || array[i] != ',' {
				return
			}
		}
	}
}
