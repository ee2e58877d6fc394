package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// links are batches in their order.
type links interface {
	// next is the next one, nil after the last.
	next(ctx context.Context) (*link, error)
}

// strand is what one consolidator had of a stream, record by record, with the gaps in
// their places.
type strand struct {
	chain *chain
	query *Query
	links links
	timed bool // the times of records are looked at: to merge, or to choose

	at    loss.Position // what comes next
	known bool          // at is
	stop  *loss.Position

	expired bool   // what was before the first batch is not held any more
	any     bool   // there was a batch
	number  uint64 // of the last one
	came    int64  // when its last record did, in Unix milliseconds
	fault   error  // of batches since
	left    bool   // no more is to be taken

	batch   *link
	inside  bool // all records of the batch are of the time that is wanted
	records batch.Records
	buf     []byte

	// What is next.
	record stream.Record
	time   int64 // Unix milliseconds; never goes back
	gap    *loss.Loss
	lost   time.Time // when the batch before the gap came, or where there is none, that behind it
}

// next moves to the next record or gap, and reports whether there is one. A record stands
// in memory that the batch after it uses; before that is taken, next calls release.
func (s *strand) next(ctx context.Context, release func() error) (bool, error) {
	s.gap = nil
	for {
		for s.batch != nil {
			seq := s.records.Seq()
			data, ok := s.records.Next()
			if !ok {
				s.batch = nil
				break
			}
			if s.stops(loss.Position{Epoch: s.batch.Epoch, Seq: seq}) {
				return false, nil
			}
			if seq < s.at.Seq {
				continue
			}
			s.at.Seq = seq + 1
			if s.passes(seq, data) {
				return true, nil
			}
		}
		if s.left {
			return false, nil
		}
		if err := release(); err != nil {
			return false, err
		}
		l, err := s.links.next(ctx)
		if err != nil {
			return false, err
		}
		if l == nil || s.query.ended(l) && l.fault == nil {
			s.left = true
			return s.ends(), nil
		}
		if s.take(l) {
			return true, nil
		}
	}
}

// stops reports whether reading ends before a position.
func (s *strand) stops(at loss.Position) bool {
	if s.stop == nil || at.Epoch != s.stop.Epoch || at.Seq < s.stop.Seq {
		return false
	}
	s.left, s.batch = true, nil
	return true
}

// ends tells of what could not be read at the end, unless somebody reads on from there,
// who finds the number.
func (s *strand) ends() bool {
	if s.fault == nil || s.query.To.IsZero() {
		return false
	}
	s.lost = time.UnixMilli(s.came)
	if !s.any {
		s.lost = s.query.To
	}
	s.loses(&loss.Loss{Unknown: true, Reason: damagedReason(s.fault)})
	return true
}

// take takes a batch up, and reports whether something is lost before its records.
func (s *strand) take(l *link) bool {
	if l.fault != nil {
		s.fault = l.fault
		return false
	}
	if s.stops(l.begin()) {
		return false // what is missing before that, whoever has the rest knows
	}
	lost := s.missing(l)
	if !s.known || s.at.Epoch != l.Epoch || l.First > s.at.Seq {
		s.at, s.known = l.begin(), true
	}
	if !s.any {
		s.came = l.Arrived.Earliest
	}
	s.lost, s.came = time.UnixMilli(s.came), l.Arrived.Latest
	s.number, s.any, s.fault = l.Number, true, nil
	if l.Gap != nil {
		lost = joined(lost, s.suffered(l))
	} else {
		s.open(l)
	}
	if lost == nil {
		return false
	}
	s.loses(lost)
	return true
}

// missing is what is lost between the position that comes next and a batch.
func (s *strand) missing(l *link) *loss.Loss {
	reason := Missing
	switch {
	case s.fault != nil:
		reason = damagedReason(s.fault)
	case !s.any && s.expired:
		reason = expired(l.Arrived.Earliest)
	}
	switch {
	case !s.known:
		if s.expired && s.query.reaches(l) {
			return &loss.Loss{Unknown: true, Reason: reason}
		}
		return nil
	case s.at.Epoch == l.Epoch && l.First > s.at.Seq:
		return &loss.Loss{Count: l.First - s.at.Seq, Reason: reason}
	case s.at.Epoch == l.Epoch:
		return nil
	case s.fault != nil || s.any && l.Number != s.number+1 || !s.any && s.expired:
		return &loss.Loss{Count: l.First, Unknown: true, Reason: reason, After: l.begin()}
	case l.First > 0:
		return &loss.Loss{Count: l.First, Reason: reason, After: l.begin()}
	}
	return nil
}

