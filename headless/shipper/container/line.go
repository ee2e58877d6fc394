package container

import (
	"bytes"
	"time"

	"sluice/cluster/jsonscan"
)

// Line is a piece of what a container printed.
type Line struct {
	Time    time.Time
	Stderr  bool   // printed there, rather than to standard output
	Text    []byte // without the line break
	Partial bool   // the line goes on in the next Line of its stream
}

// Stream is where it was printed to, as runtimes name it.
func (l *Line) Stream() string {
	if l.Stderr {
		return "stderr"
	}
	return "stdout"
}

// CRI reads a line as in "2026-01-01T00:00:00.000000000Z stdout F text". Of several
// tags, divided by colons, the first tells whether the line goes on.
func CRI(line []byte) (l Line, ok bool) {
	stamp, rest, ok1 := bytes.Cut(line, []byte(" "))
	stream, rest, ok2 := bytes.Cut(rest, []byte(" "))
	tags, text, _ := bytes.Cut(rest, []byte(" "))
	if !ok1 || !ok2 || len(stamp) > len("2006-01-02T15:04:05.999999999+00:00") || len(stamp) == 0 || stamp[0] < '0' || '9' < stamp[0] {
		return Line{}, false
	}
	tag, _, _ := bytes.Cut(tags, []byte(":"))
	if len(tag) != 1 || tag[0] != 'F' && tag[0] != 'P' || !l.of(stream) {
		return Line{}, false
	}
	var err error
	if l.Time, err = time.Parse(time.RFC3339Nano, string(stamp)); err != nil {
		return Line{}, false
	}
	l.Text, l.Partial = text, tag[0] == 'P'
	return l, true
}

// Docker reads a line as in {"log":"text\n","stream":"stdout","time":"…"}; docker
// adds "attrs", if it is told to.
func Docker(line []byte) (l Line, ok bool) {
	if !bytes.HasPrefix(line, []byte(`{"log":"`)) {
		return Line{}, false
	}
	text, stream, stamp := -1, false, false
	check := jsonscan.Check(line)
	for {
		key, value, more := check.Next()
		if !more {
			break
		}
		if len(value) < 2 || value[0] != '"' {
			continue // attrs
		}
		inner := value[1 : len(value)-1]
		switch string(key) {
		case "log":
			l.Text = []byte(jsonscan.Decode(inner))
			text = len(l.Text)
		case "stream":
			stream = l.of(inner)
		case "time":
			var err error
			l.Time, err = time.Parse(time.RFC3339Nano, string(inner))
			stamp = err == nil
		}
	}
	if !check.Valid() || text < 0 || !stream || !stamp {
		return Line{}, false
	}
	l.Text = bytes.TrimSuffix(l.Text, []byte("\n"))
	l.Partial = len(l.Text) == text
	return l, true
}

// of takes the name of a stream.
func (l *Line) of(stream []byte) bool {
	l.Stderr = string(stream) == "stderr"
	return l.Stderr || string(stream) == "stdout"
}
