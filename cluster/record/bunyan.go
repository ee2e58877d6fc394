package record

import (
	"bytes"
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
)

// Form is what a line was before it was made a bunyan record.
type Form uint8

// The forms of lines.
const (
	FormText   Form = iota // no JSON object
	FormObject             // some other JSON object
	FormBunyan             // a bunyan record already
)

// Bunyan makes bunyan records of what other programs log.
//
// A bunyan record (v, level and pid numbers, name, hostname, msg and time
// strings, the time one of RFC 3339) stays as it is, byte for byte, if [IsLine]
// accepts it.
//
// Any other JSON object becomes one by naming:
//
//   - time: of time, ts, timestamp and @timestamp the first that is a time: RFC
//     3339, or seconds, milliseconds, microseconds or nanoseconds since 1970, as
//     number or string: its size decides which of them, and below 100,000,000 it
//     is none. Otherwise the time that AppendObject is given.
//   - level: of level, severity and lvl the first that is one: a word as bunyan,
//     syslog, log4j, Python, slog, klog and others have it, or a number: 0 to 7
//     are syslog's severities, 8 to 99 bunyan's levels; 100 and above, in
//     hundreds, those of Monolog under the names level and lvl, and those of
//     Google Cloud under severity. Otherwise info.
//   - msg: of msg and message the first that is a string. Otherwise it is empty.
//   - v, name, hostname and pid, when they are there and of bunyan's type.
//
// Bunyan's fields come first, then all other fields, byte for byte and in their
// order; a field that has one of bunyan's names and could not be taken for it
// has "fields." before its name.
//
// Anything else becomes the msg of a record of level info.
//
// A Bunyan may be used from any goroutine.
type Bunyan struct {
	name, hostname []byte // JSON strings
}

// NewBunyan returns a Bunyan. Lines that do not name their program and machine get
// name and host; host "" means this machine.
func NewBunyan(name, host string) *Bunyan {
	if host == "" {
		host = hostname()
	}
	return &Bunyan{jsonscan.AppendString(nil, name), jsonscan.AppendString(nil, host)}
}

// AppendObject appends a line that is a JSON object as a bunyan record of one
// line. For any other line it appends nothing, and returns FormText.
func (b *Bunyan) AppendObject(dst, line []byte, now time.Time) ([]byte, Form) {
	m, ok := match(line)
	if !ok {
		return dst, FormText
	}
	if !isOneLine(line) || !isClean(line) {
		line = NormaliseAt(nil, line, now)
		m, _ = match(line)
	}
	if m.bunyan() {
		return append(dst, line...), FormBunyan
	}
	return m.append(dst, line, b, now), FormObject
}

// BeginText appends the beginning of a record whose msg is text, up to the
// quote; AppendText, any number of times, its msg, and EndText the end.
func (b *Bunyan) BeginText(dst []byte, now time.Time) []byte {
	dst = append(dst, `{"v":0,"name":`...)
	dst = append(dst, b.name...)
	dst = append(dst, `,"hostname":`...)
	dst = append(dst, b.hostname...)
	dst = append(dst, `,"pid":0,"level":30,"time":"`...)
	dst = now.UTC().AppendFormat(dst, timeLayout)
	return append(dst, `","msg":"`...)
}

// AppendText appends text to a msg: at most six times its bytes.
func (b *Bunyan) AppendText(dst, text []byte) []byte {
	return jsonscan.AppendContents(dst, text)
}

// EndText appends the end of a record that BeginText began. cut is how many
// bytes of its text were left out; 0 is not noted.
func (b *Bunyan) EndText(dst []byte, cut int64) []byte {
	dst = append(dst, '"')
	if cut > 0 {
		dst = append(dst, `,"cut":`...)
		dst = strconv.AppendInt(dst, cut, 10)
	}
	return append(dst, '}')
}

// The names that fields are known by, in the order of preference within each
// kind.
const (
	nameTime = iota
	nameTS
	nameTimestamp
	nameAtTimestamp
	nameLevel
	nameSeverity
	nameLvl
	nameMsg
	nameMessage
	nameV
	nameName
	nameHostname
	namePID
	names
	noName = names
)

var nameOf = [names]string{"time", "ts", "timestamp", "@timestamp", "level", "severity", "lvl", "msg", "message", "v", "name", "hostname", "pid"}

// known returns which of the names a key, still escaped, is.
func known(key []byte) int {
	name := plainName(key)
	if name == noName && bytes.IndexByte(key, '\\') >= 0 {
		var buf [16]byte
		if plain, ok := jsonscan.AppendASCII(buf[:0], key); ok {
			return plainName(plain)
		}
	}
	return name
}

// plainName is known for a key in which nothing is escaped.
func plainName(key []byte) int {
	switch string(key) {
	case "time":
		return nameTime
	case "ts":
		return nameTS
	case "timestamp":
		return nameTimestamp
	case "@timestamp":
		return nameAtTimestamp
	case "level":
		return nameLevel
	case "severity":
		return nameSeverity
	case "lvl":
		return nameLvl
	case "msg":
		return nameMsg
	case "message":
		return nameMessage
	case "v":
		return nameV
	case "name":
		return nameName
	case "hostname":
		return nameHostname
	case "pid":
		return namePID
	}
	return noName
}

