package subject

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"sluice/cluster/names"
)

// Root is the first token of all subjects of batches.
const Root = "logs"

// Max is the longest subject, in bytes: two names of which each byte is escaped.
const Max = len(Root) + 2 + 2*3*names.Max

// All is the filter of all batches.
const All = Root + ".>"

// Of is the subject of a stream at a consolidator. Both must be names that
// names.Check passes; of others it makes a subject that Parse refuses.
func Of(consolidator, stream string) string {
	return string(Append(make([]byte, 0, len(Root)+len(consolidator)+len(stream)+16), consolidator, stream))
}

// Append appends what Of returns.
func Append(dst []byte, consolidator, stream string) []byte {
	dst = append(dst, Root...)
	dst = append(dst, '.')
	dst = appendToken(dst, consolidator)
	for {
		part, rest, more := strings.Cut(stream, "/")
		dst = append(dst, '.')
		dst = appendToken(dst, part)
		if !more {
			return dst
		}
		stream = rest
	}
}

// ErrForeign says that a subject is none of the archive's.
var ErrForeign = errors.New("no subject of the archive: it is not what the archive makes of the names of a consolidator and of a stream")

// Parse is the inverse of Of. A subject that Of does not return is an error which wraps
// ErrForeign.
func Parse(subject string) (consolidator, stream string, err error) {
	foreign := func() (string, string, error) {
		return "", "", fmt.Errorf("parse subject %.100q: %w", subject, ErrForeign)
	}
	rest, ok := strings.CutPrefix(subject, Root+".")
	if !ok || len(subject) > Max {
		return foreign()
	}
	token, rest, ok := strings.Cut(rest, ".")
	if !ok {
		return foreign()
	}
	name, ok := appendUnescaped(nil, token)
	if !ok {
		return foreign()
	}
	consolidator = string(name)
	name = name[:0]
	for more := true; more; {
		token, rest, more = strings.Cut(rest, ".")
		parts := len(name)
		if name, ok = appendUnescaped(name, token); !ok || bytes.IndexByte(name[parts:], '/') >= 0 {
			return foreign()
		}
		if more {
			name = append(name, '/')
		}
	}
	if names.Check(consolidator) != nil || names.Check(name) != nil {
		return foreign()
	}
	return consolidator, string(name), nil
}

const hex = "0123456789ABCDEF"

// plain reports whether a byte stands for itself in a token.
func plain(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-_~:@=+,", c) >= 0
}

func appendToken(dst []byte, part string) []byte {
	if part == "" {
		return append(dst, '%')
	}
	for i := range len(part) {
		if c := part[i]; plain(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// appendUnescaped appends what a token stands for; ok is false for one that
// appendToken does not make.
func appendUnescaped(dst []byte, token string) (_ []byte, ok bool) {
	if token == "%" {
		return dst, true
	}
	for i := 0; i < len(token); i++ {
		c := token[i]
		if c == '%' {
			if i+2 >= len(token) {
				return dst, false
			}
			high, low := strings.IndexByte(hex, token[i+1]), strings.IndexByte(hex, token[i+2])
			if high < 0 || low < 0 {
				return dst, false
			}
			c = byte(high<<4 | low)
			if plain(c) {
				return dst, false
			}
			i += 2
		} else if !plain(c) {
			return dst, false
		}
		dst = append(dst, c)
	}
	return dst, token != ""
}
