package proxy

import (
	"encoding/json"
	"time"

	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

const (
	idLine      = "id: "
	dataLine    = "\ndata: "
	pingEvent   = "event: " + stream.EventPing + "\ndata:\n\n"
	endEvent    = "event: " + stream.EventEnd + "\ndata: {\"reason\":\"the proxy is shutting down\"}\n\n"
	hopProxy    = "proxy"
	slowReason  = "reader too slow"
	lateReason  = "asked for too late"
	otherReason = "the proxy has no log from before: it was started, or nobody read the stream for a while"
)

// appendLoss appends the event of a loss.
func appendLoss(dst []byte, id stream.EventID, loss stream.LossEvent) []byte {
	dst = append(dst, "event: "+stream.EventDropped+"\nid: "...)
	dst = id.AppendEvent(dst)
	dst = append(dst, dataLine...)
	dst = appendJSON(dst, loss)
	return append(dst, "\n\n"...)
}

// lossEvent is the data of the event of a loss in the log of a stream.
func lossEvent(name string, l entry.Loss) stream.LossEvent {
	e := stream.LossEvent{
		Stream: name, Count: l.Count, Total: l.Total, Unknown: l.Unknown, Since: timestamp(l.Since),
		Hop: l.Hop, Reason: l.Reason, Consolidator: l.Consolidator,
	}
	e.SetPosition(l.After)
	return e
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
