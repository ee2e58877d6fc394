package proxy

import (
	"context"
	"fmt"

	"sluice/cluster/fanout"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// begin puts the cursor where the request wants it.
func (s *session) begin(ctx context.Context) error {
	t := s.tail
	t.mu.Lock()
	place, elsewhere := s.where()
	if !elsewhere {
		s.join(place)
		t.mu.Unlock()
		return nil
	}
	s.skip = newSkip(s.ask.positions, place.Next)
	t.mu.Unlock()

	// The log by itself does not go on where the reader left. What is missing
	// is read again at the consolidators; then comes all of the log, but for
	// what the reader has by then.
	if err := s.reread(ctx); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	stat, _ := s.proxy.hub.Stat(t.name)
	s.join(fanout.Position{Epoch: stat.Epoch, Next: max(stat.First, t.floor)})
	s.skip.stand(t, stat.Next)
	return nil
}

// stand notes where the log stands, for a session that goes on by places at
// consolidators.
func (s *session) stand() {
	t := s.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	stat, _ := s.proxy.hub.Stat(t.name)
	s.skip.stand(t, stat.Next)
}

// where decides at which place of the log the session begins, and tells what
// cannot be had. elsewhere means that the reader names places at consolidators
// which have to be looked up there; place is then where it would begin without
// them. tail.mu is held.
func (s *session) where() (place fanout.Position, elsewhere bool) {
	t, a := s.tail, s.ask
	stat, _ := s.proxy.hub.Stat(t.name)
	first := max(stat.First, t.floor)
	if a.resume && a.after.Epoch == stat.Epoch && t.floor <= a.after.Next && a.after.Next <= stat.Next {
		place = fanout.Position{Epoch: stat.Epoch, Next: a.after.Next}
		switch {
		case a.passed:
			return place, false // the positions are from before it
		case !t.table.covers(a.positions):
			s.fresh = true
			return place, true
		case a.after.Next >= first || len(a.positions) == 0:
			return place, false // what is gone is counted by the log
		}
	}
	s.fresh = true
	place = fanout.Position{Epoch: stat.Epoch, Next: t.before(first, stat.Next, a.last)}
	if len(a.positions) > 0 {
		return place, true
	}
	if a.resume {
		s.tellOwnLoss(stream.EventID{Epoch: place.Epoch, Next: place.Next}, 0, true, otherReason)
	}
	return place, false
}

// join begins reading the log, and tells the sources as of then. tail.mu is
// held.
func (s *session) join(place fanout.Position) {
	t := s.tail
	if s.ask.events {
		b := s.buffer()
		*b = t.table.since(*b, s.seen, notYet)
	}
	s.seen, s.joined, s.changed = t.table.version, t.table.version, t.changed
	s.reader.Tail(t.name, fanout.From{Kind: fanout.FromPosition, Position: place})
}

// reread reads what the reader misses from a source of its own, until that has
// said that all is there. What cannot be had that way is told when the log goes
// on behind it. The error is the reader's.
func (s *session) reread(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, s.proxy.cfg.Reread)
	defer cancel()
	select {
	case s.proxy.rereads <- struct{}{}:
		defer func() { <-s.proxy.rereads }()
	case <-s.proxy.draining:
		return errDraining
	case <-limited.Done():
		return ctx.Err()
	}
	source, err := s.proxy.cfg.Open()
	if err != nil {
		s.proxy.cfg.Logger.Warn("cannot read again for a session that came back", "stream", s.ask.name, "err", err)
		return nil
	}
	run, stop := context.WithCancel(limited)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := source.Run(run); err != nil {
			s.proxy.cfg.Logger.Warn("reading again for a session has ended", "stream", s.ask.name, "err", err)
		}
	}()
	defer func() {
		stop()
		<-ended
	}()
	source.Tail(s.ask.name, stream.Backfill{Last: int(min(s.ask.last, firstBackfill)), Positions: s.ask.positions})
	for {
		b, err := source.Take(limited)
		if err != nil {
			return ctx.Err()
		}
		done := s.again(b)
		b.Release()
		if done {
			return nil
		}
		if err := s.flushFull(); err != nil {
			return err
		}
	}
}

// again adds what was read again, and reports whether that is all.
func (s *session) again(b *stream.Batch) (done bool) {
	at := 0
	for i := range b.Notices {
		n := &b.Notices[i]
		s.againRecords(b.Records[at:n.At])
		at = n.At
		switch n.Kind {
		case stream.KindGap:
			s.againGap(n)
		case stream.KindBackfill:
			done = true
		}
	}
	s.againRecords(b.Records[at:])
	return done
}

func (s *session) againRecords(records []stream.Record) {
	var line []byte
	for i := range records {
		r := &records[i]
		s.skip.note(r.Source, r.Position)
		line = record.Normalise(line[:0], r.Data)
		s.record(s.againID(r.Source, r.Position.Epoch, r.Position.Seq), line)
	}
}

// unplaced is an id that is no place in the log: with none of its numbers. All
// events have such ids as long as the session has a skip: the reader may have
// records that stand further on in the log, and must go on by its places at
// consolidators when it comes back.
func unplaced(source, seq uint64) stream.EventID {
	return stream.EventID{Next: 1, Source: source, Seq: seq}
}

// againID is the id of an event that is about a record of a consolidator.
func (s *session) againID(consolidator string, epoch, seq uint64) stream.EventID {
	id := unplaced(s.tail.number(consolidator, epoch), seq)
	if s.tail.version.Load() != s.seen {
		s.tellSources()
	}
	return id
}

func (s *session) againGap(n *stream.Notice) {
	w := s.skip.wanted(n.Source)
	loss := stream.LossEvent{
		Stream: s.ask.name, Count: n.Count, Total: n.Count, Unknown: n.Unknown, Since: timestamp(n.Time),
		Hop: n.Hop, Reason: n.Reason, Consolidator: n.Source,
	}
	switch {
	case n.Position.Epoch != 0:
		w.goOn(n.Position)
		w.noted = true
		loss.SetPosition(n.Position)
	case n.Unknown:
		w.told = true
	default:
		w.Seq += n.Count
		w.noted = true
	}
	id := unplaced(0, 0)
	// An epoch that is the reader's word alone gets no number in the table: it
	// would pass for the newest there, for everybody.
	if w.Seq > 0 && (w.noted || s.tail.knows(n.Source, w.Epoch)) {
		id = s.againID(n.Source, w.Epoch, w.Seq-1)
	}
	s.addLoss(id, loss)
}

// flushFull writes the batch if it is full.
func (s *session) flushFull() error {
	if s.size() < maxBatch {
		return nil
	}
	if err := s.flush(); err != nil {
		return fmt.Errorf("write what was read again: %w", err)
	}
	return nil
}
