package proxy

import (
	"context"
	"fmt"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

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
	end, _ := limited.Deadline()
	source, err := s.proxy.cfg.Open(max(time.Until(end)/2, time.Nanosecond)) // 0 would be another wait
	if err != nil {
		s.proxy.cfg.Logger.Warn("cannot read again for a session that came back", "stream", s.request.name, "err", err)
		return nil
	}
	run, stop := context.WithCancel(limited)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := source.Run(run); err != nil {
			s.proxy.cfg.Logger.Warn("reading again for a session has ended", "stream", s.request.name, "err", err)
		}
	}()
	defer func() {
		stop()
		<-ended
	}()
	defer s.sieve.waiting(limited)()
	want := s.request.want
	source.Tail(s.request.name, stream.Backfill{Last: int(min(want.Last, firstBackfill)), Positions: want.Positions})
	for {
		b, err := source.Take(limited)
		if err != nil {
			return ctx.Err()
		}
		done := s.rereadBatch(b)
		b.Release()
		if done {
			return nil
		}
		if s.size() < maxBatch {
			continue
		}
		if err := s.flush(); err != nil {
			return fmt.Errorf("write what was read again: %w", err)
		}
	}
}

// rereadBatch adds what was read again, and reports whether that is all.
func (s *session) rereadBatch(b *stream.Batch) (done bool) {
	at := 0
	for i := range b.Notices {
		n := &b.Notices[i]
		s.rereadRecords(b.Records[at:n.At])
		at = n.At
		switch n.Kind {
		case stream.KindGap:
			s.rereadGap(n)
		case stream.KindBackfill:
			done = true
		}
	}
	s.rereadRecords(b.Records[at:])
	s.addUnseen()
	return done
}

func (s *session) rereadRecords(records []stream.Record) {
	var line []byte
	for i := range records {
		r := &records[i]
		line = record.Normalise(line[:0], r.Data)
		s.addRecord(s.numbered(func() httpapi.EventID { return s.resume.Record(&s.tail.sources, r.Source, r.Position) }), r.Source, line)
	}
}

func (s *session) rereadGap(n *stream.Notice) {
	id := s.numbered(func() httpapi.EventID { return s.resume.Gap(&s.tail.sources, n) })
	if !s.request.filter.from(n.Source) {
		return
	}
	lost := loss.Event{Loss: n.Loss(), Total: n.Count, Since: n.Time}
	lost.Stream = s.request.name
	s.addLoss(id, lost)
}

// numbered returns the id of what was read again, for which a source may get a
// number; the reader gets to know that before.
func (s *session) numbered(id func() httpapi.EventID) httpapi.EventID {
	t := s.tail
	t.mu.Lock()
	got := id()
	t.wake()
	t.mu.Unlock()
	if t.version.Load() != s.seen {
		s.addSources()
	}
	return got
}
