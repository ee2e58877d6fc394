package proxy

import (
	"strconv"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/jsonscan"
	"sluice/cluster/loss"
	"sluice/proxy/resume"
)

const (
	idLine    = "id: "
	dataLine  = "\ndata: "
	pingEvent = "event: " + httpapi.EventPing + "\ndata:\n\n"
	endEvent  = "event: " + httpapi.EventEnd + "\ndata: {\"reason\":\"the proxy is shutting down\"}\n\n"

	lifetimeEvent  = "event: " + httpapi.EventEnd + "\ndata: {\"reason\":\"" + lifetimeReason + "\",\"again\":true}\n\n"
	lifetimeReason = "this response has lasted as long as one may"

	expiredEvent  = "event: " + httpapi.EventEnd + "\ndata: {\"reason\":\"" + expiredReason + "\"}\n\n"
	expiredReason = "the token has expired"
)

// appendLoss appends the event of a loss.
func appendLoss(dst []byte, id httpapi.EventID, lost *loss.Event) []byte {
	dst = append(dst, "event: "+httpapi.EventDropped+"\nid: "...)
	dst = id.AppendEvent(dst)
	dst = append(dst, dataLine...)
	dst = lost.AppendJSON(dst)
	return append(dst, "\n\n"...)
}

// appendSource appends a source event.
func appendSource(dst []byte, s resume.Source) []byte {
	e := httpapi.SourceEvent{N: s.Number, Consolidator: s.Consolidator, State: s.State.String(), Next: s.Next}
	if s.Epoch != 0 {
		e.Epoch = strconv.FormatUint(s.Epoch, 36)
	}
	if a := s.Absence; a != nil {
		e.Away, e.Stood, e.Back = a.AwaySeconds(), a.Stood, a.Time.UTC().Format(time.RFC3339Nano)
	}
	dst = append(dst, "event: "+httpapi.EventSource+dataLine...)
	dst = appendJSON(dst, e)
	return append(dst, "\n\n"...)
}

// appendPing appends a heartbeat, whose id is the place of the next entry.
func appendPing(dst []byte, at httpapi.EventID, ping httpapi.PingEvent) []byte {
	dst = append(dst, "event: "+httpapi.EventPing+"\nid: "...)
	dst = at.AppendPlace(dst)
	if ping.Positions == "" {
		return append(dst, "\ndata:\n\n"...)
	}
	dst = append(dst, dataLine...)
	dst = appendJSON(dst, ping)
	return append(dst, "\n\n"...)
}

// appendLive appends the live event, whose id is the place of the next entry.
func appendLive(dst []byte, at httpapi.EventID) []byte {
	dst = append(dst, "event: "+httpapi.EventLive+"\nid: "...)
	dst = at.AppendPlace(dst)
	return append(dst, "\ndata:\n\n"...)
}

// appendJSON appends a value that always has a JSON form, in one line and
// without what jsonscan.IsLineEnd reports.
func appendJSON(dst []byte, v any) []byte {
	b, err := jsonscan.Marshal(v)
	if err != nil {
		return append(dst, "{}"...)
	}
	return append(dst, b...)
}
