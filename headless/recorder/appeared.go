package recorder

import (
	"bytes"
	"errors"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
)

// A stream that appears while the recording runs is asked for all of its log,
// so that its first records are in the recording, too. Most such streams have
// just begun. Of one that was only idle, what is in its log from before the
// recording is no part of it. Only the records' own times distinguish the
// two, and they are believed only if the newest one is recent enough for a stream
// that is live: a publisher of an old file has old times.

const (
	// A stream that was not listed for long after the start had nothing for a
	// minute before it, so the clocks of machines may differ by so much.
	clockSlack  = 30 * time.Second
	believed    = 90 * time.Second // how old the newest record of a live stream may be at the start
	maxHeldBack = 16 << 20         // bytes of one stream's backfill that are held until it is complete
)

// hold keeps backfill of a stream that appeared until it is complete, and
// reports whether it did.
func (s *recorded) hold(rec *stream.Record) bool {
	if !s.holding || !rec.Backfill || s.heldSize > maxHeldBack {
		return false
	}
	held := *rec
	held.Data = bytes.Clone(rec.Data)
	if held.Data == nil {
		held.Data = []byte{}
	}
	s.held = append(s.held, held)
	s.heldSize += len(held.Data)
	return true
}

// complete decides what of the backfill is part of the recording, and records
// it.
func (r *Recorder) complete(s *recorded) error {
	if !s.holding {
		return nil
	}
	s.holding = false
	held := s.held
	s.held, s.heldSize = nil, 0
	for i := range held {
		if record.PeekTime(held[i].Data) >= r.began.Add(-believed).UnixMilli() {
			s.since = r.began.Add(-s.slack).UnixMilli()
			break
		}
	}
	for i := range held {
		if err := r.add(s, &held[i]); err != nil {
			if !errors.Is(err, headless.ErrMet) {
				r.Unwritten(held[i+1:], nil)
			}
			return err
		}
	}
	return nil
}

// older reports whether a record of a stream that appeared is from before the
// recording. What has no time is not.
func (s *recorded) older(rec *stream.Record) bool {
	if s.since == 0 || !rec.Backfill {
		return false
	}
	at := record.PeekTime(rec.Data)
	return at != 0 && at < s.since
}

// missing reports whether something may be missing before a record: it is the
// first of its stream from its source, and the log had no longer its very first
// one, nor one from before the recording.
func (s *recorded) missing(rec *stream.Record, older bool) bool {
	if s.sources[rec.Source] {
		return false
	}
	if s.sources == nil {
		s.sources = make(map[string]bool)
	}
	s.sources[rec.Source] = true
	return !older && rec.Position.Seq > 0 && rec.Position.Epoch != 0
}

// completeAll records what is held of streams that appeared just before the
// end.
func (r *Recorder) completeAll() error {
	for _, s := range r.selection.streams {
		if err := r.complete(s); err != nil {
			return err
		}
	}
	return nil
}
