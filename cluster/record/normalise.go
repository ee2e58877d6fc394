package record

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf8"

	"sluice/cluster/jsonscan"
)

// timeLayout is how bunyan writes times, in UTC.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// IsLine reports whether data is a record that may leave as it is: one line of
// UTF-8, one valid JSON object, without U+0085, U+2028 and U+2029.
func IsLine(data []byte) bool { return isCleanLine(data) && jsonscan.ValidObject(data) }

// isCleanLine reports whether data is one line of UTF-8 without U+0085, U+2028 and
// U+2029.
func isCleanLine(data []byte) bool { return isPlain(data) || isOneLine(data) && isClean(data) }

// isPlain reports whether data is ASCII without control characters, as nearly all
// lines are. It looks at eight bytes at once.
func isPlain(data []byte) bool {
	const top, space = 0x8080808080808080, 0x2020202020202020
	if len(data) < 8 {
		return false // the others find out
	}
	bad := func(i int) uint64 {
		x := binary.LittleEndian.Uint64(data[i:])
		return x | (x - space) // the top bit of a byte below a space is set by the subtraction
	}
	for i := 0; i+8 < len(data); i += 8 {
		if bad(i)&top != 0 {
			return false
		}
	}
	return bad(len(data)-8)&top == 0
}

// isClean reports whether data is UTF-8 without U+0085, U+2028 and U+2029.
func isClean(data []byte) bool { return !hasSeparator(data) && utf8.Valid(data) }

// isOneLine reports whether there is no line break in data. In valid JSON they
// can only stand between tokens.
func isOneLine(data []byte) bool {
	return bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0
}

// hasSeparator reports whether U+0085, U+2028 or U+2029 is in data.
func hasSeparator(data []byte) bool {
	return hasAfter(data, 0xc2, func(rest []byte) bool { return len(rest) > 0 && rest[0] == 0x85 }) ||
		hasAfter(data, 0xe2, func(rest []byte) bool { return len(rest) > 1 && rest[0] == 0x80 && rest[1]&^1 == 0xa8 })
}

// hasAfter reports whether a byte is in data after which found reports true.
func hasAfter(data []byte, first byte, found func(rest []byte) bool) bool {
	for {
		i := bytes.IndexByte(data, first)
		if i < 0 {
			return false
		}
		data = data[i+1:]
		if found(data) {
			return true
		}
	}
}

// Normalise appends data as exactly one line of valid JSON object in UTF-8,
// without a line break at its end. What [IsLine] accepts goes byte for byte.
// In any other JSON object U+0085, U+2028 and U+2029 are escaped, line breaks between
// tokens are taken out, and each byte of bad UTF-8 becomes U+FFFD; nothing else
// changes. A payload that is no JSON object becomes a bunyan record whose msg is the
// payload as text; its level and its time are those that the text is known to
// state, and otherwise info and now.
//
// What is appended is at most six times as long as data, and 128 bytes.
func Normalise(dst, data []byte) []byte {
	if IsLine(data) {
		return append(dst, data...)
	}
	return NormaliseAt(dst, data, time.Now())
}

// NormaliseAt is [Normalise] with the time that a payload gets which is no JSON
// object.
func NormaliseAt(dst, data []byte, now time.Time) []byte {
	if !jsonscan.ValidObject(data) {
		return appendPayload(dst, data, now)
	}
	for len(data) > 0 {
		c := data[0]
		switch {
		case c == '\n' || c == '\r':
			data = data[1:]
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			data = data[1:]
		default:
			r, n := utf8.DecodeRune(data)
			if jsonscan.IsLineEnd(r) {
				dst = jsonscan.AppendEscape(dst, r)
			} else {
				dst = utf8.AppendRune(dst, r)
			}
			data = data[n:]
		}
	}
	return dst
}

// appendPayload appends a bunyan record that carries a payload which is none.
func appendPayload(dst, payload []byte, now time.Time) []byte {
	dst = append(dst, `{"v":0,"name":"unknown","hostname":"unknown","pid":0,"level":`...)
	dst, _ = appendTextHead(dst, payload, now)
	dst = append(dst, `,"msg":`...)
	dst = jsonscan.AppendString(dst, string(bytes.TrimRight(payload, "\r\n")))
	return append(dst, '}')
}

// appendTextHead appends the level of a text and its time, each with a default, up
// to the comma after them. It returns the level that the text states; 0 is none.
func appendTextHead(dst, text []byte, now time.Time) ([]byte, Level) {
	h := readText(text)
	level := h.level
	switch level {
	case 0:
		level = Info
	case Unknown:
		level = 0
	}
	dst = strconv.AppendInt(dst, int64(level), 10)
	dst = append(dst, `,"time":`...)
	if h.timed && representable(h.sec) {
		return appendTime(dst, time.Unix(h.sec, int64(h.nsec))), h.level
	}
	return appendTime(dst, now.Truncate(time.Millisecond)), h.level
}
