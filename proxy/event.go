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

	lifetimeEvent  = "event: " + httpapi.EventEnd + "\ndata: {\"reason\":\"" + lifetimeReason + "\",\"again\":true}\n\n"
	lifetimeReason = "this response has lasted as long as one may"

	endDraining = "the proxy is shutting down"
	endOver     = "the time asked for is over"
	endExpired  = "the token has expired"
)

// appendHead appends how a named event begins, up to its data.
func appendHead(dst []byte, event string, id []byte) []byte {
	dst = append(append(dst, "event: "...), event...)
	if len(id) > 0 {
		dst = append(append(dst, '\n'), idLine...)
		dst = append(dst, id...)
	}
	return append(dst, dataLine...)
}

// appendLoss appends the event of a loss.
func appendLoss(dst, id []byte, lost *loss.Event) []byte {
	dst = lost.AppendJSON(appendHead(dst, httpapi.EventDropped, id))
	return append(dst, "\n\n"...)
}

// appendSource appends a source event, of a stream if that is to be named.
func appendSource(dst, id []byte, stream string, s resume.Source) []byte {
	e := httpapi.SourceEvent{Stream: stream, N: s.Number, Consolidator: s.Consolidator, State: s.State.String(), Next: s.Next}
	if s.Epoch != 0 {
		e.Epoch = strconv.FormatUint(s.Epoch, 36)
	}
	if a := s.Absence; a != nil {
		e.Away, e.Stood, e.Back = a.AwaySeconds(), a.Stood, a.Time.UTC().Format(time.RFC3339Nano)
	}
	dst = appendJSON(appendHead(dst, httpapi.EventSource, id), e)
	return append(dst, "\n\n"...)
}

// appendRepeats appends the event that some records may come twice.
func appendRepeats(dst, id []byte, e httpapi.RepeatsEvent) []byte {
	dst = appendJSON(appendHead(dst, httpapi.EventRepeats, id), e)
	return append(dst, "\n\n"...)
}

// appendPing appends a heartbeat, whose id is the place of the next entry.
func appendPing(dst, id []byte, ping httpapi.PingEvent) []byte {
	dst = appendHead(dst, httpapi.EventPing, id)
	if ping == (httpapi.PingEvent{}) {
		return append(dst[:len(dst)-1], "\n\n"...)
	}
	return append(appendJSON(dst, ping), "\n\n"...)
}

// appendLive appends the live event, whose id is the place of the next entry.
func appendLive(dst, id []byte) []byte {
	dst = appendHead(dst, httpapi.EventLive, id)
	return append(dst[:len(dst)-1], "\n\n"...)
}

// appendEnd appends the end event.
func appendEnd(dst []byte, reason string) []byte {
	dst = appendJSON(appendHead(dst, httpapi.EventEnd, nil), struct {
		Reason string `json:"reason"`
	}{reason})
	return append(dst, "\n\n"...)
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
