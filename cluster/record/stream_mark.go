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
