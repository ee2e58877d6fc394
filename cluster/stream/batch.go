package stream

import (
	"errors"
	"strings"
	"time"

	"sluice/cluster/block"
	"sluice/cluster/loss"
)

// ErrClosed is returned by [Source.Take] when the source has ended and its
// inbox is empty.
var ErrClosed = errors.New("source is closed")

// Batch is what arrived since the last one was taken: records, and notices of
// what happened between them. It is never empty.
type Batch struct {
	Records []Record
	Notices []Notice // in order; see Notice.At

	blocks []*block.Block // what Record.Data points into
	own    *block.Block   // the last of those that are the batch's own
	used   int            // of own
	from   *block.Block   // the last that records were copied from, only to be compared
	life   uint64         // of it
	copied int            // bytes that were
	pooled bool           // an inbox made it
}

// Record is one log record as a source handed it on.
type Record struct {
	Stream   string
	Source   string   // name of the consolidator that it came through
	Position Position // at a foreign socket, which has none, as this side counts: in another epoch for each connection
	Arrived  int64    // when it was read from the network, Unix nanoseconds
	Data     []byte   // one JSON object, as the publisher sent it (direct) or normalised (proxy); never nil; foreign input: sanitise before showing
	Backfill bool     // it is older than the tail that asked for it
}

// Position is a place in a stream's log at one consolidator.
type Position = loss.Position

// Kind is what a [Notice] is about.
type Kind uint8

// The kinds of notice.
const (
	KindGap      Kind = iota + 1 // records were lost: Count, or Unknown
	KindState                    // a source changed its state: State, Err
	KindBackfill                 // the backfill of Stream has come, from all that answered in time; live records follow. Once per Tail.
	KindPosition                 // reading Stream at Source begins at Position; direct sources only
	KindAway                     // a source took nothing from its publishers for the time Away: what they dropped meanwhile nobody knows
	KindRestart                  // a replay went back: all that came before, of all streams, is to be forgotten, since it comes again
	KindRefused                  // Source, a proxy that is there, does not give Stream: Err says why, and it is asked for again; without Err, it gives it now
)

// Notice is something that happened in a stream or to a source, other than a
// record.
type Notice struct {
	At     int // it stands before Records[At]; len(Records) when it stands at the end
	Kind   Kind
	Time   time.Time
	Stream string // of a gap, a backfill and a refusal; of a state and of an absence, empty: it concerns all streams
	Source string // name of the consolidator, or of the proxy (its URL's host) if the proxy itself is meant

	// KindGap.
	Count   uint64 // records lost, exactly
	Unknown bool   // and a number that cannot be known, as after a consolidator was killed
	Hop     string // where they were lost: see package loss
	Reason  string // why, for people

	// KindPosition; and of a gap at a restart, where reading goes on after it.
	Position Position

	// KindAway.
	Away  time.Duration // as the reader saw it, or, if it stood still, by its own clock
	Stood bool          // it stood still, as a process that is stopped does; else it was restarted

	// KindState and KindRefused.
	State State
	Err   string // why it is connecting or lost, or refuses a stream, for people; may be empty
	Gone  bool   // it is lost and not tried again: it is no part of the cluster any more
}

// Loss is the loss that a notice of KindGap is about.
func (n *Notice) Loss() loss.Loss {
	return loss.Loss{
		Stream: n.Stream, Source: n.Source, Hop: n.Hop, Reason: n.Reason,
		Count: n.Count, Unknown: n.Unknown, After: n.Position,
	}
}

// GapNotice is the notice about a loss at a time; its place in a batch is to be set.
func GapNotice(l loss.Loss, at time.Time) Notice {
	return Notice{
		Kind: KindGap, Time: at, Stream: l.Stream, Source: l.Source, Hop: l.Hop, Reason: l.Reason,
		Count: l.Count, Unknown: l.Unknown, Position: l.After,
	}
}

// State is the state of one source.
type State uint8

// The states of a source.
const (
	StateUnknown     State = iota // behind a proxy that cannot be reached, or that nothing is asked of
	StateConnecting               // not reached yet, and being tried
	StateLive                     // connected; records arrive when there are any
	StateLost                     // was reached, is gone, and is being tried again
	StateUnaccounted              // connected to a foreign XPUB socket: records arrive, losses cannot be counted
)

func (s State) String() string {
	switch s {
	case StateConnecting:
		return "connecting"
	case StateLive:
		return "live"
	case StateLost:
		return "lost"
	case StateUnaccounted:
		return "unaccounted"
	}
	return "unknown"
}

// Connected reports whether records can arrive in this state.
func (s State) Connected() bool { return s == StateLive || s == StateUnaccounted }

// Status is one source as it stands now.
type Status struct {
	Name    string // of the consolidator, or of the proxy
	Address string // its endpoint or URL
	Proxy   bool   // it is the proxy
	Finder  bool   // it is where consolidators are found: lost, if they cannot be found anew
	Archive bool   // it is where history is read: lost, if it cannot be; what is live needs it for nothing
	Unread  bool   // nothing of it was handed on yet, since history of before it still is: what is missing there was told
	State   State
	Since   time.Time // of the state
	Err     string
}

// FinderText is how a place stands where consolidators are found, in words.
func (s *Status) FinderText() string {
	place := strings.TrimSpace(s.Name + " " + s.Address)
	switch {
	case s.State == StateConnecting && s.Err == "":
		return "consolidators are looked for in " + place
	case s.State == StateConnecting:
		return "consolidators are looked for in " + place + ": " + s.Err
	case s.State == StateLost:
		return "consolidators that have come since are not known from " + place + ": " + s.Err
	}
	return "there is no consolidator in " + place + " yet"
}

// Live is a stream that had a record within the last minute.
type Live struct {
	Name    string
	Rate    float64 // records a second, over the last seconds
	Bytes   float64 // bytes a second
	Records uint64  // published, over all its consolidators, in their present epochs
	Sources int     // consolidators it comes from
}

// Backfill is where a tail begins.
type Backfill struct {
	// Last is the number of records from before now, over all consolidators
	// together. 0 begins with the next record.
	Last int
	// Positions, when not nil, resumes: by the name of each consolidator, the
	// position of the next record wanted. Consolidators not named in it begin
	// as Last says.
	Positions map[string]Position
}
