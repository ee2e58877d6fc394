package httpapi

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var errEventID = errors.New("event id is not of the form epoch.number.source.sequence")

// EventID is the id of one event of a proxy: a place in the proxy's own log of
// a stream, and the consolidator that the record came through.
type EventID struct {
	Epoch  uint64 // of the proxy's log; 0 when the event is not in it
	Next   uint64 // number of the event that follows this one
	Source uint64 // number of the consolidator, see SourceEvent; 0 for none
	Seq    uint64 // the record's sequence number at that consolidator
}

// AppendEvent appends the id of an event: <epoch>.<number>.<source>.<sequence>
// in base 36, where number is the last number that the event takes, Next-1.
// What stands before the first number has no such id: it gets its place.
func (id EventID) AppendEvent(dst []byte) []byte {
	if id.Next == 0 {
		return id.AppendPlace(dst)
	}
	dst = strconv.AppendUint(dst, id.Epoch, 36)
	dst = append(dst, '.')
	dst = strconv.AppendUint(dst, id.Next-1, 36)
	dst = append(dst, '.')
	dst = strconv.AppendUint(dst, id.Source, 36)
	dst = append(dst, '.')
	return strconv.AppendUint(dst, id.Seq, 36)
}

// AppendPlace appends <epoch>.<next> in base 36, the id of an event that is no
// entry of the log but stands at a place in it, as the live event.
func (id EventID) AppendPlace(dst []byte) []byte {
	dst = strconv.AppendUint(dst, id.Epoch, 36)
	dst = append(dst, '.')
	return strconv.AppendUint(dst, id.Next, 36)
}

// ParseEventID reads what AppendEvent and AppendPlace write.
func ParseEventID[T string | []byte](s T) (EventID, error) {
	var parts [4]uint64
	n := 0
	for rest := string(s); ; n++ {
		part, after, more := strings.Cut(rest, ".")
		v, err := ParseBase36(part)
		if err != nil || n == len(parts) {
			return EventID{}, errEventID
		}
		parts[n] = v
		if !more {
			break
		}
		rest = after
	}
	switch {
	case n == 1:
		return EventID{Epoch: parts[0], Next: parts[1]}, nil
	case n == 3 && parts[1] != math.MaxUint64:
		return EventID{Epoch: parts[0], Next: parts[1] + 1, Source: parts[2], Seq: parts[3]}, nil
	}
	return EventID{}, errEventID
}

// ParseBase36 is strict: no sign, no underscore, no capitals, at most 13 digits.
func ParseBase36(s string) (uint64, error) {
	if len(s) > 13 {
		return 0, strconv.ErrRange
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return 0, strconv.ErrSyntax
		}
	}
	return strconv.ParseUint(s, 36, 64)
}
