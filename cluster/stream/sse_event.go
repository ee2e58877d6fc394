package stream

import "strconv"

// LossEvent is the data of a dropped event.
type LossEvent struct {
	Stream       string `json:"stream"`
	Count        uint64 `json:"count"`             // records lost, exactly
	Total        uint64 `json:"total"`             // lost so far: with hop "proxy" by this session, otherwise by the stream at this proxy
	Since        string `json:"since"`             // RFC 3339; nothing was lost before it
	Hop          string `json:"hop"`               // where: "consolidator", "proxy", "network"
	Reason       string `json:"reason"`            // why, for people
	Unknown      bool   `json:"unknown,omitempty"` // and a number that nobody can know
	Consolidator string `json:"consolidator,omitempty"`

	// When the consolidator was restarted: where reading goes on there.
	Epoch string `json:"epoch,omitempty"` // of the stream's log, in base 36
	Next  uint64 `json:"next,omitempty"`  // sequence number of the next record

	// With hop "proxy", for those who sent a Sluice header: what comes next from
	// each consolidator, as in the Sluice-Positions header.
	Positions string `json:"positions,omitempty"`
}

// SetPosition notes where reading goes on. The zero Position is none.
func (e *LossEvent) SetPosition(at Position) {
	if at.Epoch != 0 {
		e.Epoch, e.Next = strconv.FormatUint(at.Epoch, 36), at.Seq
	}
}

// Position is where reading goes on, if it is told.
func (e *LossEvent) Position() (at Position, ok bool) {
	if e.Epoch == "" {
		return at, false
	}
	epoch, err := parseBase36(e.Epoch)
	return Position{Epoch: epoch, Seq: e.Next}, err == nil
}

// SourceEvent is the data of a source event: consolidator number N of a
// stream, as of now.
type SourceEvent struct {
	N            uint64 `json:"n"` // from 1; names one (consolidator, epoch) for as long as the proxy tails the stream
	Consolidator string `json:"consolidator"`
	State        string `json:"state"` // see State
	Epoch        string `json:"epoch"` // of the stream's log there, in base 36 (it does not fit in a JavaScript number); empty while unknown
	Next         uint64 `json:"next"`  // sequence number of the next record from there; 0 while unknown
}

// StreamsEvent is the answer of /api/streams, and the data of its events.
type StreamsEvent struct {
	Streams []LiveEvent `json:"streams"`
}

// LiveEvent is one live stream.
type LiveEvent struct {
	Name    string  `json:"name"`
	Rate    float64 `json:"rate"`    // records a second
	Bytes   float64 `json:"bytes"`   // bytes a second
	Records uint64  `json:"records"` // published, over all consolidators, in their present epochs
	Sources int     `json:"sources"` // consolidators that it comes from
}
