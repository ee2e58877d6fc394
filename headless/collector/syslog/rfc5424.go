package syslog

import (
	"bytes"
	"time"
)

const (
	maxElements = 64   // of structured data that are kept
	maxParams   = 1024 // of all of them
)

// modern reads what RFC 5424 has behind the priority. It reports false when it is
// something else.
func (m *Message) modern(data []byte) bool {
	version, rest := word(data)
	if string(version) != "1" {
		return false
	}
	var head [5][]byte // time, host, app, procid, msgid
	for i := range head {
		if head[i], rest = word(rest); len(head[i]) == 0 || i == 0 && len(head[i]) > 40 || len(head[i]) > 255 {
			return false
		}
	}
	if stamp := nilled(head[0]); stamp != "" {
		var err error
		if m.Time, err = time.Parse(time.RFC3339Nano, stamp); err != nil {
			return false
		}
	}
	m.Host, m.App, m.ProcID, m.MsgID = nilled(head[1]), nilled(head[2]), nilled(head[3]), nilled(head[4])
	rest, ok := m.data(rest)
	if !ok {
		return false
	}
	rest = bytes.TrimPrefix(rest, []byte(" "))
	m.Text = bytes.TrimPrefix(rest, []byte("\xef\xbb\xbf"))
	if len(m.Text) > 1 && m.Text[0] == ' ' && m.Text[1] != ' ' {
		m.Text = m.Text[1:] // rsyslog writes the space that was behind an old message's tag
	}
	return true
}

// nilled is a word of the header, "" for "-".
func nilled(word []byte) string {
	if string(word) == "-" {
		return ""
	}
	return string(word)
}

// data reads structured data.
func (m *Message) data(data []byte) (rest []byte, ok bool) {
	if len(data) > 0 && data[0] == '-' {
		return data[1:], true
	}
	all := 0
	for len(data) > 0 && data[0] == '[' {
		end := bytes.IndexAny(data, " ]")
		if end < 2 {
			return nil, false
		}
		e := Element{ID: string(data[1:end])}
		data = data[end:]
		for {
			data = bytes.TrimLeft(data, " ")
			if len(data) > 0 && data[0] == ']' {
				break
			}
			p, rest, ok := param(data)
			if !ok {
				return nil, false
			}
			data = rest
			if all++; all <= maxParams {
				e.Params = append(e.Params, p)
			}
		}
		data = data[1:]
		if len(m.Data) < maxElements {
			m.Data = append(m.Data, e)
		}
	}
	return data, len(m.Data) > 0 && (len(data) == 0 || data[0] == ' ')
}

// param reads name="value".
func param(data []byte) (p Param, rest []byte, ok bool) {
	name, rest, ok := bytes.Cut(data, []byte(`="`))
	if !ok || len(name) == 0 || bytes.ContainsAny(name, " ]\"=") {
		return p, nil, false
	}
	var value []byte
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			return Param{string(name), string(value)}, rest[i+1:], true
		case c == '\\' && i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\' || rest[i+1] == ']'):
			i++
			value = append(value, rest[i])
		default:
			value = append(value, c)
		}
	}
	return p, nil, false
}
