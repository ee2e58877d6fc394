package loss

import (
	"encoding/json"
	"strconv"
	"time"

	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
)

// Event is a loss as a proxy reports it to a session.
type Event struct {
	Loss
	Total uint64    // lost so far: at hop "proxy" by the session, otherwise by the stream at this proxy
	Since time.Time // nothing was lost before it

	// Positions, with hop "proxy" and for those who sent a Sluice header, is what
	// comes next from each consolidator, as in the Sluice-Positions header.
	Positions string
}

// eventJSON is the data of a dropped event, see docs/http.md.
type eventJSON struct {
	Stream       string `json:"stream"`
	Count        uint64 `json:"count"`
	Total        uint64 `json:"total"`
	Since        string `json:"since"` // RFC 3339
	Hop          string `json:"hop"`
	Reason       string `json:"reason"`
	Unknown      bool   `json:"unknown,omitempty"`
	Consolidator string `json:"consolidator,omitempty"`
	Epoch        string `json:"epoch,omitempty"` // in base 36: it does not fit in a JavaScript number
	Next         uint64 `json:"next,omitempty"`
	Positions    string `json:"positions,omitempty"`
}

// timeLayout is how events write times, in UTC.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// AppendJSON appends the data of a dropped event, in one line and without
// what jsonscan.IsLineEnd reports.
func (e *Event) AppendJSON(dst []byte) []byte {
	j := eventJSON{
		Stream: e.Stream, Count: e.Count, Total: e.Total, Since: e.Since.UTC().Format(timeLayout),
		Hop: e.Hop, Reason: e.Reason, Unknown: e.Unknown, Consolidator: e.Source, Positions: e.Positions,
	}
	if e.After.Epoch != 0 {
		j.Epoch, j.Next = strconv.FormatUint(e.After.Epoch, 36), e.After.Seq
	}
	b, err := jsonscan.Marshal(j)
	if err != nil {
		panic(err) // strings, numbers and truth values always have a form
	}
	return append(dst, b...)
}

// ParseEvent reads what AppendJSON writes. A time or a position that cannot be
// read is left zero.
func ParseEvent(data []byte) (Event, error) {
	var j eventJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return Event{}, err
	}
	e := Event{
		Loss: Loss{
			Stream: j.Stream, Source: j.Consolidator, Hop: j.Hop, Reason: j.Reason,
			Count: j.Count, Unknown: j.Unknown,
		},
		Total: j.Total, Positions: j.Positions,
	}
	if since, err := time.Parse(time.RFC3339, j.Since); err == nil {
		e.Since = since
	}
	if epoch, err := strconv.ParseUint(j.Epoch, 36, 64); err == nil && epoch != 0 {
		e.After = Position{Epoch: epoch, Seq: j.Next}
	}
	return e, nil
}

// AppendText appends the loss as a reader of text gets it: a bunyan record of
// level warn on one line, without a line break.
func (e *Event) AppendText(dst []byte, now time.Time) []byte {
	what := dropped(e.Count)
	switch {
	case e.Unknown && e.Count == 0:
		what = "an unknown number of records dropped"
	case e.Unknown:
		what += ", and an unknown number"
	}
	fields := []any{
		keyDropped, e.Count, "unknown", e.Unknown, "total", e.Total, "since", e.Since.UTC().Format(timeLayout),
		"stream", e.Stream, "hop", e.Hop, "reason", e.Reason,
	}
	if e.Source != "" {
		fields = append(fields, "consolidator", e.Source)
	}
	fields = append(fields, record.NoticeKey, record.NoticeDropped)
	return record.AppendNotice(dst, now, record.Warn, what+": "+e.Reason, fields...)
}
