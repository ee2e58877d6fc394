package record

// maxMillis is the last millisecond of the year 9999 in Unix time.
const maxMillis = 253402300799999

// zeroTime is the zero time.Time in Unix seconds.
const zeroTime = -62135596800

// parseTime reads an ISO 8601 time as bunyan writes it: date, T (or a space),
// time of day, any number of decimals, and Z or an offset. Unlike time.Parse it
// never allocates.
func parseTime(b []byte) (sec int64, nsec int, ok bool) {
	if len(b) < len("2006-01-02T15:04:05Z") ||
		b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' ||
		(b[10] != 'T' && b[10] != 't' && b[10] != ' ') {
		return 0, 0, false
	}
	year, ok0 := number(b[0:4])
	month, ok1 := number(b[5:7])
	day, ok2 := number(b[8:10])
	hour, ok3 := number(b[11:13])
	minute, ok4 := number(b[14:16])
	second, ok5 := number(b[17:19])
	if !(ok0 && ok1 && ok2 && ok3 && ok4 && ok5) ||
		month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour > 23 || minute > 59 || second > 60 { // 60 is a leap second
		return 0, 0, false
	}
	b = b[19:]
	if b[0] == '.' || b[0] == ',' {
		i, unit := 1, 100_000_000
		for i < len(b) && '0' <= b[i] && b[i] <= '9' {
			nsec += int(b[i]-'0') * unit
			unit /= 10
			i++
		}
		if i == 1 {
			return 0, 0, false
		}
		b = b[i:]
	}
	offset, ok := parseOffset(b)
	if !ok {
		return 0, 0, false
	}
	days := daysSince1970(year, month, day)
	sec = int64(days)*86400 + int64(hour*3600+minute*60+second-offset)
	if sec == zeroTime && nsec == 0 {
		return 0, 0, false // what Go programs write for no time
	}
	return sec, nsec, true
}

// parseOffset reads Z, +02:00, +0200 or +02, in seconds east of UTC.
func parseOffset(b []byte) (seconds int, ok bool) {
	if len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		return 0, true
	}
	if len(b) < 3 || (b[0] != '+' && b[0] != '-') {
		return 0, false
	}
	hours, ok := number(b[1:3])
	minutes, rest := 0, b[3:]
	if len(rest) == 3 && rest[0] == ':' {
		rest = rest[1:]
	}
	if len(rest) > 0 {
		m, okMinutes := number(rest)
		minutes, ok = m, ok && okMinutes && len(rest) == 2
	}
	if !ok || hours > 23 || minutes > 59 {
		return 0, false
	}
	seconds = hours*3600 + minutes*60
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// number reads a few decimal digits and nothing else.
func number(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysSince1970 counts the days of the Gregorian calendar, with years that
// begin in March so that the leap day is a year's last.
func daysSince1970(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	year += 400 // so that the year before year 0 divides as the others do
	ofYear := (153*(month-3)+2)/5 + day - 1
	return year*365 + year/4 - year/100 + year/400 + ofYear - 719468 - 146097
}
