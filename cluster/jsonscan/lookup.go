package jsonscan

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Find returns the value of a key in an object, of several the last, or nil.
func Find(object []byte, key string) (value []byte) {
	decode := mustDecode(key)
	for k, v := range Members(object) {
		if !decode && string(k) == key || (decode || bytes.IndexByte(k, '\\') >= 0) && Decode(k) == key {
			value = v
		}
	}
	return value
}

// First returns the value of a key where it stands first in an object, and what follows
// it there; nil if it does not. The key is compared as it stands.
func First(object []byte, key string) (value, rest []byte) {
	s := scan(object)
	for {
		k, v, ok := s.next()
		if !ok {
			return nil, nil
		}
		if string(k) == key {
			return v, object[s.pos:]
		}
	}
}

// mustDecode reports whether a key, compared with others, has to be compared with
// what they are decoded, even if nothing in them is escaped.
func mustDecode(key string) bool {
	for i := range len(key) {
		if c := key[i]; c == '\\' || c >= utf8.RuneSelf {
			return strings.IndexByte(key, '\\') >= 0 || !utf8.ValidString(key) || strings.Contains(key, "\ufffd")
		}
	}
	return false
}

// maxPath is how far into a path a dot may stand and be understood as one that
// joins keys.
const maxPath = 256

// Lookup returns the value at path in an object: of a key, such as "tenant", or of
// keys joined by dots, such as "req.method". A key of the object may hold dots
// itself; within it, see [Descend].
func Lookup(object []byte, path string) (value []byte, ok bool) {
	if v := Find(object, path); v != nil {
		return v, true
	}
	if strings.IndexByte(path, '.') < 0 {
		return nil, false
	}
	decode := mustDecode(path)
	var tried [maxPath]bool // by the length of the key: one that stands often costs no more
	for k := range Members(object) {
		key := ""
		switch {
		case len(k) > 6*maxPath:
			continue
		case decode || bytes.IndexByte(k, '\\') >= 0:
			key = Decode(k)
		case len(k) < len(path) && path[:len(k)] == string(k):
			key = path[:len(k)]
		default:
			continue
		}
		n := len(key)
		if n >= min(len(path), maxPath) || path[n] != '.' || path[:n] != key || tried[n] {
			continue
		}
		tried[n] = true
		// Of a key that stands twice, the last value counts.
		if v, ok := Descend(Find(object, key), path[n+1:]); ok {
			return v, true
		}
	}
	return nil, false
}

// Descend returns the value at a path of keys joined by dots. Keys that hold dots
// themselves are found only when nothing follows them.
func Descend(object []byte, path string) (value []byte, ok bool) {
	for {
		if v := Find(object, path); v != nil {
			return v, true
		}
		key, rest, nested := strings.Cut(path, ".")
		if !nested {
			return nil, false
		}
		if object = Find(object, key); object == nil {
			return nil, false
		}
		path = rest
	}
}
