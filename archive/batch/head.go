package batch

import (
	"errors"
	"time"

	"sluice/cluster/loss"
)

// Bounds, in bytes.
const (
	Cut       = 256 << 10 // of raw records, at which a batch is full
	MaxRecord = 512 << 10 // of one record
	MaxRaw    = 1 << 20   // of a batch's records, with what divides them: more than Cut and MaxRecord
)

// Head says what a batch holds.
type Head struct {
	Consolidator, Stream string
	Epoch                uint64
	First                uint64 // sequence number of the first record, or where the gap begins
	Count                uint64 // records; of a gap, those lost

	// Gap, when not nil, is a loss that the archive suffered: the batch has no records.
	// Its Stream is that of the batch. Count is what is known of it; with Unknown there
	// is more.
	Gap *loss.Loss

	Own     Span   // of the records' own times; zero if none has one
	Arrived Span   // when they came to the archive, by its clock
	Untimed uint64 // records without a time of their own: they go by Arrived
	Links

	raw     uint64 // bytes of the payload, decompressed
	kept    uint64 // bytes of the payload
	lengths bool   // whether it holds lengths rather than lines
}

// Next is the position after the batch: where the next batch of the stream begins,
// unless there is one that is missing.
func (h *Head) Next() loss.Position {
	if h.Gap != nil && h.Gap.After != (loss.Position{}) {
		return h.Gap.After
	}
	return loss.Position{Epoch: h.Epoch, Seq: h.First + h.Count}
}

// Raw is how many bytes the records take decompressed, with one each that divides them.
func (h *Head) Raw() uint64 { return h.raw }

// Times is the span of times by which the batch's records are found: their own, and for
// those without one, their arrival.
func (h *Head) Times() Span {
	switch {
	case h.Own == Span{}:
		return h.Arrived
	case h.Untimed == 0:
		return h.Own
	}
	return Span{min(h.Own.Earliest, h.Arrived.Earliest), max(h.Own.Latest, h.Arrived.Latest)}
}

// Span is from the earliest to the latest of some times, both included, in Unix
// milliseconds.
type Span struct{ Earliest, Latest int64 }

// Meets reports whether anything from one time on, and before another, may be in it. A
// zero time is no bound.
func (s Span) Meets(from, to time.Time) bool {
	return (from.IsZero() || s.Latest >= from.UnixMilli()) && (to.IsZero() || s.Earliest <= to.UnixMilli())
}

// add widens a span of n times, n from 0.
func (s *Span) add(n uint64, at int64) {
	if n == 0 {
		*s = Span{at, at}
		return
	}
	s.Earliest, s.Latest = min(s.Earliest, at), max(s.Latest, at)
}

// What may be wrong with a message, for errors.Is.
var (
	ErrForeign = errors.New("no batch of the archive: something else published it; only sluice archive may write to logs.>")
	ErrNewer   = errors.New("written by a newer sluice: update this one")
	ErrDamaged = errors.New("damaged: its bytes are not those that were written")
)
