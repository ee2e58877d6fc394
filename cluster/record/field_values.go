package record

import (
	"bytes"

	"sluice/cluster/jsonscan"
)

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
	return jsonscan.AppendASCII(buf, s)
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
