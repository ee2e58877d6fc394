package proxy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/jsonscan"
	"sluice/cluster/loss"
)

const (
	meetEvery  = time.Second      // between two looks at the live streams
	knownAfter = 5 * time.Second  // then a proxy knows the live streams
	maxParts   = 256              // streams of one session
	maxSteps   = 4_000_000        // of matching names at a time, up to 10 ns each; the rest is for the next time
	perName    = 20               // steps that a name takes besides
	maxSkew    = 30 * time.Second // between the clocks of publishers and this one
	fewStreams = "a response has 256 streams at most: ask for fewer"
)

// joining is the streams that a session is to have when their backfill is there.
type joining struct {
	waiting []*part
	since   time.Time       // the last of them was added
	seen    uint64          // version of the live streams
	found   []string        // of that, and not compared with the patterns yet
	slow    bool            // it was told that this takes long
	known   map[string]bool // streams that are joined, waited for, or refused
	told    bool            // all positions that the reader named are accounted for
	missing []*part         // streams of which something is to be read again
	again   *rereading      // of one of them; nil: none is
}

// openParts makes the session's streams, so that they are tailed, and notes where they
// stand: what comes after that is the session's. The head of the response may go then,
// and no earlier: a reader that has it may expect all that is published from then on.
// Call closeParts in any case.
func (s *session) openParts(ctx context.Context) error {
	for _, name := range s.request.names {
		t, err := s.proxy.tails.acquire(ctx, s.proxy.draining, name)
		if err != nil {
			return err
		}
		s.openPart(name, t)
	}
	s.match(func(*part) {})
	if err := s.matchHeld(ctx); err != nil {
		return err
	}
	s.parts, s.joins.waiting = s.joins.waiting, nil
	if err := s.awaitBackfill(ctx); err != nil {
		return err
	}
	for _, p := range s.parts {
		p.ask()
	}
	return nil
}

func (s *session) openPart(name string, t *tail) *part {
	p := &part{name: name, tail: t, want: s.request.of(name)}
	if t.hasBackfill() {
		p.ask()
	}
	p.sieve = newSieve(s.proxy, t, s.request.filter, &s.allowance)
	t.counts.sessions.Add(1)
	if s.request.wrapped {
		p.wrap = append(jsonscan.AppendString([]byte(`{"stream":`), name), `,"record":`...)
	}
	if !s.request.since.IsZero() {
		p.since = s.request.since.UnixMilli()
		if !p.want.Named {
			p.reached = make(map[string]bool)
		}
	}
	if s.joins.known == nil {
		s.joins.known = make(map[string]bool)
	}
	s.joins.known[name] = true
	s.joins.waiting, s.joins.since = append(s.joins.waiting, p), time.Now()
	return p
}

func (s *session) closeParts() {
	for _, p := range slices.Concat(s.parts, s.joins.waiting) {
		p.sieve.close(p.tail)
		p.tail.counts.sessions.Add(-1)
		s.proxy.tails.release(p.tail)
	}
}

// beginAll begins the streams that the session was asked for.
func (s *session) beginAll(ctx context.Context) error {
	if s.ids && s.request.wrapped {
		for _, k := range s.request.id.Positions {
			s.id.keep(k) // until it is known whose it is
		}
	}
	s.tellUnheard()
	if err := s.shareLast(ctx); err != nil {
		return err
	}
	for _, p := range s.parts {
		s.begin(p)
	}
	s.tellUnread()
	if s.ids && s.size() == 0 && !s.readsAgain() {
		s.addPing() // or who leaves before the first record would come back to nowhere
	}
	return nil
}

// meet looks which streams have begun to match, and joins those whose backfill is there.
func (s *session) meet() {
	s.addAllSources()
	s.match(beginLate)
	waiting := s.joins.waiting
	s.joins.waiting = nil
	for _, p := range waiting {
		if !p.overdue(s.joins.since) {
			s.joins.waiting = append(s.joins.waiting, p)
			continue
		}
		s.parts = append(s.parts, p)
		s.limitLate(p)
		s.begin(p)
	}
	s.tellUnread()
}

