package record

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"sluice/cluster/jsonscan"
)

// Head is what is cheap to read of a record, for sorting and filtering.
type Head struct {
	Time  int64 // Unix milliseconds; 0 when unknown
	Level Level // 0 when it has none, [Unknown] when it has one that is not understood
	// Foreign says that its time and level do not both stand where bunyan has them:
	// other fields may be what they are taken for.
	Foreign bool
	// Encoded says that the message stands in the record encoded once more, as
	// docker's json-file and the journal do it: its words need not stand in the
	// record's bytes.
	Encoded bool
}

// Peek reads the head of a record, without allocating: time and level as bunyan has
// them, and what lacks one of them as the table of docs/records.md has it. In any
// valid JSON object, and in any text, it finds what [Parse] finds; in other data
// what stands where a head would, or zeros. (What a container printed is decoded,
// and that allocates.)
func Peek(data []byte) Head {
	var own ownHead
	own.read(data)
	h := Head{Time: millisOf(own.time), Level: levelAlone(own.level)}
	if h.Time != 0 && h.Level != 0 {
		return h
	}
	h.Foreign = true
	if h.Time == 0 {
		h.Time = millisOf(own.ts)
	}
	if h.Time == 0 || h.Level == 0 {
		foreignHead(&h, data)
	}
	return h
}

// PeekTime is [Peek] for those who only need the time.
func PeekTime(data []byte) int64 {
	var own ownHead
	own.read(data)
	if ms := millisOf(own.time); ms != 0 {
		return ms
	}
	if ms := millisOf(own.ts); ms != 0 {
		return ms
	}
	h := Head{Level: Unknown}
	foreignHead(&h, data)
	return h.Time
}

// PeekLevel is [Peek] for those who only need the level.
func PeekLevel(data []byte) Level {
	var own ownHead
	own.read(data)
	if l := levelAlone(own.level); l != 0 {
		return l
	}
	h := Head{Time: -1}
	foreignHead(&h, data)
	return h.Level
}

// foreignHead reads of a head what is 0.
func foreignHead(h *Head, data []byte) {
	i := jsonscan.SkipSpace(data, 0)
	if i == len(data) {
		return
	}
	if data[i] != '{' {
		h.completeFromText(data)
		return
	}
	var r reading
	r.read(data)
	h.complete(r.head(h.Time == 0, h.Level == 0))
	if text := r.printed(); text != nil {
		h.Encoded = true
		switch {
		case h.Time != 0 && h.Level != 0:
		case jsonscan.ValidObject(text):
			foreignHead(h, text)
		default:
			h.completeFromText(text)
		}
	} else if c := r.message(); c != nil && c.value[0] == '[' {
		h.Encoded = true
	}
}

// completeFromText takes from a text what is 0.
func (h *Head) completeFromText(text []byte) {
	t := readText(text)
	h.complete(Head{Time: t.millis(), Level: t.level})
}

// complete takes from another head what is 0.
func (h *Head) complete(other Head) {
	if h.Time == 0 {
		h.Time = other.Time
	}
	if h.Level == 0 {
		h.Level = other.Level
	}
}

// head is the head of what was read, as far as it is wanted.
func (r *reading) head(when, level bool) (h Head) {
	if when {
		if sec, nsec, from := r.time(); from != nil {
			h.Time = sec*1000 + int64(nsec/1e6)
		}
	}
	if level {
		h.Level, _ = r.level()
	}
	return h
}

// ownHead is the values of fields that a record has itself, empty where it has none.
type ownHead struct {
	time, level []byte
	ts          []byte // after time the first of the table's times; it may be missing
}

// read finds the values.
func (h *ownHead) read(data []byte) {
	if len(data) == 0 || data[0] != '{' && !jsonscan.IsSpace(data[0]) || h.readQuickly(data) {
		return
	}
	*h = ownHead{}
	for key, value := range jsonscan.Members(data) {
		switch coreKey(key) {
		case keyTime:
			h.time = value
		case keyLevel:
			h.level = value
		}
	}
}

