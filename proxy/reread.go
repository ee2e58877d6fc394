package proxy

import (
	"context"
	"math"
	"sync"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/proxy/resume"
)

// rereading reads again, beside the session, what a part's reader misses. Its fields are
// the session's, whose goroutine adds what comes.
type rereading struct {
	parts   []*part            // more than one only for history
	owner   string             // whose turn it takes: who may read the same tenants is one
	batches chan *stream.Batch // what was read; closed when no more comes
	more    chan struct{}      // has a token when the next batch may be read
	stop    func()             // ends it, and waits for that

	batch            *stream.Batch // what is being added; nil: the next one is waited for
	records, notices int           // of it, that were added
	all, over        bool          // the source has said that all is there; nothing more comes
	line             []byte        // of one record
}

// readAgain begins to read what the part's reader misses from a source of its own, until
// that has said that all is there, the proxy ends, or the time for it is up.
func (s *session) readAgain(ctx context.Context, p *part) *rereading {
	from := stream.Backfill{Last: int(min(p.want.Last, firstBackfill)), Positions: p.resume.Ask()}
	if p.want.All {
		from.Last = math.MaxInt32
	}
	return s.beside(ctx, []*part{p}, func(ctx context.Context, r *rereading) {
		err := rescue.Call("read again", func() error { return s.proxy.readAgain(ctx, p.name, from, r) })
		if err != nil {
			s.proxy.cfg.Logger.Warn("cannot read again for a session that came back", "stream", p.name, "err", err)
		}
	})
}

// beside begins to read for parts in a goroutine of its own, whose context ends when the
// reading is stopped or the proxy drains.
func (s *session) beside(ctx context.Context, parts []*part, read func(context.Context, *rereading)) *rereading {
	within, cancel := context.WithCancel(ctx)
	r := &rereading{parts: parts, owner: s.owner(parts[0]), batches: make(chan *stream.Batch), more: make(chan struct{}, 1)}
	r.more <- struct{}{}
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-s.proxy.draining:
			cancel()
		case <-within.Done():
		}
	})
	wg.Go(func() {
		defer close(r.batches)
		defer cancel()
		read(within, r)
	})
	r.stop = func() {
		cancel()
		wg.Wait()
		if r.batch != nil {
			r.batch.Release()
		}
	}
	return r
}

// owner is whose turn a part takes.
func (s *session) owner(p *part) string {
	if all := s.request.grant.Tenants(); all != "" {
		return all
	}
	return p.name
}

// awaitTurn waits until a session may read again, and reports whether it may: not longer
// than three times as long as it may take then, since meanwhile it has nothing of the stream.
func (p *Proxy) awaitTurn(ctx context.Context, owner string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*p.cfg.Reread)
	defer cancel()
	return p.rereads.take(ctx, owner, 1)
}

// readAgain hands on what a source of its own has of a stream, until ctx ends, or the time
// for it is up.
func (p *Proxy) readAgain(ctx context.Context, name string, from stream.Backfill, to *rereading) (err error) {
	if !p.awaitTurn(ctx, to.owner) {
		return nil
	}
	defer p.rereads.done(to.owner, 1)
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Reread)
	defer cancel()
	source, err := p.cfg.Open(max(p.cfg.Reread/2, time.Nanosecond)) // 0 would be another wait
	if err != nil {
		return err
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- source.Run(run) }()
	defer func() {
		stop()
		err = <-ended
	}()
	source.Tail(name, from)
	for {
		select {
		case <-to.more:
		case <-ctx.Done():
			return nil
		}
		b, err := source.Take(ctx)
		if err != nil {
			return nil // Run says why
		}
		select {
		case to.batches <- b:
		case <-ctx.Done():
			b.Release()
			return nil
		}
	}
}

// news has the next batch, when that is waited for. Give it to take.
func (r *rereading) news() <-chan *stream.Batch {
	if r == nil || r.batch != nil {
		return nil
	}
	return r.batches
}

// take takes up a batch, or that none comes any more.
func (r *rereading) take(b *stream.Batch) {
	r.batch, r.records, r.notices = b, 0, 0
	r.over = b == nil
}

// addAgain adds what was read again for a part, as far as the batch has room and the
// filter has time. Once all has come, or no more does, the part goes on in its log.
func (s *session) addAgain(ctx context.Context) {
	if s.joins.again == nil {
		if len(s.joins.missing) == 0 {
			return
		}
		if p := s.joins.missing[0]; p.past != nil {
			s.joins.again = s.readPasts(ctx, s.takePasts())
		} else {
			s.joins.again = s.readAgain(ctx, p)
			s.joins.missing = s.joins.missing[1:]
		}
	}
	r := s.joins.again
	select {
	case b := <-r.news():
		r.take(b)
	default:
	}
	for r.batch != nil && s.size() < maxBatch && s.restAgain() == 0 {
		s.addNextAgain(r)
	}
	if r.batch != nil || !r.all && !r.over {
		return
	}
	s.endAgain()
	if r.ofPast() {
		s.endPasts(ctx, r.parts)
		return
	}
	p := r.parts[0]
	if !r.all && p.want.All {
		s.addOwnLoss(p, httpapi.EventID{}, resume.Loss{Unknown: true, Reason: unread})
	}
	s.joinBehind(p)
}

