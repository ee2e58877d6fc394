package record

import "bytes"

// Head is what can be had of a record cheaply, for sorting and filtering.
type Head struct {
	Time  int64 // Unix milliseconds; 0 when unknown
	Level Level // 0 when it has none
}

// core is one of bunyan's own fields.
type core uint8

const (
	keyOther core = iota
	keyV
	keyPID
	keyMsg
	keyName
	keyTime
	keyLevel
	keyHostname
	keyComponent
)

// coreKey tells which of bunyan's own fields a key, still escaped, stands for.
func coreKey(key []byte) core {
	k := plainKey(key)
	if k == keyOther && bytes.IndexByte(key, '\\') >= 0 {
		var buf [16]byte
		if plain, ok := unescapeASCII(buf[:0], key); ok {
			return plainKey(plain)
		}
	}
	return k
}

// plainKey is coreKey for a key in which nothing is escaped.
func plainKey(key []byte) core {
	switch string(key) {
	case "v":
		return keyV
	case "pid":
		return keyPID
	case "msg":
		return keyMsg
	case "name":
		return keyName
	case "time":
		return keyTime
	case "level":
		return keyLevel
	case "hostname":
		return keyHostname
	case "component":
		return keyComponent
	}
	return keyOther
}

// unescapeASCII appends the string whose escaped form is s, as long as it fits
// into dst and is ASCII.
func unescapeASCII(dst, s []byte) ([]byte, bool) {
	for i := 0; i < len(s); {
		c := s[i]
		if c == '\\' {
			if i+1 == len(s) {
				return nil, false
			}
			if s[i+1] == 'u' {
				r, ok := hex4(s, i+2)
				if !ok || r >= 0x80 {
					return nil, false
				}
				c = byte(r)
				i += 4
			} else {
				c = unescape(s[i+1])
			}
			i++
		}
		if c >= 0x80 || len(dst) == cap(dst) {
			return nil, false
		}
		dst = append(dst, c)
		i++
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

// timeOf reads a time: an ISO 8601 string, or, as pino writes it, a number of
// Unix milliseconds.
func timeOf(value []byte) (sec int64, nsec int, ok bool) {
	if value[0] == '"' {
		var buf [64]byte
		s, ok := shortString(buf[:0], value)
		if !ok {
			return 0, 0, false
		}
		return parseTime(s)
	}
	ms, ok := integer(value)
	if !ok || ms < 0 || ms > maxMillis {
		return 0, 0, false
	}
	return ms / 1000, int(ms%1000) * 1e6, true
}

// levelOf reads a level: a number, or, as other loggers write it, a name.
func levelOf(value []byte) Level {
	if value[0] == '"' {
		var buf [16]byte
		s, ok := shortString(buf[:0], value)
		if !ok {
			return 0
		}
		return levelNamed(s)
	}
	n, ok := integer(value)
	if !ok || n < 0 || n > maxLevel {
		return 0
	}
	return Level(n)
}

// shortString returns the contents of a quoted string: in place when nothing
// in it is escaped, or else in buf, if it fits and is ASCII.
func shortString(buf, quoted []byte) ([]byte, bool) {
	s := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(s, '\\') < 0 {
		return s, true
	}
	return unescapeASCII(buf, s)
}

// integer reads a JSON number that is an integer of at most 15 digits, 30.0
// included; numbers with an exponent are not read.
func integer(b []byte) (int64, bool) {
	digits := b
	if b[0] == '-' {
		digits = b[1:]
	}
	if dot := bytes.IndexByte(digits, '.'); dot >= 0 {
		if len(bytes.TrimLeft(digits[dot+1:], "0")) > 0 {
			return 0, false
		}
		digits = digits[:dot]
	}
	if len(digits) == 0 || len(digits) > 15 {
		return 0, false
	}
	n, ok := number(digits)
	if b[0] == '-' {
		n = -n
	}
	return int64(n), ok
}
