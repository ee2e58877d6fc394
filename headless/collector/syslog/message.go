package syslog

import (
	"bytes"
	"strconv"
	"time"
)

// MaxMessage is how many bytes of a message are kept.
const MaxMessage = 64 << 10

// Message is one message. What it does not say is empty.
type Message struct {
	Priority int       // facility * 8 + severity
	Time     time.Time // zero when it says none
	Host     string
	App      string
	ProcID   string
	MsgID    string
	Data     []Element
	Text     []byte
}

// Element is structured data.
type Element struct {
	ID     string
	Params []Param
}

// Param is a parameter of an Element.
type Param struct{ Name, Value string }

// noPriority is of a message that says none: user.notice.
const noPriority = 1<<3 | 5

// facilities are their names, as syslog's configuration has them.
var facilities = [...]string{
	"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
	"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
}

// severities are their names.
var severities = [...]string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// Facility is what part of the system the message is from.
func (m *Message) Facility() string { return facilities[m.Priority>>3] }

// Severity is how bad it is.
func (m *Message) Severity() string { return severities[m.Priority&7] }

// Parse reads a message that came at a time: a time without a year, or without a
// zone, is the one that is nearest.
func Parse(data []byte, now time.Time) Message {
	data = bytes.TrimRight(data, "\r\n\x00")
	m := Message{Priority: noPriority}
	rest, ok := m.priority(data)
	if !ok {
		m.Text = data
		return m
	}
	if m.modern(rest) {
		return m
	}
	m = Message{Priority: m.Priority}
	m.old(rest, now)
	return m
}

// priority reads <13>.
func (m *Message) priority(data []byte) (rest []byte, ok bool) {
	end := bytes.IndexByte(data[:min(len(data), 5)], '>')
	if end < 2 || data[0] != '<' {
		return nil, false
	}
	for _, c := range data[1:end] {
		if c < '0' || '9' < c {
			return nil, false
		}
	}
	n, err := strconv.Atoi(string(data[1:end]))
	if err != nil || n >= len(facilities)*8 {
		return nil, false
	}
	m.Priority = n
	return data[end+1:], true
}

// word cuts off a word, and the space behind it.
func word(data []byte) (word, rest []byte) {
	word, rest, _ = bytes.Cut(data, []byte(" "))
	return word, rest
}