// matched is the fields of an object that have known names.
type matched struct {
	value  [names][]byte // the last of each; nil when there is none
	prefix int           // how often "fields." stands at the beginning of a key, at most
}

// match reads the members of a JSON object that have known names. It reports
// false when data is no valid JSON object.
func match(data []byte) (m matched, ok bool) {
	c := jsonscan.Check(data)
	for {
		key, value, ok := c.Next()
		if !ok {
			return m, c.Valid()
		}
		if name := known(key); name != noName {
			m.value[name] = value
		} else {
			m.prefix = max(m.prefix, fieldsPrefix(key))
		}
	}
}

const fieldsDot = "fields."

func fieldsPrefix(key []byte) (n int) {
	if bytes.IndexByte(key, '\\') >= 0 {
		key = []byte(jsonscan.Decode(key))
	}
	for bytes.HasPrefix(key, []byte(fieldsDot)) {
		key = key[len(fieldsDot):]
		n++
	}
	return n
}

// bunyan reports whether the object is a bunyan record.
func (m *matched) bunyan() bool {
	return isInteger(m.value[nameV]) && isInteger(m.value[namePID]) &&
		isString(m.value[nameName]) && isString(m.value[nameHostname]) && isString(m.value[nameMsg]) &&
		isInteger(m.value[nameLevel]) && levelOf(m.value[nameLevel]) > 0 && isTimeString(m.value[nameTime])
}

func isString(value []byte) bool { return value != nil && value[0] == '"' }

func isInteger(value []byte) bool {
	if value == nil || value[0] == '"' {
		return false
	}
	_, ok := integer(value)
	return ok
}

// isTimeString reports whether a value is a time of RFC 3339, quoted.
func isTimeString(value []byte) bool {
	if !isString(value) {
		return false
	}
	s := value[1 : len(value)-1]
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' || s[19] == ',' || bytes.IndexByte(s, '\\') >= 0 {
		return false
	}
	if s[len(s)-1] != 'Z' && s[len(s)-3] != ':' {
		return false
	}
	_, _, ok := parseTime(s)
	return ok
}

// append appends the object as a bunyan record.
func (m *matched) append(dst, object []byte, b *Bunyan, now time.Time) []byte {
	var taken [names]bool
	dst = append(dst, `{"v":`...)
	if v := m.value[nameV]; isInteger(v) {
		dst, taken[nameV] = append(dst, v...), true
	} else {
		dst = append(dst, '0')
	}
	dst = append(dst, `,"name":`...)
	dst, taken[nameName] = appendOr(dst, m.value[nameName], isString, b.name)
	dst = append(dst, `,"hostname":`...)
	dst, taken[nameHostname] = appendOr(dst, m.value[nameHostname], isString, b.hostname)
	dst = append(dst, `,"pid":`...)
	dst, taken[namePID] = appendOr(dst, m.value[namePID], isInteger, []byte("0"))

	level := Info
	for i := nameLevel; i <= nameLvl; i++ {
		if l, ok := levelAs(m.value[i], i == nameSeverity); ok {
			level, taken[i] = l, true
			break
		}
	}
	dst = append(dst, `,"level":`...)
	dst = strconv.AppendInt(dst, int64(level), 10)

	dst = append(dst, `,"time":`...)
	timed := false
	for i := nameTime; i <= nameAtTimestamp && !timed; i++ {
		dst, timed = appendTimeAs(dst, m.value[i])
		taken[i] = timed
	}
	if !timed {
		dst = append(dst, '"')
		dst = now.UTC().AppendFormat(dst, timeLayout)
		dst = append(dst, '"')
	}

	dst = append(dst, `,"msg":`...)
	switch {
	case isString(m.value[nameMsg]):
		dst, taken[nameMsg] = append(dst, m.value[nameMsg]...), true
	case isString(m.value[nameMessage]):
		dst, taken[nameMessage] = append(dst, m.value[nameMessage]...), true
	default:
		dst = append(dst, `""`...)
	}

	for key, value := range jsonscan.Members(object) {
		i := known(key)
		if i != noName && taken[i] {
			continue
		}
		dst = append(dst, ',', '"')
		switch i {
		case nameTime, nameLevel, nameMsg, nameV, nameName, nameHostname, namePID:
			for range m.prefix + 1 {
				dst = append(dst, fieldsDot...)
			}
			dst = append(dst, nameOf[i]...)
		default:
			dst = append(dst, key...)
		}
		dst = append(dst, '"', ':')
		dst = append(dst, value...)
	}
	return append(dst, '}')
}

func appendOr(dst, value []byte, fits func([]byte) bool, otherwise []byte) ([]byte, bool) {
	if fits(value) {
		return append(dst, value...), true
	}
	return append(dst, otherwise...), false
}
