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
// Any other JSON object becomes one: v, name, hostname, pid, level, time and msg are
// read as docs/records.md says. Where the object does not state them they are 0, the
// name and the host of the Bunyan, 0, info, the time that AppendObject is given and
// empty; a level that is stated and not understood becomes 0, which readers take for
// [Unknown].
//
// Bunyan's fields come first, then all other fields, byte for byte and in their
// order; a field that has one of bunyan's names and could not be taken for it
// has "fields." before its name. What a container printed (docker's json-file) is
// read as a line of its own: a JSON object's fields come after docker's.
//
// Anything else becomes the msg of a record, with the level and the time that a text
// of its form states, or else info and now.
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
	if i := jsonscan.SkipSpace(line, 0); i == len(line) || line[i] != '{' {
		return dst, FormText
	}
	clean := isCleanLine(line)
	if clean && !mayBeBunyan(line) {
		return b.convert(dst, line, now)
	}
	m, ok := match(line)
	if !ok {
		return dst, FormText
	}
	if !clean {
		line = NormaliseAt(nil, line, now)
		m, _ = match(line)
	}
	if m.bunyan() {
		return append(dst, line...), FormBunyan
	}
	return b.convert(dst, line, now)
}

// mayBeBunyan reports whether bunyan's v may be in a line, which only its records
// have. It finds most of the others without reading them.
func mayBeBunyan(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"name":`)) || // as bunyan begins them
		bytes.HasPrefix(line, []byte(`{"v":`)) || bytes.Contains(line, []byte(`"v"`)) || bytes.Contains(line, []byte(`\u0076`))
}

// What stands before name, hostname and level in a record of text.
const (
	beforeName  = `{"v":0,"name":`
	beforeHost  = `,"hostname":`
	beforeLevel = `,"pid":0,"level":`
)

// BeginText appends the beginning of a record whose msg is text, up to the
// quote; AppendText, any number of times, its msg, and EndText the end. first is the
// text's beginning, its first line if that is not far too long: it may state level
// and time. The level that it states is returned; 0 if it states none.
func (b *Bunyan) BeginText(dst, first []byte, now time.Time) ([]byte, Level) {
	dst = append(dst, beforeName...)
	dst = append(dst, b.name...)
	dst = append(dst, beforeHost...)
	dst = append(dst, b.hostname...)
	dst = append(dst, beforeLevel...)
	dst, level := appendTextHead(dst, first, now)
	return append(dst, `,"msg":"`...), level
}

// AppendText appends text to a msg: at most six times its bytes.
func (b *Bunyan) AppendText(dst, text []byte) []byte {
	return jsonscan.AppendContents(dst, text)
}

// SetTextLevel sets the level of a record that BeginText began at the beginning of
// text, and that stated none: 10 to 99.
func (b *Bunyan) SetTextLevel(text []byte, level Level) {
	at := len(beforeName) + len(b.name) + len(beforeHost) + len(b.hostname) + len(beforeLevel)
	text[at], text[at+1] = '0'+byte(level/10), '0'+byte(level%10)
}

// EndText appends the end of a record that BeginText began. cut is how many
// bytes of its text were left out, and part which one of a text of several records
// it is, from 1; 0 is not noted.
func (b *Bunyan) EndText(dst []byte, cut, part int64) []byte {
	dst = append(dst, '"')
	if cut > 0 {
		dst = append(dst, `,"cut":`...)
		dst = strconv.AppendInt(dst, cut, 10)
	}
	if part > 0 {
		dst = append(dst, `,"part":`...)
		dst = strconv.AppendInt(dst, part, 10)
	}
	return append(dst, '}')
}

// matched is the fields of an object that have bunyan's names.
type matched struct {
	value  [keyComponent + 1][]byte // the last of each; nil when there is none
	prefix int                      // how often "fields." stands at the beginning of a key, at most
}

// match reads the members of a JSON object that have bunyan's names. It reports
// false when data is no valid JSON object.
func match(data []byte) (m matched, ok bool) {
	c := jsonscan.Check(data)
	for {
		key, value, ok := c.Next()
		if !ok {
			return m, c.Valid()
		}
		if core := coreKey(key); core != keyOther {
			m.value[core] = value
		} else if len(key) > 0 && (key[0] == fieldsDot[0] || key[0] == '\\') {
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
	if !isInteger(m.value[keyV]) || !isInteger(m.value[keyPID]) || !isInteger(m.value[keyLevel]) {
		return false
	}
	level, _ := integer(m.value[keyLevel])
	return 0 <= level && level <= MaxLevel &&
		isString(m.value[keyName]) && isString(m.value[keyHostname]) && isString(m.value[keyMsg]) && isTimeString(m.value[keyTime])
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
