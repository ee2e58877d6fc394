package syslog

import (
	"bytes"
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// levels are bunyan's levels of the severities.
var levels = [...]record.Level{record.Fatal, record.Fatal, record.Fatal, record.Error, record.Warn, record.Info, record.Info, record.Debug}

// Origin is what is said of a message that does not say it itself.
type Origin struct {
	Host string    // that it came from
	Came time.Time // when
	Cut  int64     // bytes of it that are missing
}

// AppendRecord appends a message as a JSON object: a bunyan record, with the
// facility and what else the message says as fields. A text that is an object of
// JSON itself, also behind "@cee:", stays one, and gets what it lacks.
func (m *Message) AppendRecord(dst []byte, from Origin) []byte {
	if inner := m.object(); inner != nil {
		return m.appendObject(dst, inner, from)
	}
	dst = append(dst, `{"v":0`...)
	dst = m.appendCore(dst, func(string) bool { return false }, from)
	dst = append(dst, `,"msg":`...)
	dst = jsonscan.AppendString(dst, string(m.Text))
	dst = m.appendFields(dst, func(string) bool { return false })
	if from.Cut > 0 {
		dst = strconv.AppendInt(append(dst, `,"cut":`...), from.Cut, 10)
	}
	return append(dst, '}')
}

// object is the text, if it is an object of JSON.
func (m *Message) object() []byte {
	text := bytes.TrimLeft(bytes.TrimPrefix(bytes.TrimLeft(m.Text, " "), []byte("@cee:")), " ")
	if len(text) < 2 || text[0] != '{' || !jsonscan.ValidObject(text) {
		return nil
	}
	return bytes.TrimRight(text, " ")
}

func (m *Message) appendObject(dst, object []byte, from Origin) []byte {
	has := func(key string) bool { return jsonscan.Find(object, key) != nil }
	dst = append(dst, object[:len(object)-1]...)
	if len(bytes.TrimSpace(object[1:len(object)-1])) == 0 {
		dst = append(dst, `"v":0`...)
	}
	stated := record.PeekLevel(object) != 0
	dst = m.appendCore(dst, func(key string) bool {
		return has(key) || key == "level" && stated || key == "time" && record.PeekTime(object) != 0
	}, from)
	dst = m.appendFields(dst, has)
	return append(dst, '}')
}

// appendCore appends bunyan's fields but msg, those that there is none of yet.
func (m *Message) appendCore(dst []byte, has func(key string) bool, from Origin) []byte {
	text := func(key, value string) {
		if !has(key) {
			dst = append(append(append(dst, `,"`...), key...), `":`...)
			dst = jsonscan.AppendString(dst, value)
		}
	}
	number := func(key string, n int) {
		if !has(key) {
			dst = append(append(append(dst, `,"`...), key...), `":`...)
			dst = strconv.AppendInt(dst, int64(n), 10)
		}
	}
	name, host, at := m.App, m.Host, m.Time
	if name == "" {
		name = "syslog"
	}
	if host == "" {
		host = from.Host
	}
	if y := at.Year(); at.IsZero() || y < 1 || 9999 < y {
		at = from.Came
	}
	text("name", name)
	text("hostname", host)
	number("pid", m.pid())
	number("level", int(levels[m.Priority&7]))
	text("time", at.UTC().Format("2006-01-02T15:04:05.000Z"))
	return dst
}

// pid is the number of the process; 0 when it is none.
func (m *Message) pid() int {
	n, err := strconv.ParseInt(m.ProcID, 10, 32)
	if err != nil || n < 0 {
		return 0
	}
	return int(n)
}

// core are the names that fields cannot have.
var core = map[string]bool{"v": true, "name": true, "hostname": true, "pid": true, "level": true, "time": true, "msg": true}

// appendFields appends what else the message says.
func (m *Message) appendFields(dst []byte, has func(key string) bool) []byte {
	key := func(name string) bool {
		if has(name) {
			return false
		}
		if core[name] {
			name = "fields." + name
		}
		dst = append(jsonscan.AppendString(append(dst, ','), name), ':')
		return true
	}
	text := func(name, value string) {
		if value != "" && key(name) {
			dst = jsonscan.AppendString(dst, value)
		}
	}
	text("facility", m.Facility())
	if m.pid() == 0 {
		text("procid", m.ProcID)
	}
	text("msgid", m.MsgID)
	for i, e := range m.Data {
		if m.isRepeated(i) || !key(e.ID) {
			continue
		}
		dst = append(dst, '{')
		for k, p := range e.Params {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = append(jsonscan.AppendString(dst, p.Name), ':')
			dst = jsonscan.AppendString(dst, p.Value)
		}
		dst = append(dst, '}')
	}
	return dst
}

// isRepeated reports whether an element has the ID of one before, which RFC 5424
// forbids, or of another field.
func (m *Message) isRepeated(i int) bool {
	for _, e := range m.Data[:i] {
		if e.ID == m.Data[i].ID {
			return true
		}
	}
	switch m.Data[i].ID {
	case "facility", "procid", "msgid", "cut":
		return true
	}
	return false
}
