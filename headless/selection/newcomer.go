package selection

import (
	"bytes"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// Newcomer is what is known of a stream that appeared while the client ran. It was
// asked for all of its log, so that its first records are there, too. Most such streams
// have just begun. Of one that was only idle, what is in its log from before the start
// is not wanted. Only the records' own times distinguish the two, and they are believed
// only if the newest one is recent enough for a stream that is live: a publisher of an
// old file has old times. The zero value is a stream that was there at the start, of
// which everything is wanted.
type Newcomer struct {
	appeared bool
	holding  bool            // its backfill is not complete
	held     []stream.Record // of it, with their own data
	heldSize int             // bytes of them
	slack    time.Duration
	since    int64           // Unix milliseconds: backfill from before it is not wanted; 0 when the times are not believed
	sources  map[string]bool // by which records came
}

const (
	// A stream that was not listed for long after the start had nothing for a
	// minute before it, so the clocks of machines may differ by so much.
	clockSlack  = 30 * time.Second
	believed    = 90 * time.Second // how old the newest record of a live stream may be at the start
	maxHeldBack = 16 << 20         // bytes of one stream's backfill that are held until it is complete
)

// Appeared reports whether the stream appeared while the client ran.
func (n *Newcomer) Appeared() bool { return n.appeared }

// Held is how many records are held.
func (n *Newcomer) Held() int { return len(n.held) }

// Hold keeps a record of the backfill until that is complete, and reports whether it
// did. One that it did not keep comes after those that [Newcomer.Complete] returns.
func (n *Newcomer) Hold(rec *stream.Record) bool {
	if !n.holding || !rec.Backfill || n.heldSize > maxHeldBack {
		return false
	}
	held := *rec
	held.Data = bytes.Clone(rec.Data)
	if held.Data == nil {
		held.Data = []byte{}
	}
	n.held = append(n.held, held)
	n.heldSize += len(held.Data)
	return true
}

// Complete ends the holding, and returns the records that were held, once. began is
// when the client did.
func (n *Newcomer) Complete(began time.Time) []stream.Record {
	if !n.holding {
		return nil
	}
	n.holding = false
	held := n.held
	n.held, n.heldSize = nil, 0
	for i := range held {
		if record.PeekTime(held[i].Data) >= began.Add(-believed).UnixMilli() {
			n.since = began.Add(-n.slack).UnixMilli()
			break
		}
	}
	return held
}

// Older reports whether a record is from before the client began, and not wanted. What
// has no time is not.
func (n *Newcomer) Older(rec *stream.Record) bool {
	if n.since == 0 || !rec.Backfill {
		return false
	}
	at := record.PeekTime(rec.Data)
	return at != 0 && at < n.since
}

// Missing is the loss that stands before a record, if something may be missing there:
// it is the first of its stream from its source, and the log had no longer its very
// first one, nor one from before the client began.
func (n *Newcomer) Missing(rec *stream.Record) (lost loss.Loss, missing bool) {
	if !n.appeared || n.sources[rec.Source] {
		return lost, false
	}
	if n.sources == nil {
		n.sources = make(map[string]bool)
	}
	n.sources[rec.Source] = true
	if n.Older(rec) || rec.Position.Seq == 0 || rec.Position.Epoch == 0 {
		return lost, false
	}
	return loss.Loss{
		Stream: rec.Stream, Source: rec.Source, Hop: loss.AtConsolidator, Unknown: true,
		Reason: "it had records before it was followed, and they may be gone",
	}, true
}
