package record

import (
	"bytes"
	"strings"
	"time"
)

// stamp reads the time at the beginning of a text, and returns how long it is.
//
//	2026-03-01T12:00:00.123Z      also with a blank, /, comma or zone, or without a zone
//	26/03/01 12:00:00             Spark
//	Mar  1 12:00:00               syslog; also with a year, and AM or PM
//	Sun Mar 01 12:00:00.123 2026  Apache, ctime
//	Sun, 01 Mar 2026 12:00:00 GMT
//	01/Mar/2026:12:00:00 +0000    access logs; also 01-Mar-2026 and 01 Mar 2026
//	1772366400.123                seconds or smaller units since 1970
//
// What has no zone is local time. What has no year is in the last one that is not
// more than a day ahead.
func stamp(b []byte) (sec int64, nsec, n int, ok bool) {
	if len(b) < 10 {
		return 0, 0, 0, false
	}
	s := stamper{b: b}
	switch c := b[0]; {
	case isDigit(c):
		ok = s.numeric()
	case isLetter(c):
		if s.weekday(); s.month() {
			ok = s.monthFirst()
		} else if s.at > 0 {
			ok = s.dayFirst() // Sun, 01 Mar 2026 …
		}
	}
	if !ok {
		return 0, 0, 0, false
	}
	if s.epoch {
		return s.sec, s.nsec, s.at, true
	}
	sec, ok = s.unix()
	if sec == zeroTime {
		ok = false
	}
	return sec, s.nsec, s.at, ok
}

// stamper reads a time from left to right.
type stamper struct {
	b  []byte
	at int

	year, mon, day, hour, min, second, nsec int

	offset int // seconds east of UTC
	zoned  bool

	epoch bool
	sec   int64 // since 1970, when epoch
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// digits reads a number of exactly n digits.
func (s *stamper) digits(n int) (int, bool) {
	if s.at+n > len(s.b) {
		return 0, false
	}
	v, ok := number(s.b[s.at : s.at+n])
	if ok {
		s.at += n
	}
	return v, ok
}

// count is how many digits come next.
func (s *stamper) count() (n int) {
	for s.at+n < len(s.b) && isDigit(s.b[s.at+n]) {
		n++
	}
	return n
}

// next takes one byte out of several.
func (s *stamper) next(any string) bool {
	if s.at < len(s.b) && strings.IndexByte(any, s.b[s.at]) >= 0 {
		s.at++
		return true
	}
	return false
}

// numeric reads what begins with a digit.
func (s *stamper) numeric() bool {
	switch s.count() {
	case 4:
		if s.fixed() {
			s.zone()
			return true
		}
		return s.yearFirst(4)
	case 1, 2:
		if s.at+2 < len(s.b) && s.b[s.at+2] == '/' && s.at+5 < len(s.b) && s.b[s.at+5] == '/' {
			return s.yearFirst(2)
		}
		return s.dayFirst()
	case 9, 10, 13, 16, 19:
		n := s.count()
		if n < len(s.b) && s.b[n] == '.' {
			for n++; n < len(s.b) && isDigit(s.b[n]); n++ {
			}
		}
		if n < len(s.b) && s.b[n] != ' ' && s.b[n] != '\t' {
			return false
		}
		sec, nsec, ok := sinceEpoch(s.b[:n])
		s.sec, s.nsec, s.at, s.epoch = sec, nsec, n, true
		return ok
	}
	return false
}

// fixed reads 2026-03-01T12:00:00 and 2026-03-01 12:00:00, the most frequent forms of
// yearFirst.
func (s *stamper) fixed() bool {
	b := s.b
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != 'T' && b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return false
	}
	century, year, month, day := digits2(b), digits2(b[2:]), digits2(b[5:]), digits2(b[8:])
	hour, minute, second := digits2(b[11:]), digits2(b[14:]), digits2(b[17:])
	if century|year|month|day|hour|minute|second < 0 {
		return false
	}
	s.year, s.mon, s.day = century*100+year, month, day
	s.hour, s.min, s.second = hour, minute, second
	s.at = 19
	s.fraction()
	return true
}

