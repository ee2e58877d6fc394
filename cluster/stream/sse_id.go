package stream

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/cluster/names"
)

// Header names of the proxy's HTTP contract.
const (
	HeaderLastEventID = "Last-Event-ID"
	HeaderPositions   = "Sluice-Positions" // see FormatPositions
	HeaderPassed      = "Sluice-Passed"    // "1": records behind the positions were told as lost; where Last-Event-ID is a place in the log, that alone counts
	HeaderClient      = "Sluice-Client"    // "1": wants the live event
)

// Names of the proxy's server-sent events. Records have none.
const (
	EventDropped = "dropped" // records were lost: LossEvent
	EventSource  = "source"  // a consolidator, its number and its state: SourceEvent
	EventLive    = "live"    // the backfill is complete; only for those who sent a Sluice header
	EventPing    = "ping"    // nothing happened
	EventEnd     = "end"     // the proxy ends this session on purpose
)

// maxPositions bounds how many positions one header may name.
const maxPositions = 4096

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
		v, err := parseBase36(part)
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

// parseBase36 is strict: no sign, no underscore, no capitals, at most 13 digits.
func parseBase36(s string) (uint64, error) {
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

// FormatPositions writes positions as the Sluice-Positions header has them:
// name:epoch:next, …, the name percent-encoded, the numbers in base 36, next
// the sequence number of the next record wanted. It is sorted by name.
func FormatPositions(positions map[string]Position) string {
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(positions)) {
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = append(b, strings.ReplaceAll(url.PathEscape(name), ":", "%3A")...)
		b = append(b, ':')
		b = strconv.AppendUint(b, positions[name].Epoch, 36)
		b = append(b, ':')
		b = strconv.AppendUint(b, positions[name].Seq, 36)
	}
	return string(b)
}

// ParsePositions reads what FormatPositions writes. An empty string gives an
// empty map. A name that stands twice has its last position.
func ParsePositions(s string) (map[string]Position, error) {
	positions := make(map[string]Position)
	for item := range strings.SplitSeq(s, ",") {
		item = strings.Trim(item, " \t")
		if item == "" {
			continue
		}
		escaped, numbers, _ := strings.Cut(item, ":")
		epoch, next, ok := strings.Cut(numbers, ":")
		source, err := url.PathUnescape(escaped)
		if err != nil || !ok || names.Check(source) != nil {
			return nil, fmt.Errorf("parse position %.80q: want name:epoch:next", item)
		}
		var at Position
		if at.Epoch, err = parseBase36(epoch); err == nil {
			at.Seq, err = parseBase36(next)
		}
		if err != nil {
			return nil, fmt.Errorf("parse position %.80q: want epoch and next in base 36", item)
		}
		if len(positions) >= maxPositions {
			return nil, fmt.Errorf("parse positions: more than %d of them", maxPositions)
		}
		positions[source] = at
	}
	return positions, nil
}
