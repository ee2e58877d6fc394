package proxy

import (
	"context"
	"errors"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/fanout"
	"sluice/cluster/record"
	"sluice/proxy/resume"
	"sluice/proxy/tally"
)

const (
	backfillWait = 2 * time.Second // for a Source that does not say that its backfill is there
	maxTaken     = 1 << 20         // bytes taken before a session looks at what else there is
	onItsWay     = time.Second     // for records of the time asked for
	maxLast      = 64              // batches of a session that ends
)

// notYet is later than all versions of a tail's sources.
const notYet = ^uint64(0)

var errDraining = errors.New(endDraining)

// session is one HTTP response: a cursor in the log of each of its streams, and a
// batch. Everything here is done by the goroutine that serves it.
type session struct {
	batchWriter
	proxy   *Proxy
	request *request
	parts   []*part
	joins   joining   // streams that are to become parts
	unheard []unheard // of what was asked for and does not come
	reader  *fanout.Reader

	ids  bool           // its events have ids for those who know nothing else
	id   resumeID       // of the next event, with ids
	head eventHead      // of records, without ids
	text []byte         // of one id, without ids
	out  []resume.Event // of one entry

	ends   []func() // to be called when it has ended, the last one first
	grant  *auth.Grant
	origin origin    // who asked for it
	began  time.Time // when it did
	oldest time.Time // when a live record of the batch came to this proxy; mostly not known

	reason  string // why the proxy has ended it, once it has
	missed  uint64 // records that it was told of as lost, here and before
	unknown uint64 // losses of an unknown number

	due       time.Time // when it writes again
	gathering bool      // it waits after a batch
	member    *member   // of the crowd; nil until it first was

	allowance allowance // of its filter, for all parts

	lost   uint64    // by this session
	behind time.Time // the cursors were at the ends of the logs then
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
	s.reason = endExpired
	if s.request.events {
		b := s.buffer()
		*b = appendEnd(*b, endExpired)
	} else {
		b := s.buffer()
		line := record.AppendNotice(nil, time.Now(), record.Warn, endExpired+": ask again with a new one", record.NoticeKey, record.NoticeEnd)
		*b = append(append(*b, line...), '\n')
	}
	return s.flush()
}

// follow is serve, but for what is told at the end.
func (s *session) follow(ctx context.Context) error {
	s.ids = s.request.events && !s.request.ours
	s.reader = s.proxy.hub.Reader()
	defer s.reader.Close()
	defer s.endAgain()
	if err := aside("begin a session", func() error { return s.beginAll(ctx) }); err != nil {
		return err
	}
	return s.loop(ctx)
}

// awaitBackfill waits until the backfill of all its streams is there, for a while.
func (s *session) awaitBackfill(ctx context.Context) error {
	limit := time.NewTimer(backfillWait)
	defer limit.Stop()
	for _, p := range s.parts {
		select {
		case <-p.tail.ready:
		case <-limit.C:
			return nil
		case <-s.proxy.draining:
			return errDraining
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// fill takes what there is, until the batch is full or, when little passes the
// filter, for a while. It reports whether there may be more.
func (s *session) fill() bool {
	if s.request.wrapped {
		return s.fillMerged()
	}
	part := s.parts[0]
	for taken := 0; s.size() < maxBatch && taken < maxTaken; {
		if s.rest() > 0 {
			return true
		}
		p, ok := s.reader.Take(maxBatch - s.size())
		if !ok {
			s.atEnds()
			return false
		}
		s.addBefore(part, &p)
		used := s.addPiece(part, &p)
		taken += used
		if used < len(p.Bytes) {
			s.reader.Return(&p, true, used, nil)
		} else {
			p.Release()
		}
	}
	return true
}

// atEnds notes that the session has all that is in its logs.
func (s *session) atEnds() {
	s.behind = time.Now()
	for _, p := range s.parts {
		p.sieve.atEnd(s.behind)
	}
}

// rest is how long the session is to read nothing, so that its filter has time again.
func (s *session) rest() (d time.Duration) {
	for _, p := range s.parts {
		d = max(d, p.sieve.rest())
	}
	return d
}

// endWith ends the session with all that is there, and a last event that says why.
func (s *session) endWith(reason string) error {
	for range maxLast {
		if more := s.fill(); !more {
			break
		}
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.reason = reason
	b := s.buffer()
	switch {
	case s.request.events:
		*b = appendEnd(*b, reason)
	case reason == endDraining: // or it would look like a break; the end of a time is no news
		line := record.AppendNotice(nil, time.Now(), record.Info, reason+": ask again", record.NoticeKey, record.NoticeEnd)
		*b = append(append(*b, line...), '\n')
	}
	return s.flush()
}

// changed is closed when sources have changed. With several streams they are looked at
// again and again.
func (s *session) changed() <-chan struct{} {
	if s.request.wrapped {
		return nil
	}
	return s.parts[0].changed
}
