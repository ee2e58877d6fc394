package httpapi

// TypeEvents is the media type of server-sent events.
const TypeEvents = "text/event-stream"

// Header names of the proxy's HTTP contract.
const (
	HeaderLastEventID = "Last-Event-ID"
	HeaderPositions   = "Sluice-Positions" // see FormatPositions
	HeaderClient      = "Sluice-Client"    // "1": wants the live event
)

// Names of the proxy's server-sent events. Records have none.
const (
	EventDropped = "dropped" // records were lost: loss.Event
	EventSource  = "source"  // a consolidator, its number and its state: SourceEvent
	EventLive    = "live"    // the backfill is complete; only for those who sent a Sluice header
	EventPing    = "ping"    // nothing happened
	EventCounts  = "counts"  // how many records there are, by time: see History
	EventRepeats = "repeats" // some records may come that the reader has: RepeatsEvent
	EventEnd     = "end"     // the proxy ends this session on purpose
)