// digits2 reads a number of two digits; it is negative when there is none.
func digits2(b []byte) int {
	tens, ones := b[0]-'0', b[1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}

// yearFirst reads 2026-03-01 12:00:00 and its like.
func (s *stamper) yearFirst(digits int) (ok bool) {
	if s.year, ok = s.digits(digits); !ok {
		return false
	}
	if digits == 2 {
		s.year += 2000
	}
	if !s.next("-/.") {
		return false
	}
	separator := s.at - 1
	if s.mon, ok = s.digits(2); !ok || s.at == len(s.b) || s.b[s.at] != s.b[separator] {
		return false
	}
	s.at++
	if s.day, ok = s.digits(2); !ok || !s.next("Tt _:-") {
		return false
	}
	return s.clockZone()
}

// dayFirst reads 01/Mar/2026:12:00:00 and its like.
func (s *stamper) dayFirst() (ok bool) {
	n := s.count()
	if n < 1 || n > 2 {
		return false
	}
	if s.day, ok = s.digits(n); !ok || !s.next("/- ") || !s.month() {
		return false
	}
	if !s.next("/- ") {
		return false
	}
	if s.year, ok = s.digits(4); !ok || !s.next(": ") {
		return false
	}
	return s.clockZone()
}

// monthFirst reads what comes after the name of a month.
func (s *stamper) monthFirst() (ok bool) {
	if !s.next(" ") {
		return false
	}
	s.next(" ")
	n := s.count()
	if n < 1 || n > 2 {
		return false
	}
	if s.day, ok = s.digits(n); !ok {
		return false
	}
	s.next(",")
	if !s.next(" ") {
		return false
	}
	if s.count() == 4 {
		if s.year, ok = s.digits(4); !ok || !s.next(" ") {
			return false
		}
		return s.clockZone()
	}
	if !s.clockZone() {
		return false
	}
	if s.year == 0 && s.at+5 <= len(s.b) && s.b[s.at] == ' ' { // ctime has the year last
		at := s.at
		s.at++
		if year, ok := s.digits(4); ok && s.count() == 0 && year >= 1970 && (s.at == len(s.b) || !isLetter(s.b[s.at])) {
			s.year = year
			return true
		}
		s.at = at
	}
	return true
}

// clockZone reads a time of day, and a zone if there is one.
func (s *stamper) clockZone() bool {
	if !s.clock() {
		return false
	}
	s.zone()
	return true
}

// clock reads a time of day.
func (s *stamper) clock() (ok bool) {
	n := s.count()
	if n < 1 || n > 2 {
		return false
	}
	if s.hour, ok = s.digits(n); !ok || !s.next(":") {
		return false
	}
	if s.min, ok = s.digits(2); !ok || !s.next(":") {
		return false
	}
	if s.second, ok = s.digits(2); !ok {
		return false
	}
	s.fraction()
	return true
}

// fraction reads what may stand behind the seconds: a fraction, and AM or PM.
func (s *stamper) fraction() {
	if s.at+1 < len(s.b) && (s.b[s.at] == '.' || s.b[s.at] == ',' || s.b[s.at] == ':') && isDigit(s.b[s.at+1]) {
		unit := 100_000_000
		for s.at++; s.at < len(s.b) && isDigit(s.b[s.at]); s.at++ {
			s.nsec += int(s.b[s.at]-'0') * unit
			unit /= 10
		}
	}
	if s.at+3 <= len(s.b) && s.b[s.at] == ' ' && s.b[s.at+2] == 'M' && s.hour <= 12 {
		switch s.b[s.at+1] {
		case 'A':
			s.hour, s.at = s.hour%12, s.at+3
		case 'P':
			s.hour, s.at = s.hour%12+12, s.at+3
		}
	}
}

// zone reads a zone, if there is one: Z, UTC, GMT or an offset.
func (s *stamper) zone() {
	rest := s.b[s.at:]
	at := s.at
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
		at++
	}
	if len(rest) == 0 {
		return
	}
	switch c := rest[0]; {
	case (c == 'Z' || c == 'z') && (len(rest) == 1 || !isLetter(rest[1])):
		s.zoned, s.at = true, at+1
	case bytes.HasPrefix(rest, []byte("UTC")) || bytes.HasPrefix(rest, []byte("GMT")):
		s.zoned, s.at = true, at+3
	case c == '+' || c == '-':
		n := 1
		for n < len(rest) && n < 6 && (isDigit(rest[n]) || rest[n] == ':' && n == 3) {
			n++
		}
		if at != s.at && n < len("+0000") {
			break // 12:00:00 - text, 12:00:00 -10 text
		}
		if offset, ok := parseOffset(rest[:n]); ok {
			s.offset, s.zoned, s.at = offset, true, at+n
		}
	}
}

const monthNames = "janfebmaraprmayjunjulaugsepoctnovdec"

// month reads the name of a month.
func (s *stamper) month() bool {
	i := name3(s.b[s.at:], monthNames)
	if i < 0 {
		return false
	}
	s.mon, s.at = i+1, s.at+3
	return true
}

// weekday passes over the name of a day.
func (s *stamper) weekday() {
	if name3(s.b[s.at:], "montuewedthufrisatsun") >= 0 {
		s.at += 3
		s.next(",")
		s.next(" ")
	}
}

// name3 is which of the names of three letters b begins with; -1 for none.
func name3(b []byte, names string) int {
	if len(b) < 4 || isLetter(b[3]) {
		return -1
	}
	var buf [3]byte
	word := lower(buf[:0], b[:3])
	for i := 0; i < len(names); i += 3 {
		if names[i:i+3] == string(word) {
			return i / 3
		}
	}
	return -1
}

// unix is the time read, in seconds since 1970.
func (s *stamper) unix() (int64, bool) {
	if s.mon < 1 || s.mon > 12 || s.day < 1 || s.hour > 23 || s.min > 59 || s.second > 60 {
		return 0, false
	}
	if s.year == 0 {
		now := time.Now()
		s.year = now.Year()
		if t := s.local(); t.After(now.AddDate(0, 0, 1)) {
			s.year--
		} else if s.mon == 1 && t.AddDate(1, 0, 0).Before(now.AddDate(0, 0, 1)) {
			s.year++
		}
	}
	if s.day > daysIn(s.year, s.mon) {
		return 0, false
	}
	if s.zoned {
		days := daysSince1970(s.year, s.mon, s.day)
		return int64(days)*86400 + int64(s.hour*3600+s.min*60+s.second-s.offset), true
	}
	return s.local().Unix(), true
}

func (s *stamper) local() time.Time {
	return time.Date(s.year, time.Month(s.mon), s.day, s.hour, s.min, s.second, 0, time.Local)
}
