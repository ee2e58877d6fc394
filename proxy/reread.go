package proxy

import (
	"context"
	"fmt"
	"math"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// reread reads what the reader misses of a stream from a source of its own, until that
// has said that all is there, and reports whether it has. What cannot be had that way
// of consolidators that the reader named is told when the log goes on behind it. The
// error is the reader's.
func (s *session) reread(ctx context.Context, p *part) (all bool, err error) {
	limited, cancel := context.WithTimeout(ctx, s.proxy.cfg.Reread)
	defer cancel()
	go func() {
		select {
		case <-s.proxy.draining:
			cancel()
		case <-limited.Done():
		}
	}()
	select {
	case s.proxy.rereads <- struct{}{}:
		defer func() { <-s.proxy.rereads }()
	case <-s.proxy.draining:
		return false, errDraining
	case <-limited.Done():
		return false, ctx.Err()
	}
	end, _ := limited.Deadline()
	source, err := s.proxy.cfg.Open(max(time.Until(end)/2, time.Nanosecond)) // 0 would be another wait
	if err != nil {
		s.proxy.cfg.Logger.Warn("cannot read again for a session that came back", "stream", p.name, "err", err)
		return false, nil
	}
	run, stop := context.WithCancel(limited)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := source.Run(run); err != nil {
			s.proxy.cfg.Logger.Warn("reading again for a session has ended", "stream", p.name, "err", err)
		}
	}()
	defer func() {
		stop()
		<-ended
	}()
	defer p.sieve.waiting(limited)()
	from := stream.Backfill{Last: int(min(p.want.Last, firstBackfill)), Positions: p.resume.Positions()}
	if p.want.All {
		from.Last = math.MaxInt32
	}
	source.Tail(p.name, from)
	for {
		b, err := source.Take(limited)
		if err != nil {
			return false, ctx.Err()
		}
		done := s.rereadBatch(p, b)
		b.Release()
		if done {
			return true, nil
		}
		if s.size() < maxBatch {
			continue
		}
		if err := s.flush(); err != nil {
			return false, fmt.Errorf("write what was read again: %w", err)
		}
	}
}

// rereadBatch adds what was read again, and reports whether that is all.
func (s *session) rereadBatch(p *part, b *stream.Batch) (done bool) {
	at := 0
	for i := range b.Notices {
		n := &b.Notices[i]
		s.rereadRecords(p, b.Records[at:n.At])
		at = n.At
		switch n.Kind {
		case stream.KindGap:
			s.rereadGap(p, n)
		case stream.KindBackfill:
			done = true
		}
	}
	s.rereadRecords(p, b.Records[at:])
	s.addUnseen(p)
	return done
}

func (s *session) rereadRecords(p *part, records []stream.Record) {
	var line []byte
	for i := range records {
		r := &records[i]
		wanted := false
		id := s.numbered(p, func() (id httpapi.EventID) {
			id, wanted = p.resume.Record(&p.tail.sources, r.Source, r.Position)
			return id
		})
		if !wanted {
			continue
		}
		s.addBeginning(p, r.Source, r.Data)
		if s.ids {
			s.id.set(p, r.Source, stream.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1})
		}
		line = record.Normalise(line[:0], r.Data)
		s.addRecord(p, id, r.Source, line)
	}
}

func (s *session) rereadGap(p *part, n *stream.Notice) {
	id := s.numbered(p, func() httpapi.EventID { return p.resume.Gap(&p.tail.sources, n) })
	if at, ok := p.resume.Positions()[n.Source]; ok && s.ids {
		s.id.set(p, n.Source, at)
	}
	if !s.request.filter.from(n.Source) {
		return
	}
	lost := loss.Event{Loss: n.Loss(), Total: n.Count, Since: n.Time}
	lost.Stream = p.name
	s.addLoss(p, id, lost)
}

// numbered returns the id of what was read again, for which a source may get a
// number; the reader gets to know that before.
func (s *session) numbered(p *part, id func() httpapi.EventID) httpapi.EventID {
	t := p.tail
	t.mu.Lock()
	got := id()
	t.wake()
	t.mu.Unlock()
	if t.version.Load() != p.seen {
		s.addSources(p)
	}
	return got
}
