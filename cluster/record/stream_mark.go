package record

import (
	"time"

	"sluice/cluster/jsonscan"
)

// AppendStreamMark appends the line that stands in a recording of several streams before
// records of one of them: those up to the next such line. It is one line, without a line
// break at its end, and as long for one time as for another.
func AppendStreamMark(dst []byte, now time.Time, stream string) []byte {
	return AppendNotice(dst, now, Info, "records of "+stream, "stream", stream, NoticeKey, NoticeStream)
}

// IsStreamMark reports whether a line ends, byte for byte, as [AppendStreamMark] writes
// it. No record in a recording ends so.
func IsStreamMark(line []byte) bool { return endsIn(line, endStream) }

// ParseStreamMark reads what [AppendStreamMark] writes: the name of a stream, which is not
// checked. ok is false for anything else.
func ParseStreamMark(line []byte) (stream string, ok bool) {
	if !IsStreamMark(line) || !jsonscan.ValidObject(line) {
		return "", false
	}
	for key, value := range jsonscan.Members(line) {
		if string(key) == "stream" && jsonscan.IsString(value) {
			stream = jsonscan.Text(value)
		}
	}
	return stream, stream != ""
}

// StreamMarks tells the marks of a file from the lines that are none. A recording of
// several streams begins with a mark: in a file that does not, lines that look like marks
// are lines like any others. The zero value is for the beginning of a file.
type StreamMarks struct {
	begun   bool
	Several bool // the file began with a mark
}

// Next takes the next line, without its line break, and reports whether it is a mark.
// Blank lines are none, and count for nothing.
func (m *StreamMarks) Next(line []byte) bool {
	return (m.Several || !m.begun) && m.next(line)
}

func (m *StreamMarks) next(line []byte) bool {
	if len(line) == 0 {
		return false
	}
	first := !m.begun
	m.begun = true
	if _, ok := ParseStreamMark(line); !ok {
		return false
	}
	m.Several = m.Several || first
	return true
}
