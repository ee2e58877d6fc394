package proxy

import (
	"maps"
	"slices"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
	"sluice/proxy/resume"
)

// unread is the reason of a loss when a session could not read again all that it wanted.
const unread = "not all that is held could be read again in time"

// part is one stream of a session: where that stands in the stream's log.
type part struct {
	name string
	tail *tail
	want resume.Want
	wrap []byte // before each record, which has one more brace behind it; nil: nothing
	// since is the time before which records are not wanted, in Unix milliseconds;
	// 0: all are. If the part joined late, that is about what the log has before late
	// alone: what is published while somebody reads is wanted, whatever its time is.
	since int64
	late  fanout.Position // zero if it did not join late

	resume  *resume.Reader
	place   fanout.Position // of the cursor: the next entry of the log
	seen    uint64          // version of the sources that was sent
	joined  uint64          // version of the sources when it began to read the log; notYet before
	changed <-chan struct{} // closed when there is a newer one
	live    bool            // all that was there when it began has come
	vague   bool            // where the log stood at the consolidators is not known

	origins map[uint64]resume.Origin // what source numbers stand for; nil while nobody asks
	source  uint64                   // the last number that was looked up
	slot    int                      // of its consolidator in the session's id, or -1

	asked      fanout.Position // where the log stood when it was asked for; zero when that is not known yet
	news       uint64          // version of the sources then
	sieve      *sieve
	sent       uint64 // records that are not in the stream's counts yet
	unseen     uint64 // records that the filter could not look at, and that are not reported yet
	unseenLast []byte // the text of the id of the last of them

	past      *past // what it wants of before, until that is there; nil: nothing
	pastAsked bool  // it was asked whether it wants any

	reached map[string]bool // consolidators of which the first record since a time has come
}

// countSent adds what was sent to the counts of the stream.
func (p *part) countSent() {
	if p.sent > 0 {
		p.tail.counts.records.Add(p.sent)
		p.sent = 0
	}
}

// log is how the part's log stands.
func (p *part) log() resume.Log {
	p.tail.mu.Lock()
	defer p.tail.mu.Unlock()
	return p.tail.log()
}

// ask notes where the log stands for a part that is asked for now: at its end.
func (p *part) ask() {
	t := p.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.asked.Epoch == 0 {
		p.asked, p.news = t.log().Position, t.sources.Version()
	}
}

// logAsAsked is how the part's log stands, as far as the request is about it: what came
// after that is the session's. tail.mu is held.
func (p *part) logAsAsked() resume.Log {
	log := p.tail.log()
	if p.asked.Epoch == log.Epoch {
		log.Next = max(p.asked.Next, log.First)
	}
	return log
}

// begin puts the cursor of a part where the request wants it. What has to be read again
// before that is noted as missing.
func (s *session) begin(p *part) {
	t := p.tail
	p.joined = notYet
	p.ask()
	s.wantsPast(p)
	t.mu.Lock()
	log := p.logAsAsked()
	p.want.After = s.request.placeIn(log.Epoch)
	switch {
	case p.want.Named && p.want.After.Epoch == log.Epoch:
		p.news = min(p.news, t.sources.ToldAt(p.want.After.Next))
	case p.want.Named:
		p.news = min(p.news, t.sources.ToldTo(&p.want))
	case p.since > 0 && !p.want.Named:
		p.news = min(p.news, t.sources.ToldBy(time.UnixMilli(p.since)))
	}
	r, at, lost := resume.Begin(p.want, log)
	p.resume = r
	// The reader has them by now, as far as they are needed.
	p.want.Positions, s.request.want.Positions = nil, nil
	if !r.CatchesUp() {
		s.join(p, fanout.Position{Epoch: log.Epoch, Next: at})
		if !s.ids {
			if lost != nil {
				s.addOwnLoss(p, httpapi.EventID{Epoch: log.Epoch, Next: at}, *lost)
			}
			s.addSourcesLocked(p)
			p.joined = p.seen
		}
		t.mu.Unlock()
		if s.ids {
			s.placeAt(p)
			s.addSources(p)
			if lost != nil {
				s.addOwnLoss(p, httpapi.EventID{}, *lost)
			}
		}
		return
	}
	covered := r.Covered(log)
	if history := s.proxy.cfg.History; history != nil && covered {
		r.Forget(history.Imported())
	}
	t.mu.Unlock()

	// The log by itself does not go on where the reader left. What is missing
	// is read again at the consolidators, unless the log has it; then comes all of
	// the log, but for what the reader has by then.
	if s.ids {
		s.id.noPlace()
		for consolidator, at := range r.Positions() {
			s.id.set(p, consolidator, at)
		}
		for _, k := range r.Keys() {
			if !p.want.Shared {
				s.id.keep(k)
			}
		}
	}
	if p.want.More {
		s.addRepeats(p)
	}
	if !covered {
		s.wantsMissed(p)
	}
	if !covered || p.past != nil {
		s.joins.missing = append(s.joins.missing, p)
		return
	}
	s.joinBehind(p)
}

