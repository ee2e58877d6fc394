package syslog

import (
	"bytes"
	"time"
)

// maxTag is how long the name of a program is at most, in bytes.
const maxTag = 64

// old reads what RFC 3164 has behind the priority, in the forms in which it is
// written: with a year, a zone, parts of a second, RFC 3339's time, a number before the
// time (Cisco), without a time, without a host.
func (m *Message) old(data []byte, now time.Time) {
	rest := data
	if n := digits(rest); n > 0 && bytes.HasPrefix(rest[n:], []byte(": ")) {
		rest = rest[n+2:]
	}
	rest = bytes.TrimLeft(rest, "*.")
	if stamp, size := oldTime(rest, now); size > 0 {
		m.Time = stamp
		data = bytes.TrimPrefix(rest[size:], []byte(":"))
		data = bytes.TrimLeft(data, " ")
		// What is no tag is the host: programs of the same machine leave it out.
		host, behind := word(data)
		if _, _, ok := tag(data); !ok && isHost(host) {
			m.Host = string(host)
			data = behind
		}
	}
	if name, size, ok := tag(data); ok {
		m.App = string(name)
		data = data[size:]
		if len(data) > 0 && data[0] == '[' {
			if end := bytes.IndexByte(data[:min(len(data), maxTag)], ']'); end > 0 {
				m.ProcID = string(data[1:end])
				data = data[end+1:]
			}
		}
		data = bytes.TrimPrefix(data, []byte(":"))
	}
	m.Text = bytes.TrimPrefix(data, []byte(" "))
}

// tag reads the name of a program, which ends with [ or a colon; size is without
// that.
func tag(data []byte) (name []byte, size int, ok bool) {
	for i, c := range data[:min(len(data), maxTag)] {
		switch {
		case c == ':' && (i+1 == len(data) || data[i+1] == ' '), c == '[':
			return data[:i], i, i > 0
		case c <= ' ' || c == 0x7f || c == '"' || c == '{':
			return nil, 0, false
		}
	}
	return nil, 0, false
}

// isHost reports whether a word can be the name or the address of a machine.
func isHost(word []byte) bool {
	for _, c := range word {
		if c <= ' ' || 0x7f <= c || bytes.IndexByte([]byte(`"{}[]()<>=,;'`), c) >= 0 {
			return false
		}
	}
	return 0 < len(word) && len(word) <= 255
}

func digits(data []byte) (n int) {
	for n < len(data) && '0' <= data[n] && data[n] <= '9' {
		n++
	}
	return n
}

// oldLayouts are the forms of a time, of which each has its own length up to the
// parts of a second.
var oldLayouts = []string{time.Stamp, "Jan _2 2006 15:04:05", "2006 Jan _2 15:04:05"}

// oldTime reads the time that data begins with; size 0 means that there is none.
func oldTime(data []byte, now time.Time) (stamp time.Time, size int) {
	first, _ := word(data)
	if len(first) >= len("2006-01-02T15:04:05Z") && len(first) <= 40 {
		if stamp, err := time.Parse(time.RFC3339Nano, string(bytes.TrimSuffix(first, []byte(":")))); err == nil {
			return stamp, len(first)
		}
	}
	for _, layout := range oldLayouts {
		if len(data) < len(layout) {
			continue
		}
		stamp, err := time.ParseInLocation(layout, string(data[:len(layout)]), now.Location())
		if err != nil {
			continue
		}
		size = len(layout)
		if size+1 < len(data) && (data[size] == '.' || data[size] == ',') {
			if n := digits(data[size+1:]); 0 < n && n <= 9 {
				part, unit := time.Duration(0), time.Second
				for _, c := range data[size+1 : size+1+n] {
					unit /= 10
					part += time.Duration(c-'0') * unit
				}
				stamp = stamp.Add(part)
				size += 1 + n
			}
		}
		if bytes.HasPrefix(data[size:], []byte(" UTC")) || bytes.HasPrefix(data[size:], []byte(" GMT")) {
			size += len(" UTC")
			stamp = time.Date(stamp.Year(), stamp.Month(), stamp.Day(), stamp.Hour(), stamp.Minute(), stamp.Second(), stamp.Nanosecond(), time.UTC)
		}
		if size < len(data) && data[size] != ' ' && data[size] != ':' {
			return time.Time{}, 0
		}
		if stamp.Year() == 0 {
			stamp = nearest(stamp, now)
		}
		return stamp, size
	}
	return time.Time{}, 0
}

// nearest gives a time without a year the one in which it is nearest to now.
func nearest(stamp, now time.Time) time.Time {
	var best time.Time
	for year := now.Year() - 1; year <= now.Year()+1; year++ {
		t := time.Date(year, stamp.Month(), stamp.Day(), stamp.Hour(), stamp.Minute(), stamp.Second(), stamp.Nanosecond(), stamp.Location())
		if t.Day() != stamp.Day() {
			continue // the 29th of February, of a year that has none
		}
		if best.IsZero() || t.Sub(now).Abs() < best.Sub(now).Abs() {
			best = t
		}
	}
	return best
}
