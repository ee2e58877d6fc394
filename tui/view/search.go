package view

import (
	"sort"
	"time"

	"sluice/tui/query"
)

// Search is a search in the rows of a view: the matches found so far, and where to
// go once they are known.
type Search struct {
	view    *View
	matcher *query.Matcher
	scan    *query.Scan
	want    Direction // a jump that waits for its match to be found
	from    uint64    // where the jump begins

	past *sieve // in what was loaded from before the store; nil: nothing was

	kept        []uint64 // matches among the rows that the view keeps
	keptVersion int      // of those rows

	across bool // the last jump went across the seam
	whole  bool // none does: what is between is searched first, see Keep

	arrived bool      // a jump has come to a match since Arrived was asked
	missed  Direction // of a jump that found nothing since Missed was asked; stay: none
}

// Direction is where a jump goes.
type Direction uint8

const (
	Stay    Direction = iota // there is no jump
	Nearest                  // see Search.Nearest
	Forward                  // to newer records
	Backward
)

// NewSearch begins to look for a pattern in the rows that a view shows, from the
// top of its screen on. It goes nowhere by itself.
func NewSearch(v *View, m *query.Matcher) *Search {
	s := &Search{view: v, matcher: m, from: v.store.Next()}
	if total := v.Total(); total > 0 {
		s.from = v.At(v.TopOrd())
	}
	s.look(s.from)
	return s
}

// Restart looks again, because the view's filter has changed.
func (s *Search) Restart() {
	from := s.view.store.Next()
	if !s.view.follow {
		from = s.view.top
	}
	s.look(from)
}

func (s *Search) look(from uint64) {
	s.scan = query.NewScan(s.view.store, from, s.matcher.Probe(s.view.filter))
	s.past = nil
}

// Matcher is what is searched for.
func (s *Search) Matcher() *query.Matcher { return s.matcher }

// Nearest jumps to the first match on the screen where the search began, or below
// it, or else to the last one.
func (s *Search) Nearest() { s.want = Nearest }

// NearestHere is Nearest for somebody who sees one record alone: it jumps to the first
// match from the row under the cursor on, or else to the last one.
func (s *Search) NearestHere() {
	s.want = Nearest
	if ord := s.view.CursorOrd(); ord >= 0 {
		s.from = s.view.At(ord)
	}
}

// Find jumps to the next match in a direction.
func (s *Search) Find(d Direction) {
	s.want, s.from = d, s.view.store.Next()
	if ord := s.view.CursorOrd(); ord >= 0 && !s.view.follow {
		s.from = s.view.At(ord)
	}
}

// Keep ends the looking while one types. From here on no jump goes across the seam; it reports
// whether one has, which is to be gone back from.
func (s *Search) Keep() (across bool) {
	s.whole = true
	return s.across
}

// FindBehind jumps to the first match behind the seam.
func (s *Search) FindBehind() { s.want, s.from = Forward, s.view.seamNumber() }

// Behind reports whether the last jump began behind the seam, or there is none.
func (s *Search) Behind() bool { return s.view.SeamOrd() < 0 || s.from >= s.view.seamNumber() }

// Step goes on until the deadline, and jumps once it is known where to; it reports
// whether there is more to do.
func (s *Search) Step(deadline time.Time, now func() time.Time) (more bool) {
	more = s.scan.Step(deadline, now)
	if past := s.inPast(); past != nil {
		more = past.step(deadline, now) || more
	}
	if s.want == Stay {
		return more
	}
	n, found, done := s.resolve(s.view.ShownEnd())
	if s.across = found && s.view.Crosses(s.from, n); s.across && s.whole {
		found, s.want = false, Forward
	}
	if found {
		s.view.Jump(n)
		s.arrived = true
	}
	if done {
		if !found {
			s.missed = s.want
		}
		s.want = Stay
	}
	return more
}

// Arrived reports whether a jump has come to a match, once.
func (s *Search) Arrived() bool {
	arrived := s.arrived
	s.arrived = false
	return arrived
}