// joinBehind begins reading the log for a part that catches up.
func (s *session) joinBehind(p *part) {
	p.tail.mu.Lock()
	defer p.tail.mu.Unlock()
	log := p.tail.log()
	s.join(p, fanout.Position{Epoch: log.Epoch, Next: p.resume.Join(log)})
	s.addSourcesLocked(p)
	p.joined = p.seen
}

// join begins reading the log. tail.mu is held.
func (s *session) join(p *part, at fanout.Position) {
	p.joined = p.tail.sources.Version()
	p.place = at
	s.reader.Tail(p.name, fanout.From{Kind: fanout.FromPosition, Position: at})
}

// placeAt sets the session's id to where a part stands in the log.
func (s *session) placeAt(p *part) {
	positions, ok := p.tail.positionsAt(p.place)
	s.setPlace(p, p.place)
	s.setPositions(p, positions)
	if p.vague = !ok; p.vague {
		s.id.omit()
	}
}

// caughtUp adds to the session's id where a part that has caught up stands at
// consolidators of which nothing came. Without that, another proxy would send all that
// those hold; with where the log stands when they are shown next, it would pass over
// what the session has yet to read.
func (s *session) caughtUp(p *part) {
	positions, ok := p.tail.positionsAt(p.place)
	if p.vague = !ok; p.vague {
		s.id.omit()
		return
	}
	for _, consolidator := range slices.Sorted(maps.Keys(positions)) {
		if s.id.find(p, consolidator) < 0 {
			s.id.set(p, consolidator, positions[consolidator])
		}
	}
	p.source = 0
}

// setPositions sets all positions of a part in the session's id.
func (s *session) setPositions(p *part, positions map[string]stream.Position) {
	s.forget(p)
	if !s.request.wrapped {
		s.id.more = false
	}
	for consolidator, at := range positions {
		s.id.set(p, consolidator, at)
	}
}

// forget takes the positions of a part out of the session's id; see resumeID.forget.
func (s *session) forget(p *part) {
	s.id.forget(p)
	for _, other := range s.parts {
		other.source = 0 // slots have moved
	}
}

// setPlace sets the place in the log in the session's id. Of several parts it has none.
func (s *session) setPlace(p *part, at fanout.Position) {
	if !s.request.wrapped && !p.resume.CatchesUp() {
		s.id.place(at)
	}
}

// passed moves the session's id behind an entry of the log.
func (s *session) passed(p *part, e *entry.Entry, at fanout.Position) {
	s.setPlace(p, at)
	if e.Source != p.source || e.Lost {
		s.passedOther(p, e)
	} else if p.slot >= 0 {
		s.id.moveOn(p.slot, e.Seq+1)
	}
}

func (s *session) passedOther(p *part, e *entry.Entry) {
	o, known := p.origins[e.Source]
	if !known || o.Epoch == 0 {
		return
	}
	at := stream.Position{Epoch: o.Epoch, Seq: e.Seq + 1} // behind entry.None is 0
	if e.Lost {
		if after := e.After(); after.Epoch != 0 {
			at = after
		}
	}
	p.slot, p.source = s.id.set(p, o.Consolidator, at), e.Source
	if at.Epoch != o.Epoch {
		p.source = 0 // its records are of another epoch
	}
}

// addSources adds the source events that the reader does not have yet.
func (s *session) addSources(p *part) {
	p.tail.mu.Lock()
	defer p.tail.mu.Unlock()
	s.addSourcesLocked(p)
}

// addSourcesLocked is addSources with tail.mu held.
func (s *session) addSourcesLocked(p *part) {
	t := p.tail
	if s.ids || s.request.filter != nil {
		p.origins, p.source = t.sources.Origins(), 0
	}
	b := s.buffer()
	t.sources.Changed(p.seen, p.joined, p.news, func(r resume.Source) {
		switch {
		case s.request.events:
			*b = appendSource(*b, s.sourceID(p, r), s.streamOf(p), r)
		case r.Absence != nil:
			s.addNotice(p, r.Absence.AppendAway(nil))
		}
	})
	p.resume.Learn(&t.sources)
	p.seen, p.changed = t.sources.Version(), t.changed
}

// sourceID is the id of a source event. What the session has of that source it has
// from where the source is shown.
func (s *session) sourceID(p *part, r resume.Source) []byte {
	if !s.ids {
		return nil
	}
	if r.Epoch != 0 && !p.vague && !p.resume.CatchesUp() && s.id.find(p, r.Consolidator) < 0 {
		s.id.set(p, r.Consolidator, stream.Position{Epoch: r.Epoch, Seq: r.Next})
	}
	return s.idText(httpapi.EventID{})
}

// streamOf is the stream as events name it beside others, or empty.
func (s *session) streamOf(p *part) string {
	if s.request.wrapped {
		return p.name
	}
	return ""
}

// overdue reports whether the backfill of a tail was waited for long enough.
func (p *part) overdue(since time.Time) bool {
	return p.tail.hasBackfill() || time.Since(since) > backfillWait
}
