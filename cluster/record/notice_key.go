package record

import (
	"bytes"

	"sluice/cluster/jsonscan"
)

// NoticeKey is the field by which a line is known to be by Sluice itself, and no record:
// in a recording, and for readers of the proxy's text. It is the last one, and its value
// says what the line is about. See [HasNoticeKey] and [IsNotice].
const NoticeKey = "sluice"

// What a line by Sluice itself is about.
const (
	NoticeDropped = "dropped" // records that were lost
	NoticeAway    = "away"    // a source that was away
	NoticeEnd     = "end"     // the end of a response
	NoticeRepeats = "repeats" // records that may come twice
	NoticeStream  = "stream"  // the stream of the records that follow; see [AppendStreamMark]
)

// How a line by Sluice itself ends.
const (
	endDropped = `,"` + NoticeKey + `":"` + NoticeDropped + `"}`
	endAway    = `,"` + NoticeKey + `":"` + NoticeAway + `"}`
	endStream  = `,"` + NoticeKey + `":"` + NoticeStream + `"}`
)

// IsLoss reports whether a line ends, byte for byte, as one by Sluice itself about
// records that were lost. In a JSON object that is its last field.
func IsLoss(line []byte) bool { return endsIn(line, endDropped) }

// IsNotice reports whether a line ends, byte for byte, as one by Sluice itself in a
// recording. No record ends so there.
func IsNotice(line []byte) bool {
	return endsIn(line, endDropped) || endsIn(line, endAway) || endsIn(line, endStream)
}

func endsIn(line []byte, end string) bool {
	from := len(line) - len(end)
	return from >= 0 && line[from] == end[0] && string(line[from:]) == end // nearly always the first byte tells
}

// HasNoticeKey reports whether data is a JSON object that has the field NoticeKey,
// however its name is written.
func HasNoticeKey(data []byte) bool {
	if !mayHaveNoticeKey(data) || !jsonscan.ValidObject(data) {
		return false
	}
	for key := range jsonscan.Members(data) {
		if isNoticeKey(key) {
			return true
		}
	}
	return false
}

func isNoticeKey(key []byte) bool { return jsonscan.Decode(key) == NoticeKey }

const (
	quotedKey = `"` + NoticeKey + `"`
	letter    = 'u' // which is in it, and in each escape that may stand for one of its letters
	letterAt  = 3
)

// mayHaveNoticeKey reports whether HasNoticeKey has to look closer: the name stands in
// data, or a character that is written as its number. Of nearly all records it is false,
// after one fast search.
func mayHaveNoticeKey(data []byte) bool {
	for at := 0; ; at++ {
		n := bytes.IndexByte(data[at:], letter)
		if n < 0 {
			return false
		}
		at += n
		if at > 0 && data[at-1] == '\\' {
			return true
		}
		if from := at - letterAt; from >= 0 && len(data)-from >= len(quotedKey) && string(data[from:from+len(quotedKey)]) == quotedKey {
			return true
		}
	}
}

// AppendRenamed appends a JSON object with an underscore behind the name NoticeKey of a
// field. All else is as it was, without the space between the fields.
func AppendRenamed(dst, data []byte) []byte {
	dst = append(dst, '{')
	first := true
	for key, value := range jsonscan.Members(data) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, '"'), key...)
		if isNoticeKey(key) {
			dst = append(dst, '_')
		}
		dst = append(append(dst, `":`...), value...)
	}
	return append(dst, '}')
}
