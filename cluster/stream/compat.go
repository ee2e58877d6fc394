package stream

import (
	"strconv"

	"sluice/cluster/httpapi"
)

// What the proxy still calls by these names.
const (
	HeaderLastEventID = httpapi.HeaderLastEventID
	HeaderPositions   = httpapi.HeaderPositions
	HeaderPassed      = httpapi.HeaderPassed
	HeaderClient      = httpapi.HeaderClient
	EventDropped      = httpapi.EventDropped
	EventSource       = httpapi.EventSource
	EventLive         = httpapi.EventLive
	EventPing         = httpapi.EventPing
	EventEnd          = httpapi.EventEnd
)

type (
	EventID      = httpapi.EventID
	SourceEvent  = httpapi.SourceEvent
	StreamsEvent = httpapi.StreamsEvent
	LiveEvent    = httpapi.LiveEvent
)

func ParseEventID[T string | []byte](s T) (EventID, error) { return httpapi.ParseEventID(s) }
func FormatPositions(p map[string]Position) string         { return httpapi.FormatPositions(p) }
func ParsePositions(s string) (map[string]Position, error) { return httpapi.ParsePositions(s) }

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
	epoch, err := httpapi.ParseBase36(e.Epoch)
	return Position{Epoch: epoch, Seq: e.Next}, err == nil
}
