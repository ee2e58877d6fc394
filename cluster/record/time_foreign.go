package record

import (
	"bytes"
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
)

// maxNanos bounds what is taken for a time since 1970: below is the year 2262.
const maxNanos = 9_000_000_000_000_000_000

// timeOf reads the value of a field as a time: a text in one of the forms of
// [stamp], a number since 1970, also as a text, or an object that holds either, as
// log4j, MongoDB, loguru and Google write it.
func timeOf(value []byte) (sec int64, nsec int, ok bool) {
	switch value[0] {
	case '"':
		var buf [64]byte
		s, ok := shortString(buf[:0], value)
		if !ok {
			return 0, 0, false
		}
		return timeOfText(s)
	case '{':
		return timeWithin(value)
	}
	return sinceEpoch(value)
}

// timeOfText reads a text as a time.
func timeOfText(s []byte) (sec int64, nsec int, ok bool) {
	if sec, nsec, ok = parseTime(s); ok {
		return sec, nsec, true
	}
	s = bytes.Trim(s, " ")
	if sec, nsec, n, ok := stamp(s); ok && n == len(s) {
		return sec, nsec, true
	}
	return sinceEpoch(s)
}

// timeWithin reads a time that is an object.
func timeWithin(object []byte) (sec int64, nsec int, ok bool) {
	nanos := 0
	for key, value := range jsonscan.Members(object) {
		switch string(key) {
		case "$date", "timestamp":
			if value[0] != '{' {
				return timeOf(value)
			}
		case "epochSecond", "seconds":
			// None within one, however deep: each level would be scanned again.
			if value[0] != '{' {
				sec, _, ok = timeOf(value)
			}
		case "nanoOfSecond", "nanos":
			if n, isInt := integer(value); isInt && 0 <= n && n < 1e9 {
				nanos = int(n)
			}
		}
	}
	return sec, nanos, ok
}

// appendTimeAs appends the value of a field as a time of RFC 3339, quoted, if it is
// a time.
func appendTimeAs(dst, value []byte) ([]byte, bool) {
	if isTimeString(value) {
		return append(dst, value...), true
	}
	sec, nsec, ok := timeOf(value)
	if !ok || !representable(sec) {
		return dst, false
	}
	return appendTime(dst, time.Unix(sec, int64(nsec))), true
}

// representable reports whether a time may stand in a record.
func representable(sec int64) bool { return sec >= 0 && sec <= maxMillis/1000 }

// appendTime appends a time, quoted, with the decimals that it has.
func appendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(dst, '"', digit(year/1000), digit(year/100), digit(year/10), digit(year),
		'-', digit(int(month)/10), digit(int(month)), '-', digit(day/10), digit(day),
		'T', digit(hour/10), digit(hour), ':', digit(minute/10), digit(minute), ':', digit(second/10), digit(second), '.')
	switch nsec := t.Nanosecond(); {
	case nsec%1e3 != 0:
		dst = appendDigits(dst, nsec, 9)
	case nsec%1e6 != 0:
		dst = appendDigits(dst, nsec/1e3, 6)
	default:
		ms := nsec / 1e6
		dst = append(dst, digit(ms/100), digit(ms/10), digit(ms))
	}
	return append(dst, 'Z', '"')
}

// digit is the last digit of a number.
func digit(n int) byte { return '0' + byte(n%10) }

// appendDigits appends a number with leading zeros.
func appendDigits(dst []byte, n, digits int) []byte {
	for range digits {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; digits > 0; i, digits = i-1, digits-1 {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
	return dst
}

func hasExponent(b []byte) bool {
	for _, c := range b {
		if c|0x20 == 'e' {
			return true
		}
	}
	return false
}

// sinceEpoch reads a decimal number of seconds, milliseconds, microseconds or
// nanoseconds since 1970; its size decides which.
func sinceEpoch(b []byte) (sec int64, nsec int, ok bool) {
	if hasExponent(b) && len(b) < 64 {
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
