package proxy

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// An entry of a log is one finished event: a record begins with its id line, a
// loss with its event line. Parsers in the field want exactly "lines\n\n".
const (
	idLine      = "id: "
	dataLine    = "\ndata: "
	lossHead    = "event: " + stream.EventDropped + "\nid: "
	countKey    = `,"count":`
	pingEvent   = "event: " + stream.EventPing + "\ndata:\n\n"
	endEvent    = "event: " + stream.EventEnd + "\ndata: {\"reason\":\"the proxy is shutting down\"}\n\n"
	maxBatch    = 32 << 10
	hopProxy    = "proxy"
	slowReason  = "reader too slow"
	lateReason  = "asked for too late"
	otherReason = "the proxy has no log from before: it was started, or nobody read the stream for a while"
)

// appendRecord appends the event of one record.
func appendRecord(dst []byte, id stream.EventID, data []byte) []byte {
	dst = append(dst, idLine...)
	dst = id.AppendEvent(dst)
	dst = append(dst, dataLine...)
	dst = record.Normalise(dst, data)
	return append(dst, "\n\n"...)
}

// appendLoss appends the event of a loss.
func appendLoss(dst []byte, id stream.EventID, loss stream.LossEvent) []byte {
	dst = append(dst, lossHead...)
	dst = id.AppendEvent(dst)
	dst = append(dst, dataLine...)
	dst = appendJSON(dst, loss)
	return append(dst, "\n\n"...)
}

// appendSource appends a source event.
func appendSource(dst []byte, source stream.SourceEvent) []byte {
	dst = append(dst, "event: "+stream.EventSource+dataLine...)
	dst = appendJSON(dst, source)
	return append(dst, "\n\n"...)
}

// appendLive appends the live event, whose id is the place of the next entry.
func appendLive(dst []byte, at stream.EventID) []byte {
	dst = append(dst, "event: "+stream.EventLive+"\nid: "...)
	dst = at.AppendPlace(dst)
	return append(dst, "\ndata:\n\n"...)
}

// timestamp is a time as events have it.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

// appendJSON appends a value that always has a JSON form, in one line and
// without U+2028 and U+2029.
func appendJSON(dst []byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return append(dst, "{}"...)
	}
	return append(dst, b...)
}

// next walks a log: the size of its first entry, and how many numbers it
// takes. A loss takes as many as records were lost, and at least one.
func next(entries []byte) (size int, numbers uint64) {
	size = bytes.Index(entries, []byte("\n\n")) + 2
	if isLoss(entries) {
		return size, max(1, lossCount(entries[:size]))
	}
	return size, 1
}

// isLoss tells a loss from a record.
func isLoss(entry []byte) bool { return entry[0] == lossHead[0] }

// lossCount reads the count of a loss. No string in its JSON can hold the key
// looked for, since quotes in strings are escaped.
func lossCount(entry []byte) uint64 {
	i := bytes.Index(entry, []byte(countKey))
	if i < 0 {
		return 0
	}
	digits := entry[i+len(countKey):]
	end := 0
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(string(digits[:end]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// lossPosition reads where reading goes on after a loss, if that is told.
func lossPosition(entry []byte) (at stream.Position, ok bool) {
	if !isLoss(entry) || !bytes.Contains(entry, []byte(`,"epoch":`)) {
		return at, false
	}
	var loss stream.LossEvent
	if err := json.Unmarshal(entryData(entry), &loss); err != nil {
		return at, false
	}
	return loss.Position()
}

// entryID reads the id of an entry, which this package wrote.
func entryID(entry []byte) stream.EventID {
	if isLoss(entry) {
		entry = entry[len(lossHead):]
	} else {
		entry = entry[len(idLine):]
	}
	id, err := stream.ParseEventID(entry[:bytes.IndexByte(entry, '\n')])
	if err != nil {
		return stream.EventID{}
	}
	return id
}

// withID returns an entry with another id, as an entry of its own.
func withID(entry []byte, id stream.EventID) []byte {
	head := idLine
	if isLoss(entry) {
		head = lossHead
	}
	rest := entry[len(head):]
	rest = rest[bytes.IndexByte(rest, '\n'):]
	b := id.AppendEvent(append(make([]byte, 0, len(entry)+8), head...))
	return append(b, rest...)
}

// entryData is the JSON in an entry.
func entryData(entry []byte) []byte {
	i := bytes.Index(entry, []byte(dataLine))
	return entry[i+len(dataLine) : len(entry)-2]
}
