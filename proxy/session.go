package proxy

import (
	"context"
	"errors"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
	"sluice/proxy/tally"
)

const (
	backfillWait = 2 * time.Second // for a Source that does not say that its backfill is there
	maxTaken     = 1 << 20         // bytes taken before a session looks at what else there is
)

// notYet is later than all versions of a tail's sources.
const notYet = ^uint64(0)

var errDraining = errors.New("the proxy is shutting down")

// session is one HTTP response: a cursor in one log, and a batch. Everything
// here is done by the goroutine that serves it.
type session struct {
	batchWriter
	proxy   *Proxy
	request *request
	tail    *tail
	reader  *fanout.Reader

	resume  *resume.Reader
	out     []resume.Event  // of one entry
	place   fanout.Position // of the cursor: the next entry of the log
	seen    uint64          // version of the sources that was sent
	joined  uint64          // version of the sources when it began to read the log; notYet before
	changed <-chan struct{} // closed when there is a newer one

	head    eventHead
	origins map[uint64]string // consolidators by their numbers, for the filter

	ends   []func() // to be called when it has ended, the last one first
	grant  *auth.Grant
	origin origin          // who asked for it
	began  time.Time       // when it did
	asked  fanout.Position // where the log stood then; zero when its backfill was not there
	oldest time.Time       // when a live record of the batch came to this proxy; mostly not known

	reason  string // why the proxy has ended it, once it has
	missed  uint64 // records that it was told of as lost, here and before
	unknown uint64 // losses of an unknown number

	sieve      *sieve
	unseen     uint64          // records that the filter could not look at, and that are not reported yet
	unseenLast httpapi.EventID // of the last of them

	lost   uint64    // by this session
	behind time.Time // the cursor was at the end of the log then
}

// serve runs the session until the reader goes, blocks for too long, or the
// proxy ends. The head of the response is written.
func (s *session) serve(ctx context.Context) error {
	defer s.drop()
	err := s.follow(ctx)
	if err != nil && errors.Is(context.Cause(ctx), auth.ErrExpired) && errors.Is(err, ctx.Err()) {
		return s.expire()
	}
	return err
}

// expire tells the reader that its token has ended, and so this session.
func (s *session) expire() error {
	s.proxy.counts.Add(tally.Expired, 1)
	s.reason = expiredReason
	if s.request.events {
		s.add(expiredEvent)
	} else {
		b := s.buffer()
		*b = append(record.AppendNotice(*b, time.Now(), record.Warn, expiredReason+": ask again with a new one"), '\n')
	}
	return s.flush()
}

// follow is serve, but for what is told at the end.
func (s *session) follow(ctx context.Context) error {
	if err := s.awaitBackfill(ctx); err != nil {
		return err
	}
	s.sieve = newSieve(s.proxy, s.tail, s.request.filter)
	defer s.sieve.close(s.tail)
	s.reader, s.joined = s.proxy.hub.Reader(), notYet
	defer s.reader.Close()
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.loop(ctx)
}

// begin puts the cursor where the request wants it.
func (s *session) begin(ctx context.Context) error {
	t := s.tail
	t.mu.Lock()
	log := t.log()
	if asked := t.asked(s.asked); asked.Epoch == log.Epoch {
		log.Next = max(asked.Next, log.First) // what came meanwhile is the session's
	}
	r, at, lost := resume.Begin(s.request.want, log)
	s.resume = r
	if !r.CatchesUp() {
		if lost != nil {
			s.addOwnLoss(httpapi.EventID{Epoch: log.Epoch, Next: at}, *lost)
		}
		s.join(log.Epoch, at)
		t.mu.Unlock()
		return nil
	}
	t.mu.Unlock()

	// The log by itself does not go on where the reader left. What is missing
	// is read again at the consolidators; then comes all of the log, but for
	// what the reader has by then.
	if err := s.reread(ctx); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	log = t.log()
	s.join(log.Epoch, r.Join(log))
	return nil
}

// join begins reading the log, and shows the sources as of then. tail.mu is
// held.
func (s *session) join(epoch, at uint64) {
	s.addSourcesLocked()
	s.joined = s.seen
	s.place = fanout.Position{Epoch: epoch, Next: at}
	s.reader.Tail(s.tail.name, fanout.From{Kind: fanout.FromPosition, Position: s.place})
}

