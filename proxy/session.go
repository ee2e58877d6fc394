package proxy

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

const (
	gather       = 10 * time.Millisecond // a batch waits no longer, after the one before it
	backfillWait = 2 * time.Second       // for a Source that does not say that its backfill is there
	maxTaken     = 1 << 20               // bytes taken before a session looks at what else there is
)

// notYet is later than all versions of a table.
const notYet = ^uint64(0)

var errDraining = errors.New("the proxy is shutting down")

var (
	never  chan struct{}
	always = closed()
)

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// session is one HTTP response: a cursor in one log, and a batch. Everything
// here is done by the goroutine that serves the request.
type session struct {
	batchWriter
	proxy  *Proxy
	ask    *ask
	tail   *tail
	reader *fanout.Reader

	seen    uint64          // version of the table that was sent
	joined  uint64          // version of the table when it began to read the log; notYet before
	changed <-chan struct{} // closed when there is a newer one
	skip    *skip           // nil: all that the cursor gives is new
	fresh   bool            // the first piece is still to come, and what is gone before it was never wanted

	head eventHead

	lost   uint64    // by this session
	behind time.Time // the cursor was at the end of the log then
}

// serve runs the session until the reader goes, blocks for too long, or the
// proxy ends.
func (s *session) serve(ctx context.Context) error {
	defer s.drop()
	if err := s.flush(); err != nil { // the headers
		return err
	}
	if err := s.awaitBackfill(ctx); err != nil {
		return err
	}
	s.reader, s.joined = s.proxy.hub.Reader(), notYet
	defer s.reader.Close()
	if err := s.begin(ctx); err != nil {
		return err
	}
	return s.loop(ctx)
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

func (s *session) loop(ctx context.Context) error {
	ping := time.NewTicker(s.proxy.cfg.Heartbeat)
	defer ping.Stop()
	wait := time.NewTimer(0)
	defer wait.Stop()
	draining := s.proxy.draining
	var end <-chan time.Time
	for {
		again := never
		if more := s.fill(); more {
			again = always
		}
		if s.size() > 0 {
			due := time.Until(s.flushed.Add(gather))
			if s.size() < maxBatch && due > 0 {
				wait.Reset(due)
			} else if err := s.flush(); err != nil {
				return err
			}
		}
		select {
		case <-again:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.reader.Ready():
		case <-wait.C:
		case <-s.changed:
			s.tellSources()
		case <-ping.C:
			if s.ask.events {
				s.add(pingEvent)
			}
		case <-draining:
			// Each at its own time, so that not all come back at once.
			draining = nil
			end = time.After(rand.N(s.proxy.spread() + 1))
		case <-end:
			s.fill()
			if s.ask.events {
				s.add(endEvent)
			}
			return s.flush()
		}
	}
}

// fill takes what there is, until the batch is full or, when little passes the
// filter, for a while. It reports whether there may be more.
func (s *session) fill() bool {
	for taken := 0; s.size() < maxBatch && taken < maxTaken; {
		p, ok := s.reader.Take(maxBatch - s.size())
		if !ok {
			s.behind = time.Now()
			return false
		}
		if s.tail.version.Load() != s.seen {
			s.tellSources()
		}
		used := s.piece(&p)
		taken += used
		if used < len(p.Bytes) {
			s.reader.Return(&p, true, used, nil)
		} else {
			p.Release()
		}
	}
	return true
}

// piece adds a piece to the batch, until that is full. It returns how many of
// its bytes it has used.
func (s *session) piece(p *fanout.Piece) (used int) {
	s.tellLost(p)
	at := fanout.Position{Epoch: p.Epoch, Next: p.Next}
	for used < len(p.Bytes) {
		if used > 0 && s.size() >= maxBatch {
			break
		}
		e, size := entry.First(p.Bytes[used:])
		used += size
		at.Next += e.Numbers()
		if s.skip != nil {
			s.resumed(e, at.Next)
		} else {
			s.entry(stream.EventID{Epoch: at.Epoch, Next: at.Next, Source: e.Source, Seq: e.Seq}, e)
		}
	}
	if s.skip != nil && s.settled(at) {
		s.skip = nil
	}
	if used == len(p.Bytes) && p.Live && s.ask.events && s.ask.ours {
		id := stream.EventID{Epoch: at.Epoch, Next: at.Next}
		if s.skip != nil {
			id = stream.EventID{} // see unplaced
		}
		b := s.buffer()
		*b = appendLive(*b, id)
	}
	return used
}

// entry adds one entry to the batch, if the filter lets it pass.
func (s *session) entry(id stream.EventID, e entry.Entry) {
	if e.Lost {
		s.addLoss(id, lossEvent(s.ask.name, e.Loss()))
		return
	}
	s.record(id, e.Data)
}

// record adds one record, which is normalised, if the filter lets it pass.
func (s *session) record(id stream.EventID, data []byte) {
	if s.ask.filter != nil && !s.ask.filter.Match(data) {
		return
	}
	b := s.buffer()
	if s.ask.events {
		*b = append(*b, s.head.of(id)...)
		*b = append(*b, data...)
		*b = append(*b, "\n\n"...)
		return
	}
	*b = append(*b, data...)
	*b = append(*b, '\n')
}

// addLoss adds a loss, in the form that the reader gets.
func (s *session) addLoss(id stream.EventID, loss stream.LossEvent) {
	b := s.buffer()
	if s.ask.events {
		*b = appendLoss(*b, id, loss)
		return
	}
	*b = appendLossText(*b, loss)
}

// tellLost tells what the log has lost for this session.
func (s *session) tellLost(p *fanout.Piece) {
	fresh := s.fresh
	s.fresh = false
	lost := p.Lost
	if s.skip != nil && lost > 0 {
		s.stand()
	}
	if fresh || s.skip != nil {
		lost = 0 // it was gone before the session began, or is told by the sequence numbers
	}
	if lost == 0 && !p.Unknown || fresh {
		return
	}
	reason := slowReason
	if p.Cause == fanout.CauseTooLate {
		reason = lateReason
	}
	loss := s.ownLoss(lost, p.Unknown, reason)
	if s.ask.ours && s.ask.events {
		if positions, ok := s.tail.positionsAt(fanout.Position{Epoch: p.Epoch, Next: p.Next}); ok {
			loss.Positions = stream.FormatPositions(positions)
		}
	}
	s.addLoss(stream.EventID{Epoch: p.Epoch, Next: p.Next}, loss)
}

// tellOwnLoss adds a loss of this session alone. The id is the place after it.
func (s *session) tellOwnLoss(id stream.EventID, count uint64, unknown bool, reason string) {
	s.addLoss(id, s.ownLoss(count, unknown, reason))
}

// ownLoss counts a loss of this session alone.
func (s *session) ownLoss(count uint64, unknown bool, reason string) stream.LossEvent {
	s.lost += count
	s.proxy.lost.Add(count)
	since := s.behind
	if since.IsZero() {
		since = time.Now()
	}
	return stream.LossEvent{
		Stream: s.ask.name, Count: count, Total: s.lost, Unknown: unknown,
		Since: timestamp(since), Hop: hopProxy, Reason: reason,
	}
}

// tellSources adds the source events that the reader does not have yet.
func (s *session) tellSources() {
	if !s.ask.events {
		_, s.seen, s.changed = s.tail.sources(nil, notYet, notYet)
		return
	}
	b := s.buffer()
	*b, s.seen, s.changed = s.tail.sources(*b, s.seen, s.joined)
}
