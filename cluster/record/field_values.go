package record

import (
	"bytes"

	"sluice/cluster/jsonscan"
)

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
	if len(b) <= 15 {
		if n, ok := number(b); ok {
			return int64(n), true
		}
	}
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