// Missed is where a jump went that found nothing, once.
func (s *Search) Missed() Direction {
	missed := s.missed
	s.missed = Stay
	return missed
}

// Count is how many of the rows that are shown match, as far as they were tested,
// and which of them is under the cursor, from 1; 0: none is.
func (s *Search) Count() (total, here int) {
	v := s.view
	total = s.ord(v.ShownEnd())
	if ord := v.CursorOrd(); ord >= 0 && !v.follow {
		at := v.At(ord)
		if i := s.ord(at); i < total && s.at(i) == at {
			here = i + 1
		}
	}
	return total, here
}

// inKept are the matches among the rows that the view keeps although the store let
// them go. They stand before all others.
func (s *Search) inKept() []uint64 {
	h := &s.view.kept
	if s.keptVersion == h.version {
		return s.kept
	}
	s.kept, s.keptVersion = s.kept[:0], h.version
	for i := range h.shown {
		k := &h.shown[i]
		if !k.near && !k.entry.Kind.Between() && s.matcher.Match(&query.Row{Entry: &k.entry, Data: k.data, Names: s.view.store.Names()}) {
			s.kept = append(s.kept, k.number)
		}
	}
	return s.kept
}

// ord is how many matches are below a number, and at the i-th match.
func (s *Search) ord(n uint64) int {
	kept, past := s.inKept(), s.inPast()
	before := 0
	if past != nil {
		if n <= s.view.seamNumber() {
			return past.ord(n)
		}
		before = past.count()
	}
	if n < s.view.store.First() {
		return before + sort.Search(len(kept), func(i int) bool { return kept[i] >= n })
	}
	return before + len(kept) + s.scan.Ord(n)
}

// inPast are the matches in what was loaded from before the store; they stand before all
// others.
func (s *Search) inPast() *sieve {
	p := s.view.past
	switch {
	case p == nil:
		s.past = nil
	case s.past == nil || s.past.past != p.rows:
		s.past = newSieve(p.rows, p.names, s.matcher.Probe(s.view.filter))
	}
	return s.past
}

func (s *Search) at(i int) uint64 {
	if past := s.inPast(); past != nil {
		if i < past.count() {
			return past.at(i)
		}
		i -= past.count()
	}
	if kept := s.inKept(); i < len(kept) {
		return kept[i]
	}
	return s.scan.At(i - len(s.kept))
}

// Complete reports whether all rows were tested.
func (s *Search) Complete() bool {
	past := s.inPast()
	return s.scan.Complete() && (past == nil || past.complete())
}

// resolve returns the record to jump to once it is known; done tells whether
// the jump is over, found or not. Records from end on are not shown.
func (s *Search) resolve(end uint64) (n uint64, found, done bool) {
	sc := s.scan
	total := s.ord(end)
	lo, hi := sc.Tested()
	last := hi >= min(end, s.view.store.Next()) // all that is shown after the start was tested
	switch s.want {
	case Nearest:
		if past := s.inPast(); past != nil && !past.complete() && s.from < s.view.seamNumber() {
			return 0, false, false // there may be one before those that were found behind the seam
		}
		if i := s.ord(s.from); i < total {
			return s.at(i), true, true
		}
		if last && total > 0 {
			return s.at(total - 1), true, true
		}
	case Forward: // as far as what is shown goes on without a seam
		if i := s.ord(s.from + 1); s.from+1 >= lo || s.Complete() {
			if i < total {
				n = s.at(i)
				return n, !s.view.Crosses(s.from, n), true
			}
			if last {
				return 0, false, true
			}
		}
	case Backward:
		if i := min(s.ord(s.from), total); i > 0 && (s.from <= hi || last) {
			if n = s.at(i - 1); n >= lo || s.Complete() || s.view.past == nil {
				return n, !s.view.Crosses(s.from, n), true
			}
		}
	case Stay:
		return 0, false, true
	}
	return 0, false, s.Complete()
}

// Scan is which records match.
func (s *Search) Scan() *query.Scan { return s.scan }
