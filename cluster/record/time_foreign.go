package record

import (
	"bytes"
	"strconv"
	"time"
)

// maxNanos bounds what is taken for a time since 1970: below is the year 2262.
const maxNanos = 9_000_000_000_000_000_000

// appendTimeAs appends the value of a field as a time, quoted, if it is one.
func appendTimeAs(dst, value []byte) ([]byte, bool) {
	if value == nil {
		return dst, false
	}
	if isTimeString(value) {
		return append(dst, value...), true
	}
	var sec int64
	var nsec int
	ok := false
	if value[0] == '"' {
		var buf [64]byte
		s, fits := shortString(buf[:0], value)
		if !fits || len(s) == 0 {
			return dst, false
		}
		if sec, nsec, ok = parseTime(s); !ok {
			sec, nsec, ok = sinceEpoch(s)
		}
	} else {
		sec, nsec, ok = sinceEpoch(value)
	}
	if !ok || sec < 0 || sec*1000 > maxMillis {
		return dst, false
	}
	layout := timeLayout
	switch {
	case nsec%1e3 != 0:
		layout = "2006-01-02T15:04:05.000000000Z07:00"
	case nsec%1e6 != 0:
		layout = "2006-01-02T15:04:05.000000Z07:00"
	}
	dst = append(dst, '"')
	dst = time.Unix(sec, int64(nsec)).UTC().AppendFormat(dst, layout)
	return append(dst, '"'), true
}

// sinceEpoch reads a decimal number of seconds, milliseconds, microseconds or
// nanoseconds since 1970; its size decides which.
func sinceEpoch(b []byte) (sec int64, nsec int, ok bool) {
	if bytes.ContainsAny(b, "eE") && len(b) < 64 {
		f, err := strconv.ParseFloat(string(b), 64)
		if err != nil || f < 0 || f > maxNanos {
			return 0, 0, false
		}
		b = strconv.AppendFloat(nil, f, 'f', 6, 64)
	}
	whole, rest, _ := bytes.Cut(b, []byte("."))
	if len(whole) == 0 || len(whole) > 19 {
		return 0, 0, false
	}
	n, ok := number(whole)
	if !ok || n < 100_000_000 || n > maxNanos {
		return 0, 0, false
	}
	fraction, unit := 0, 100_000_000 // of the unit, in billionths
	for _, c := range rest {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		fraction += int(c-'0') * unit
		unit /= 10
	}
	each := 1 // nanoseconds
	switch {
	case n < 100_000_000_000:
		each = 1_000_000_000
	case n < 100_000_000_000_000:
		each = 1_000_000
	case n < 100_000_000_000_000_000:
		each = 1_000
	}
	perSecond := 1_000_000_000 / each
	sec = int64(n / perSecond)
	nsec = n%perSecond*each + fraction/perSecond
	return sec, nsec, true
}