// endAgain ends reading again.
func (s *session) endAgain() {
	if r := s.joins.again; r != nil {
		s.joins.again = nil
		r.stop()
	}
}

// readsAgain reports whether the session reads again, or is to.
func (s *session) readsAgain() bool { return s.joins.again != nil || len(s.joins.missing) > 0 }

// ofPast reports whether it is history that is read.
func (r *rereading) ofPast() bool { return r.parts[0].past != nil }

// of is the part of a stream; nil if that is none of those that are read.
func (r *rereading) of(stream string) *part {
	for _, p := range r.parts {
		if p.name == stream {
			return p
		}
	}
	return nil
}

// addNextAgain adds the next record or notice of a batch, or is done with that.
func (s *session) addNextAgain(r *rereading) {
	b := r.batch
	switch {
	case r.notices < len(b.Notices) && b.Notices[r.notices].At <= r.records:
		n := &b.Notices[r.notices]
		r.notices++
		p := r.parts[0]
		if r.ofPast() {
			if p := r.of(n.Stream); p != nil && n.Kind == stream.KindGap {
				s.addPastGap(p, n)
			}
			return
		}
		switch n.Kind {
		case stream.KindGap:
			s.rereadGap(p, n)
		case stream.KindPosition:
			s.rereadBeginning(p, n)
		case stream.KindBackfill:
			r.all = true
		}
	case r.records < len(b.Records):
		r.records++
		switch one := &b.Records[r.records-1]; {
		case !r.ofPast():
			s.rereadRecord(r, one)
		default:
			if p := r.of(one.Stream); p != nil { // nothing else is asked for
				s.addPast(r, p, one)
			}
		}
	default:
		for _, p := range r.parts {
			s.addUnseen(p)
			p.countSent()
		}
		b.Release()
		r.batch = nil
		r.more <- struct{}{}
	}
}

// restAgain is how long nothing that was read again is to be added, so that the filter
// has time. However long that takes, nothing is passed over meanwhile.
func (s *session) restAgain() time.Duration {
	now := time.Now()
	for _, p := range s.parts {
		p.sieve.atEnd(now)
	}
	var rest time.Duration
	for _, p := range s.joins.again.parts {
		rest = max(rest, p.sieve.rest())
	}
	return rest
}

// dueAgain is when there is something to add that was read again, as far as that is known.
func (s *session) dueAgain(now time.Time) time.Time {
	switch r := s.joins.again; {
	case r == nil && len(s.joins.missing) > 0:
		return now
	case r == nil || r.batch == nil:
		return never
	}
	return now.Add(s.restAgain())
}

func (s *session) rereadRecord(again *rereading, r *stream.Record) {
	p, wanted := again.parts[0], false
	var missing *resume.Event
	id := s.numbered(p, func() (id httpapi.EventID) {
		id, missing, wanted = p.resume.Record(&p.tail.sources, r.Source, r.Position)
		return id
	})
	if !wanted {
		return
	}
	s.addBeginning(p, r.Source, r.Data)
	s.addMissing(p, missing)
	if s.ids {
		s.id.set(p, r.Source, stream.Position{Epoch: r.Position.Epoch, Seq: r.Position.Seq + 1})
	}
	if again.line = record.Normalise(again.line[:0], r.Data); len(again.line) > zmtp.MaxRecord {
		s.addLossAgain(p, id, tooLarge(p.name, r.Source), time.Now())
		return
	}
	s.addRecord(p, id, r.Source, again.line)
}

// rereadBeginning notes where what is read again begins at a consolidator, which need not
// be where the session goes on: the source was not asked for that when nobody knew yet
// which consolidator its id is about.
func (s *session) rereadBeginning(p *part, n *stream.Notice) {
	var missing *resume.Event
	s.numbered(p, func() (id httpapi.EventID) {
		missing = p.resume.Begins(&p.tail.sources, n.Source, n.Position)
		return id
	})
	s.addMissing(p, missing)
}

// addMissing adds what is missing of a consolidator, if anything is.
func (s *session) addMissing(p *part, missing *resume.Event) {
	if missing == nil {
		return
	}
	if s.ids {
		s.id.set(p, missing.Consolidator, missing.Next)
	}
	s.addOwnLoss(p, missing.ID, *missing.Loss)
}

func (s *session) rereadGap(p *part, n *stream.Notice) {
	id := s.numbered(p, func() httpapi.EventID { return p.resume.Gap(&p.tail.sources, n) })
	if at, ok := p.resume.Positions()[n.Source]; ok && s.ids {
		s.id.set(p, n.Source, at)
	}
	lost := n.Loss()
	lost.Stream = p.name
	s.addLossAgain(p, id, lost, n.Time)
}

// addLossAgain adds a loss that was read again, if the filter lets its consolidator pass.
func (s *session) addLossAgain(p *part, id httpapi.EventID, lost loss.Loss, since time.Time) {
	if s.request.filter.from(lost.Source) {
		s.addLoss(p, id, loss.Event{Loss: lost, Total: lost.Count, Since: since})
	}
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