// millisOf reads a time as Unix milliseconds, 0 when it is none.
func millisOf(value []byte) int64 {
	if len(value) == 0 {
		return 0
	}
	sec, nsec, ok := timeOf(value)
	if !ok {
		return 0
	}
	return sec*1000 + int64(nsec/1e6)
}

// levelAlone reads a level that is one whatever the form of its record: a number of
// two digits, or a word. It is 0 for all others.
func levelAlone(value []byte) Level {
	if len(value) == 0 {
		return 0
	}
	if len(value) == 2 && '1' <= value[0] && value[0] <= '9' && isDigit(value[1]) {
		return Level(value[0]-'0')*10 + Level(value[1]-'0')
	}
	if value[0] == '"' && len(value) > 2 && !isDigit(value[1]) {
		level, _ := levelAs(value, numbersUsual, 0)
		return level
	}
	return 0
}

// readQuickly finds the values without looking at each member. That works in an object
// in which nothing is escaped, so that every quote begins or ends a string, in which
// each of the keys stands at most once, and no object or array begins before them. For
// all others it reports false, or leaves ts out.
func (h *ownHead) readQuickly(data []byte) bool {
	if data[0] != '{' || bytes.IndexByte(data, '\\') >= 0 {
		return false
	}
	nested := len(data) // where the first object or array within begins
	for _, c := range []byte("{[") {
		if i := bytes.IndexByte(data[1:nested], c); i >= 0 {
			nested = 1 + i
		}
	}
	stamps := 0
	for i := headKey(data, 1); i < len(data); i = headKey(data, i+1) {
		key := 0
		value := &h.time
		switch rest := data[i:]; {
		case bytes.HasPrefix(rest, []byte(`"time"`)):
			key = len(`"time"`)
		case bytes.HasPrefix(rest, []byte(`"level"`)):
			key, value = len(`"level"`), &h.level
		case bytes.HasPrefix(rest, []byte(`"ts"`)):
			if stamps++; i < nested {
				h.ts = plainValue(data, i, i+len(`"ts"`))
			}
			continue
		default:
			continue
		}
		if i > nested || *value != nil {
			return false
		}
		if *value = plainValue(data, i, i+key); *value == nil {
			return false
		}
	}
	if stamps > 1 {
		h.ts = nil
	}
	return true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// headKey returns the first place at or after i where a quote may be followed by
// the first letter of time or level, or len(data); eight places at a time. It
// passes none over, but may find too many.
func headKey(data []byte, i int) int {
	const differ = 't' ^ 'l' // bits in which the two letters differ; d and | are found, too
	for ; i+9 <= len(data); i += 8 {
		quote := binary.LittleEndian.Uint64(data[i:]) ^ '"'*ones
		letter := binary.LittleEndian.Uint64(data[i+1:])&^(differ*ones) ^ 't'&^differ*ones
		both := quote | letter
		if m := (both - ones) &^ both & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(data) && data[i] != '"' {
		i++
	}
	return i
}

// plainValue returns the value of the key from at up to end, or nil when that is
// no key, or has no value that ends.
func plainValue(data []byte, at, end int) []byte {
	// A key follows the beginning or a comma, and a colon follows it.
	i := at - 1
	for i > 0 && jsonscan.IsSpace(data[i]) {
		i--
	}
	if data[i] != ',' && i != 0 {
		return nil
	}
	i = jsonscan.SkipSpace(data, end)
	if i == len(data) || data[i] != ':' {
		return nil
	}
	i = jsonscan.SkipSpace(data, i+1)
	if i == len(data) {
		return nil
	}
	switch data[i] {
	case '{', '[':
		return nil
	case '"':
		n := bytes.IndexByte(data[i+1:], '"')
		if n < 0 {
			return nil
		}
		return data[i : i+n+2]
	}
	for j, c := range data[i:] {
		if c == ',' || c == '}' || jsonscan.IsSpace(c) {
			if j == 0 {
				return nil
			}
			return data[i : i+j]
		}
	}
	return nil
}
