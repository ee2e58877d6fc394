package httpapi

import "bytes"

// Event is one server-sent event as it came. Its slices are valid until its
// handler returns.
type Event struct {
	ID   []byte // of this event; nil when it has none
	Name []byte // nil when it has none
	Data []byte // its lines, joined
}

var (
	fieldData  = []byte("data")
	fieldID    = []byte("id")
	fieldEvent = []byte("event")
)

// ParseEvents calls yield for each event in b, which holds whole events: lines
// that end with LF or CRLF, an empty one after each event. Comments and fields
// that are not known are passed over. Nothing is copied, unless an event has
// several lines of data.
func ParseEvents(b []byte, yield func(*Event)) {
	var e Event
	any, lines := false, 0 // lines of data
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			if any {
				yield(&e)
			}
			e, any, lines = Event{}, false, 0
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case bytes.Equal(name, fieldData):
			switch lines++; lines {
			case 1:
				e.Data = value[:len(value):len(value)]
			case 2:
				e.Data = append(append(bytes.Clone(e.Data), '\n'), value...)
			default:
				e.Data = append(append(e.Data, '\n'), value...)
			}
			any = true
		case bytes.Equal(name, fieldID):
			e.ID = value
		case bytes.Equal(name, fieldEvent):
			e.Name = value
			any = true
		}
	}
}
