package loss

// Where records are lost: the values of Loss.Hop.
const (
	AtConsolidator = "consolidator"
	AtProxy        = "proxy"
	AtNetwork      = "network"
	AtRecording    = "recording"
	AtArchive      = "archive"
)

// Why records are lost, for people: values of Loss.Reason.
const (
	TooSlow   = "reader too slow"
	TooLate   = "asked for too late"
	Filter    = "filter"
	Away      = "disconnected for too long"
	Restarted = "consolidator restarted"
	TooLarge  = "larger than 256 KiB"
	Malformed = "sent as one frame, without a record"
)

// Loss is records of one stream that a reader did not get.
type Loss struct {
	Stream  string
	Source  string // name of the consolidator through which they would have come, or of the proxy; may be empty
	Hop     string // where they were lost; may be empty
	Reason  string // why, for people; may be empty
	Count   uint64 // records, exactly
	Unknown bool   // and a number that cannot be known, as after a consolidator was killed

	// After is where reading goes on at Source, when that was restarted. The zero
	// Position is none.
	After Position
}

// Refused reports whether the records were refused, whoever reads them: no reader was
// too slow.
func (l *Loss) Refused() bool { return l.Reason == TooLarge || l.Reason == Malformed }

// Position is a place in a stream's log at one consolidator: Epoch is one life
// of that log, Seq a record's sequence number in it, from 0.
type Position struct {
	Epoch uint64
	Seq   uint64
}