func (s *session) awaitBackfill(ctx context.Context) error {
	limit := time.NewTimer(backfillWait)
	defer limit.Stop()
	select {
	case <-s.tail.ready:
	case <-limit.C:
	case <-s.proxy.draining:
		return errDraining
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// fill takes what there is, until the batch is full or, when little passes the
// filter, for a while. It reports whether there may be more.
func (s *session) fill() bool {
	for taken := 0; s.size() < maxBatch && taken < maxTaken; {
		if s.sieve.rest() > 0 {
			return true
		}
		p, ok := s.reader.Take(maxBatch - s.size())
		if !ok {
			s.behind = time.Now()
			s.sieve.atEnd(s.behind)
			return false
		}
		if s.tail.version.Load() != s.seen {
			s.addSources()
		}
		s.addOvertaken(&p)
		used := s.addPiece(&p)
		taken += used
		if used < len(p.Bytes) {
			s.reader.Return(&p, true, used, nil)
		} else {
			p.Release()
		}
	}
	return true
}

// addPiece adds the entries of a piece to the batch, until that is full. It
// returns how many bytes of them it has used.
func (s *session) addPiece(p *fanout.Piece) (used int) {
	catchesUp := s.resume.CatchesUp()
	next := p.Next
	had := s.records
	for used < len(p.Bytes) && (used == 0 || s.size() < maxBatch && s.sieve.rest() == 0) {
		e, size := entry.First(p.Bytes[used:])
		used += size
		next += e.Numbers()
		if catchesUp {
			s.out = s.resume.Entry(s.out[:0], e, next)
			s.addEvents(s.out)
		} else {
			s.addEntry(e.ID(p.Epoch, next), &e)
		}
	}
	s.tail.counts.records.Add(s.records - had)
	if !p.At.IsZero() {
		s.oldest = p.At
	}
	s.place = fanout.Position{Epoch: p.Epoch, Next: next}
	if catchesUp {
		s.out = s.resume.Settle(s.out[:0], next)
		s.addEvents(s.out)
	}
	s.addUnseen()
	if used == len(p.Bytes) && p.Live && s.request.events && s.request.ours {
		id := httpapi.EventID{Epoch: p.Epoch, Next: next}
		if s.resume.CatchesUp() {
			id = httpapi.EventID{} // it is not at that place yet
		}
		b := s.buffer()
		*b = appendLive(*b, id)
	}
	return used
}

// addPing adds a heartbeat. It has the place where the session stands: of what does not
// pass its filter, the reader knows nothing, and would go on before it. A reader of ours
// is told the positions, too, for other proxies.
func (s *session) addPing() {
	if s.resume.CatchesUp() {
		s.add(pingEvent) // it is at no place yet
		return
	}
	var ping httpapi.PingEvent
	if s.request.ours && s.request.filter != nil {
		if positions, ok := s.tail.positionsAt(s.place); ok {
			ping.Positions = httpapi.FormatPositions(positions)
		}
	}
	b := s.buffer()
	*b = appendPing(*b, httpapi.EventID{Epoch: s.place.Epoch, Next: s.place.Next}, ping)
}

// addEvents adds what a reader gets that catches up.
func (s *session) addEvents(events []resume.Event) {
	for i := range events {
		if e := &events[i]; e.Loss != nil {
			s.addOwnLoss(e.ID, *e.Loss)
		} else {
			s.addEntry(e.ID, &e.Entry)
		}
	}
}

// addEntry adds one entry to the batch, if the filter lets it pass.
func (s *session) addEntry(id httpapi.EventID, e *entry.Entry) {
	from := ""
	if s.request.filter != nil {
		from = s.origins[e.Source]
	}
	if e.Lost {
		if e.Source != 0 && !s.request.filter.from(from) {
			return
		}
		lost := e.Loss()
		lost.Stream = s.request.name
		s.addLoss(id, loss.Event{Loss: lost.Loss, Total: lost.Total, Since: lost.Since})
		return
	}
	s.addRecord(id, from, e.Data)
}

// addRecord adds one record, which is normalised, if the filter lets it pass.
func (s *session) addRecord(id httpapi.EventID, from string, data []byte) {
	switch s.sieve.of(numberOf(id), s.request.name, from, data) {
	case fails:
		return
	case unseen:
		s.unseen++
		s.unseenLast = id
		return
	}
	s.addUnseen()
	b := s.buffer()
	s.records++
	if s.request.events {
		*b = append(append(append(*b, s.head.of(id)...), data...), "\n\n"...)
		return
	}
	*b = append(append(*b, data...), '\n')
}

// numberOf is the record's number in the log, or 0 when it has none there.
func numberOf(id httpapi.EventID) uint64 {
	if id.Epoch == 0 {
		return 0
	}
	return id.Next
}

// addUnseen adds the loss of the records that the filter could not look at.
func (s *session) addUnseen() {
	if n := s.unseen; n > 0 {
		s.unseen = 0
		s.addOwnLoss(s.unseenLast, resume.Loss{Count: n, Reason: loss.Filter})
	}
}

// addLoss adds a loss, in the form that the reader gets.
func (s *session) addLoss(id httpapi.EventID, lost loss.Event) {
	s.addUnseen()
	s.missed += lost.Count
	if lost.Unknown {
		s.unknown++
	}
	b := s.buffer()
	if s.request.events {
		*b = appendLoss(*b, id, &lost)
		return
	}
	*b = append(lost.AppendText(*b, time.Now()), '\n')
}

// addOvertaken adds the loss of what the log has lost for this session before a
// piece. A reader of ours is told where the log goes on at each consolidator, so
// that it can go on at another proxy; when that cannot be found out, the piece is
// given up for one at the end of the log, where it is known.
func (s *session) addOvertaken(p *fanout.Piece) {
	t := s.tail
	at := fanout.Position{Epoch: p.Epoch, Next: p.Next}
	lost, id := s.resume.Overtaken(at, p.Lost, p.Unknown, func() resume.Log {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.log()
	})
	if lost == nil {
		return
	}
	if s.resume.CatchesUp() {
		s.addOwnLoss(id, *lost)
		return
	}
	var positions map[string]stream.Position
	if s.request.ours && s.request.events {
		var ok bool
		if positions, ok = t.positionsAt(at); !ok {
			positions = t.giveUp(s.reader, p)
			lost.Count, lost.Unknown, id.Next = p.Lost, p.Unknown, p.Next
		}
	}
	lost.Reason = loss.TooSlow
	if p.Cause == fanout.CauseTooLate {
		lost.Reason = loss.TooLate
	}
	event := s.ownLoss(*lost)
	event.Positions = httpapi.FormatPositions(positions)
	s.addLoss(id, event)
}

// addOwnLoss adds a loss of this session alone.
func (s *session) addOwnLoss(id httpapi.EventID, lost resume.Loss) {
	s.addLoss(id, s.ownLoss(lost))
}

// ownLoss counts a loss of this session alone.
func (s *session) ownLoss(lost resume.Loss) loss.Event {
	s.lost += lost.Count
	s.proxy.lost.Add(lost.Count)
	s.tail.counts.dropped.Add(lost.Count)
	s.proxy.countLoss(lost)
	since := s.behind
	if since.IsZero() {
		since = time.Now()
	}
	return loss.Event{
		Loss:  loss.Loss{Stream: s.request.name, Hop: loss.AtProxy, Reason: lost.Reason, Count: lost.Count, Unknown: lost.Unknown},
		Total: s.lost, Since: since,
	}
}

// addSources adds the source events that the reader does not have yet.
func (s *session) addSources() {
	s.tail.mu.Lock()
	defer s.tail.mu.Unlock()
	s.addSourcesLocked()
}

// addSourcesLocked is addSources with tail.mu held.
func (s *session) addSourcesLocked() {
	t := s.tail
	if s.request.events {
		b := s.buffer()
		t.sources.Changed(s.seen, s.joined, func(r resume.Source) { *b = appendSource(*b, r) })
	} else {
		b := s.buffer()
		t.sources.Changed(s.seen, s.joined, func(r resume.Source) {
			if r.Absence != nil {
				*b = append(r.Absence.AppendAway(*b), '\n')
			}
		})
	}
	if s.request.filter != nil {
		s.origins = t.sources.Names()
	}
	s.resume.Learn(&t.sources)
	s.seen, s.changed = t.sources.Version(), t.changed
}
