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
	Level Level // 0 when it has none
}

// Peek reads the head of a record from its top-level fields, without allocating.
// In any valid JSON object it finds what [Parse] finds; in other data what stands
// where a head would, or zeros.
func Peek(data []byte) Head {
	if when, level, ok := quickHead(data); ok {
		h := Head{Time: millisOf(when)}
		if len(level) > 0 {
			h.Level = levelOf(level)
		}
		return h
	}
	return slowHead(data)
}

// PeekTime is [Peek] for those who only need the time.
func PeekTime(data []byte) int64 {
	if when, _, ok := quickHead(data); ok {
		return millisOf(when)
	}
	return slowHead(data).Time
}

// slowHead is Peek member by member.
func slowHead(data []byte) Head {
	var h Head
	for key, value := range jsonscan.Members(data) {
		switch coreKey(key) {
		case keyTime:
			h.Time = millisOf(value)
		case keyLevel:
			h.Level = levelOf(value)
		}
	}
	return h
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

// quickHead finds the values of time and level, empty where there is none,
// without looking at each member. That works in an object in which nothing is
// escaped, so that every quote begins or ends a string, in which each of the two
// keys stands at most once, and no object or array begins before them. For all
// others it reports false.
func quickHead(data []byte) (when, level []byte, ok bool) {
	if len(data) == 0 || data[0] != '{' || bytes.IndexByte(data, '\\') >= 0 {
		return nil, nil, false
	}
	nested := len(data) // where the first object or array within begins
	for _, c := range []byte("{[") {
		if i := bytes.IndexByte(data[1:nested], c); i >= 0 {
			nested = 1 + i
		}
	}
	for i := headKey(data, 1); i < len(data); i = headKey(data, i+1) {
		key := 0
		value := &when
		switch rest := data[i:]; {
		case bytes.HasPrefix(rest, []byte(`"time"`)):
			key = len(`"time"`)
		case bytes.HasPrefix(rest, []byte(`"level"`)):
			key, value = len(`"level"`), &level
		default:
			continue
		}
		if i > nested || *value != nil {
			return nil, nil, false
		}
		if *value = plainValue(data, i, i+key); *value == nil {
			return nil, nil, false
		}
	}
	return when, level, true
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
