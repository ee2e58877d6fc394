package history

import (
	"context"
	"maps"
	"math"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// phase is where a tail gets its records.
type phase uint8

const (
	isLive phase = iota
	isHeld       // live, until it is known whether there are enough of them
	isOld        // the archive
)

// tail is one stream that is followed.
type tail struct {
	name   string
	from   stream.Backfill
	phase  phase
	ctx    context.Context // ends when nothing of it is wanted any more
	cancel context.CancelFunc

	query  *Query                   // what to read of the archive; nil: what is missing behind at
	at     map[string]loss.Position // by consolidator, what comes next
	lost   *gap                     // the gap for which the archive is read
	barren map[string]time.Time     // until then the archive is not asked again: it had nothing
	held   held

	begun map[string]bool // consolidators of which something has come, or history has; nil: it is not asked

	filled bool // that the backfill has come was told
	live   bool // and it has come of what is live
	over   bool // nothing of the time that is wanted can come any more
}

// become moves a tail to a phase. s.mu is held.
func (s *Source) become(t *tail, p phase) {
	if t.phase != isLive {
		s.busy--
	}
	if p != isLive {
		s.busy++
	}
	t.phase = p
}

// join has the tails that have read history read on live. Nothing live of them from
// before may come any more: they were stopped, and what had come is dropped.
func (s *Source) join(tails []*tail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range tails {
		if s.tails[t.name] != t {
			continue
		}
		s.become(t, isLive)
		from := stream.Backfill{Last: t.from.Last, Positions: maps.Clone(t.at)}
		if !s.cfg.From.IsZero() {
			from.Last = math.MaxInt32
			if !s.cfg.Tells && t.begun == nil { // of whom only a position is known has not begun
				t.begun = make(map[string]bool)
				for c := range t.at {
					t.begun[c] = true
				}
			}
		}
		if len(t.at) == 0 {
			from.Positions = nil
		}
		s.cfg.Live.Tail(t.name, from)
	}
}

// begin has the tails read history that are to, after the batch at hand.
func (s *Source) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.leaving {
		if s.tails[t.name] == t {
			s.read(t)
		}
	}
	s.leaving = nil
}

// onItsWay is how long records of a time are waited for.
const onItsWay = time.Second

// over drops what comes of tails that can get nothing any more of the time that is wanted,
// and reports whether that is so of all. s.mu is held.
func (s *Source) over(now time.Time) bool {
	if s.cfg.To.IsZero() || now.Before(s.cfg.To.Add(onItsWay)) || s.listing || len(s.tails) == 0 || s.running == nil {
		return false
	}
	all := true
	for _, t := range s.tails {
		t.over = t.over || t.phase == isLive && t.live
		all = all && t.over
	}
	return all
}