// suffered is what of a gap that the archive had itself is lost here.
func (s *strand) suffered(l *link) *loss.Loss {
	gap, next := *l.Gap, l.Next()
	if gap.After.Epoch == 0 || gap.After.Epoch == l.Epoch {
		if s.stop != nil && s.stop.Epoch == l.Epoch && s.stop.Seq < next.Seq {
			next = *s.stop
		}
		if next.Seq <= s.at.Seq && !gap.Unknown {
			return nil
		}
		gap.Count = next.Seq - min(s.at.Seq, next.Seq)
	}
	s.at = next
	return &gap
}

// joined is two losses, of which one follows the other, as one.
func joined(a, b *loss.Loss) *loss.Loss {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	both := *b
	both.Count, both.Unknown = a.Count+b.Count, a.Unknown || b.Unknown
	if both.After.Epoch == 0 {
		both.After = a.After
	}
	return &both
}

// open begins with the records of a batch.
func (s *strand) open(l *link) {
	if l.First+l.Count <= s.at.Seq {
		return
	}
	times := l.Times()
	if !times.Meets(s.query.From, s.query.To) {
		s.at.Seq = l.First + l.Count // nothing in it is of the time that is wanted
		return
	}
	records, buf, err := l.Open(l.payload, s.buf)
	l.payload = nil
	if err != nil {
		s.fault = err
		return
	}
	s.batch, s.records, s.buf = l, records, buf
	s.inside = (s.query.From.IsZero() || times.Earliest >= s.query.From.UnixMilli()) && (s.query.To.IsZero() || times.Latest <= s.query.To.UnixMilli())
}

// ahead is how much later than its arrival a record's own time may be, in milliseconds:
// with one that is later still, all that follows would wait for that time.
const ahead = 5000

// passes makes a record the next one, if it is of the time that is wanted.
func (s *strand) passes(seq uint64, data []byte) bool {
	if s.timed || !s.inside {
		own := record.PeekTime(data)
		if !s.inside && !s.wants(own) {
			return false
		}
		s.time = max(s.time, s.sorts(own))
	}
	s.record = stream.Record{
		Stream: s.chain.stream, Source: s.chain.consolidator,
		Position: loss.Position{Epoch: s.batch.Epoch, Seq: seq},
		Arrived:  s.batch.Arrived.Earliest * int64(time.Millisecond), Data: data, Backfill: true,
	}
	return true
}

// wants reports whether a record of a time is wanted; one without a time goes by its
// batch's arrival.
func (s *strand) wants(own int64) bool {
	if own == 0 {
		return s.batch.Arrived.Meets(s.query.From, s.query.To)
	}
	return batch.Span{Earliest: own, Latest: own}.Meets(s.query.From, s.query.To)
}

// sorts is the time by which a record of an own time is merged.
func (s *strand) sorts(own int64) int64 {
	if own == 0 {
		return s.batch.Arrived.Earliest
	}
	return min(own, s.batch.Arrived.Latest+ahead)
}

// loses makes a loss what is next.
func (s *strand) loses(lost *loss.Loss) {
	s.gap = lost
	s.gap.Stream, s.gap.Source = s.chain.stream, s.chain.consolidator
	if s.gap.Hop == "" {
		s.gap.Hop = loss.AtArchive
	}
}

// Missing is why records are lost that the archive should have, for people.
const Missing = "the archive has it no more: removed, or damaged"

func damagedReason(err error) string {
	switch {
	case errors.Is(err, errGone):
		return Missing
	case errors.Is(err, batch.ErrForeign):
		return "something else wrote into the archive"
	case errors.Is(err, batch.ErrNewer):
		return "a newer sluice wrote it: update this one"
	}
	return "damaged in the archive"
}

// expired is why records are lost that were held no more, for people.
func expired(since int64) string {
	return fmt.Sprintf("nothing is held from before %s", time.UnixMilli(since).UTC().Format(time.RFC3339))
}
