package httpapi

// SourceEvent is the data of a source event: consolidator number N of a
// stream, as of now.
type SourceEvent struct {
	Stream       string `json:"stream,omitempty"` // where a response has several
	N            uint64 `json:"n"`                // from 1; names one (consolidator, epoch) for as long as the proxy tails the stream
	Consolidator string `json:"consolidator"`
	State        string `json:"state"` // see stream.State
	Epoch        string `json:"epoch"` // of the stream's log there, in base 36 (it does not fit in a JavaScript number); empty while unknown
	Next         uint64 `json:"next"`  // sequence number of the next record from there; 0 while unknown

	// When it is back after it took nothing from its publishers for a while, or had
	// stood still: what they dropped meanwhile is unknown. Left out otherwise.
	Away  float64 `json:"away,omitempty"`  // for how long, in seconds
	Stood bool    `json:"stood,omitempty"` // it stood still; else it was restarted
	Back  string  `json:"back,omitempty"`  // when the proxy noticed that it was back, RFC 3339: the same in all sessions
}

// EndEvent is the data of an end event.
type EndEvent struct {
	Reason string `json:"reason"`          // for people
	Again  bool   `json:"again,omitempty"` // the proxy is there: ask again, at once
}

// PingEvent is the data of a ping event, if it has any, for readers of ours.
type PingEvent struct {
	Positions string `json:"positions"`        // of the next records, at all consolidators, for those with a filter, who do not see how far they have come: see FormatPositions
	Finder    string `json:"finder,omitempty"` // where the proxy cannot find consolidators anew now, such as etcd
}

// RepeatsEvent is the data of a repeats event.
type RepeatsEvent struct {
	Stream string `json:"stream"`
	Reason string `json:"reason"` // for people: which records, and why
}

// StreamsEvent is the answer of /api/streams, and the data of its events.
type StreamsEvent struct {
	Streams []LiveEvent `json:"streams"`        // sorted by name
	Next    string      `json:"next,omitempty"` // there are more after this name: see QueryAfter
}

// ChangesEvent is what has changed in the list of live streams, for those who ask for
// WatchChanges. Without More, what was told so far, put together, is the list: the names
// exactly, the figures to about a tenth, or exactly where few streams are active.
type ChangesEvent struct {
	All     bool        `json:"all,omitempty"`  // a list begins: what was told before counts no more
	Changed []LiveEvent `json:"changed"`        // streams that have come, or have other figures; in no order
	Gone    []string    `json:"gone,omitempty"` // streams that are not live any more, or not of the page
	More    bool        `json:"more,omitempty"` // the rest of what has changed comes next
	Next    string      `json:"next,omitempty"` // without More: as in StreamsEvent
}

// LiveEvent is one live stream.
type LiveEvent struct {
	Name    string  `json:"name"`
	Rate    float64 `json:"rate"`    // records a second
	Bytes   float64 `json:"bytes"`   // bytes a second
	Records uint64  `json:"records"` // published, over all consolidators, in their present epochs
	Sources int     `json:"sources"` // consolidators that it comes from
}
