package proxy

import (
	"bytes"

	"sluice/cluster/jsonscan"
)

// noticeKey is the field by which a line of text is known to be a notice of the proxy
// and no record. No record has it there: one that was published with it has another
// name for it.
const noticeKey = "sluice"

// What a notice is about: the value of its field.
const (
	noticeDropped = "dropped"
	noticeAway    = "away"
	noticeEnd     = "end"
)

// asNotice puts the field of notices at the end of a line of our own, which is a JSON
// object that is not empty. It uses the line's memory.
func asNotice(line []byte, about string) []byte {
	line = append(line[:len(line)-1], `,"`+noticeKey+`":"`...)
	return append(append(line, about...), `"}`...)
}

var (
	noticeQuoted = []byte(`"` + noticeKey + `"`)
	escaped      = []byte(`\u`)
)

// appendText appends a record as readers of text get it: byte for byte, unless it could
// be taken for a notice.
func appendText(dst, data []byte) []byte {
	if (bytes.Contains(data, noticeQuoted) || bytes.Contains(data, escaped)) && imitates(data) {
		return appendRenamed(dst, data)
	}
	return append(dst, data...)
}

// imitates tells whether a record has the field of notices, however that is written.
func imitates(data []byte) bool {
	for key := range jsonscan.Members(data) {
		if isNoticeKey(key) {
			return true
		}
	}
	return false
}

func isNoticeKey(key []byte) bool { return jsonscan.Decode(key) == noticeKey }

// appendRenamed appends a record with an underscore behind the name of that field.
func appendRenamed(dst, data []byte) []byte {
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
