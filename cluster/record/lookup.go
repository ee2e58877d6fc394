package record

import (
	"iter"
	"strings"
)

// maxPath is how far into a path a dot may stand and be understood as one that
// joins keys.
const maxPath = 256

// Lookup returns the JSON of the value at path in a record: a top-level key,
// such as "tenant", or keys joined by dots, such as "req.method". It finds
// what [Record.Field] finds in any valid JSON object, bunyan's own fields as
// they stand in it, without parsing more than it must; of other data it finds
// nothing, or what stood before the fault. The value is a slice of data.
func Lookup(data []byte, path string) (value []byte, ok bool) {
	s := scan(data)
	if s.bad {
		return nil, false
	}
	if v := lookUp(data, path); v != nil {
		return v, true
	}
	if strings.IndexByte(path, '.') < 0 {
		return nil, false
	}
	var tried [maxPath]bool // by the length of the key: one that stands often costs no more
	for {
		k, _, more := s.next()
		if !more {
			return nil, false
		}
		if len(k) > 6*maxPath {
			continue
		}
		key := decode(k)
		n := len(key)
		if n >= min(len(path), maxPath) || path[n] != '.' || path[:n] != key || tried[n] {
			continue
		}
		tried[n] = true
		// Of a key that stands twice, the last value counts.
		if found, ok := member(lookUp(data, key), path[n+1:]); ok {
			return found, true
		}
	}
}

// Elements yields the elements of a JSON array; of other data none, or what
// stood before the fault.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := skipSpace(array, 0)
		if i == len(array) || array[i] != '[' {
			return
		}
		for i++; ; i++ {
			i = skipSpace(array, i)
			end := skipValue(array, i)
			if end <= i || !yield(array[i:end:end]) {
				return
			}
			i = skipSpace(array, end)
			if i >= len(array) || array[i] != ',' {
				return
			}
		}
	}
}

// Text is a value of JSON as text: a string decoded and not sanitised, anything
// else as its JSON.
func Text(value []byte) string {
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return strings.ToValidUTF8(string(value), "\ufffd")
	}
	return textOf(value)
}

// Members yields the members of a JSON object: keys as they stand, without
// their quotes and still escaped, and the JSON of their values, all slices of
// data. Of other data it yields nothing, or what stood before the fault.
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