// limitLate decides what of its log a part that joins late begins with: what is not from
// before the time that was set for it, if the times of its publishers are to be believed.
// The stream is live, so its newest record is not old.
func (s *session) limitLate(p *part) {
	if p.want.Named || p.since == 0 || !s.request.since.IsZero() {
		return
	}
	p.tail.mu.Lock()
	log := p.tail.log()
	p.tail.mu.Unlock()
	p.late = log.Position
	at, _ := log.Newest(1)
	newest := merged{part: p}
	reader := s.proxy.hub.Reader()
	defer reader.Close()
	reader.Tail(p.name, fanout.From{Kind: fanout.FromPosition, Position: fanout.Position{Epoch: log.Epoch, Next: at}})
	if piece, ok := reader.Take(1); ok {
		newest.piece = piece
		newest.read()
		piece.Release()
	}
	if newest.time < p.since {
		p.since = 0
	}
}

// match opens the streams that match and are new; each is given to begin.
func (s *session) match(begin func(*part)) {
	if len(s.request.patterns) == 0 {
		return
	}
	found, version := s.proxy.names.since(s.joins.seen)
	s.joins.seen = version
	if len(s.joins.found) == 0 {
		s.joins.found = found // which is everybody's, and is not to be changed
	} else {
		s.joins.found = append(slices.Clip(s.joins.found), found...)
	}
	refused, first := 0, ""
	for steps := 0; len(s.joins.found) > 0 && steps < maxSteps; s.joins.found = s.joins.found[1:] {
		name := s.joins.found[0]
		steps += perName
		switch {
		case s.joins.known[name] || !s.request.grant.May(name) || !s.matches(name, &steps):
		case len(s.parts)+len(s.joins.waiting) >= maxParts:
			if refused++; refused == 1 {
				first = name
			}
		default:
			begin(s.openPart(name, s.proxy.tails.begin(name, true))) // it is live
		}
	}
	if left := len(s.joins.found); left > 0 && !s.joins.slow {
		s.joins.slow = true
		s.refuseStream(s.request.title(), fmt.Sprintf("the patterns take long to compare: of %d streams more, those that match join later", left))
	}
	switch {
	case refused == 1:
		s.refuseStream(first, fewStreams)
	case refused > 1:
		s.refuseStream(first, fmt.Sprintf("%s; %d more match", fewStreams, refused-1))
	}
}

// beginLate has a stream that was not live for a minute begin with what made it so.
func beginLate(p *part) {
	p.want.All, p.want.Last = true, 0
	p.pastAsked = p.since == 0 // it has just begun
	if !p.want.Named && p.since == 0 {
		p.since = time.Now().Add(-maxSkew).UnixMilli()
	}
}

// tellUnread tells of positions that the reader named and that belong to no stream that
// is read. A proxy that was just started does not know all live streams at once.
func (s *session) tellUnread() {
	if s.joins.told || !s.request.wrapped {
		return
	}
	left := slices.Clone(s.request.id.Positions)
	open := s.readsAgain() || len(s.request.patterns) > 0 && time.Since(s.began) < knownAfter
	for _, p := range s.parts {
		open = open || p.resume.Unreached()
		keys := p.resume.Keys()
		left = slices.DeleteFunc(left, func(k httpapi.KeyPosition) bool {
			return !slices.Contains(keys, k) && p.want.Keys != nil
		})
	}
	switch {
	case len(left) == 0:
		s.joins.told = true
	case open: // they may be known later
	default:
		s.joins.told = true
		s.forget(nil)
		s.refuseStream(s.request.title(), fmt.Sprintf("of %d streams or consolidators that the id names nothing is read any more", len(left)))
	}
}

// matches reports whether a stream matches, and adds to steps what that took.
func (s *session) matches(name string, steps *int) bool {
	for _, pattern := range s.request.patterns {
		if pattern.MatchIn(name, steps) {
			return true
		}
	}
	return false
}

// refuseStream tells of a stream that matches and does not come.
func (s *session) refuseStream(name, reason string) {
	s.addLoss(&part{name: name}, httpapi.EventID{}, loss.Event{
		Loss:  loss.Loss{Stream: name, Hop: loss.AtProxy, Unknown: true, Reason: reason},
		Total: s.lost, Since: time.Now(),
	})
}
