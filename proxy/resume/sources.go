package resume

import (
	"math"
	"slices"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// keepEpochs is how many epochs of one consolidator are remembered, when the log
// has nothing of the older ones any more.
const keepEpochs = 3

// Sources numbers the sources of one log: a number names a consolidator in one
// epoch. Of one consolidator, a newer epoch has a higher number.
type Sources struct {
	rows    []*Source // by number
	last    uint64    // newest number given
	version uint64    // grows with every change
	met     *Known    // whose names are all sources, and of which no other one is that was never reached; may be nil

	origins map[uint64]Origin // as Origins has made them; nil since one of them has changed
}

// Source is one numbered source.
type Source struct {
	Number       uint64
	Consolidator string
	Epoch        uint64         // 0 while unknown
	Next         uint64         // sequence number of the next record from there
	Absence      *stream.Notice // of KindAway, the last one, never changed; nil for none; yielded by Changed only when it is news
	State        stream.State

	logged  bool   // what is read from there goes into the log; false while it was only read again for readers
	had     bool   // the log has something from there
	vague   bool   // from may be too low
	from    uint64 // sequence number with which the log begins there
	over    uint64 // place in the log behind all that it has from there, once it has come to a newer epoch; 0 before
	begun   uint64 // version when that was known
	version uint64 // at its last change
	absent  uint64 // version when Absence was noted
	gone    uint64 // place in the log then
	stood   uint64 // Next then
}

// Version grows with every change.
func (s *Sources) Version() uint64 { return s.version }

// Standing returns the source in which the log stands at a consolidator, and makes
// one if there is none.
func (s *Sources) Standing(consolidator string) *Source {
	for _, r := range slices.Backward(s.rows) {
		if r.logged && r.Consolidator == consolidator {
			return r
		}
	}
	return s.newest(consolidator)
}

// newest returns the newest source of a consolidator, and makes one if there is
// none.
func (s *Sources) newest(consolidator string) *Source {
	for _, r := range slices.Backward(s.rows) {
		if r.Consolidator == consolidator {
			return r
		}
	}
	return s.Add(consolidator, stream.StateConnecting)
}

// At returns the source of a consolidator in an epoch, and makes one if there is
// none. One whose epoch was unknown gets this one.
func (s *Sources) At(consolidator string, epoch uint64) *Source {
	if r := s.find(consolidator, epoch); r != nil {
		return r
	}
	r := s.newest(consolidator)
	if r.Epoch != 0 {
		r = s.Add(consolidator, r.State)
	}
	r.Epoch = epoch
	s.origins = nil
	s.touch(r)
	return r
}

// find returns the source of a consolidator in an epoch, or nil.
func (s *Sources) find(consolidator string, epoch uint64) *Source {
	for _, r := range slices.Backward(s.rows) {
		if r.Epoch == epoch && r.Consolidator == consolidator {
			return r
		}
	}
	return nil
}

// Add gives a consolidator the next number, its epoch unknown.
func (s *Sources) Add(consolidator string, state stream.State) *Source {
	s.met = nil // it may not be among them
	r := new(Source)
	s.add(r, consolidator, state)
	return r
}

func (s *Sources) add(r *Source, consolidator string, state stream.State) {
	s.last++
	*r = Source{Number: s.last, Consolidator: consolidator, State: state}
	s.rows = append(s.rows, r)
	s.origins = nil
	s.touch(r)
}

// forget drops sources of epochs that the log has left, and has nothing of any
// more.
func (s *Sources) forget(log Log) {
	left := make(map[string]int) // by consolidator; the one that the log stands in is the first
	keep := s.rows[:0:0]
	for _, r := range slices.Backward(s.rows) {
		n := left[r.Consolidator]
		if n > 0 || r.logged {
			left[r.Consolidator]++
		}
		switch {
		case n == 0:
		case r.over == 0:
			r.over = log.Next
		case n >= keepEpochs && r.over <= log.First:
			continue
		}
		keep = append(keep, r)
	}
	slices.Reverse(keep)
	if len(keep) < len(s.rows) {
		s.origins = nil
	}
	s.rows = keep
}

// SetAway notes that a consolidator was away, which is known when the log is at a place.
func (s *Sources) SetAway(n *stream.Notice, at uint64) {
	noted := *n
	r := s.Standing(n.Source)
	s.touch(r)
	r.Absence, r.absent, r.gone, r.stood = &noted, s.version, at, r.Next
}

// ToldAt is the version up to which absences are known to whoever read the log up to a
// place, and no further. One that was noted at the place itself may be.
func (s *Sources) ToldAt(place uint64) uint64 {
	return s.told(func(r *Source) bool { return r.gone < place })
}

// ToldBy is the version up to which absences were over by a time.
func (s *Sources) ToldBy(t time.Time) uint64 {
	return s.told(func(r *Source) bool { return !r.Absence.Time.After(t) })
}

// ToldTo is the version up to which absences are known to a reader that comes from another
// log, by where it stands at the consolidators: of those of which it has something that
// came behind the absence. Of those at which it has no place it knows nothing, and is told
// nothing.
func (s *Sources) ToldTo(want *Want) (version uint64) {
	version = math.MaxUint64
	for _, r := range s.rows {
		if r.Absence == nil {
			continue
		}
		if at, ok := want.position(r.Consolidator); ok && !s.isBehind(at, r) {
			version = min(version, r.absent-1)
		}
	}
	return version
}

// isBehind reports whether a position is behind the absence of its source.
func (s *Sources) isBehind(at httpapi.KeyPosition, r *Source) bool {
	if at.Is(r.Epoch) {
		return at.Next > r.stood
	}
	return slices.ContainsFunc(s.rows, func(newer *Source) bool {
		return newer.Number > r.Number && newer.Consolidator == r.Consolidator && at.Is(newer.Epoch)
	})
}

func (s *Sources) told(known func(*Source) bool) (version uint64) {
	for _, r := range s.rows {
		if r.Absence != nil && known(r) {
			version = max(version, r.absent)
		}
	}
	return version
}

func (s *Sources) has(consolidator string) bool {
	return slices.ContainsFunc(s.rows, func(r *Source) bool { return r.Consolidator == consolidator })
}

func (s *Sources) touch(r *Source) {
	s.version++
	r.version = s.version
}

// Begin notes that the log has what is read at a source, from a sequence number
// on.
func (s *Sources) Begin(r *Source, from uint64) {
	if !r.logged {
		r.logged, r.from, r.begun = true, from, s.version
	}
}

// First notes the first sequence number that the log has of a source. It may be later
// than where the log begins there: of a backfill only the newest records are kept.
func (s *Sources) First(r *Source, seq uint64) {
	if !r.had {
		r.had, r.vague = true, false
		r.from = max(r.from, seq)
	}
}

// Cut notes that of the log's backfill, which has come, only the newest records were
// kept. So of sources of which nothing has come, nobody knows where the log begins.
func (s *Sources) Cut() {
	for _, r := range s.rows {
		r.vague = !r.had
	}
}

// Reach notes that reading a consolidator begins at a position, before it has a
// record.
func (s *Sources) Reach(consolidator string, at loss.Position) {
	r := s.At(consolidator, at.Epoch)
	if at.Seq > r.Next {
		r.Next = at.Seq
		s.touch(r)
	}
	s.Begin(r, at.Seq)
}

// Changed yields the sources that have changed after a version, as they are
// shown to a reader that joined the log at another: one that was there before
// the log began at a source is shown where that was, however many records of it
// the log has by now. That a consolidator was away is shown only if it was noted after
// the version news, up to which the reader knows: that of when it came, of ToldAt or of
// ToldBy.
func (s *Sources) Changed(after, joined, news uint64, yield func(Source)) {
	for _, r := range s.rows {
		if r.version > after {
			shown := *r
			if r.begun > after && r.begun > joined {
				shown.Next = r.from
			}
			if r.absent <= max(after, news) {
				shown.Absence = nil
			}
			yield(shown)
		}
	}
}

// leadOnFrom reports whether the log leads on from these places. It does not
// from an epoch that was over before the log began.
func (s *Sources) leadOnFrom(positions map[string]loss.Position) bool {
	unreached := len(s.rows) == 0 || slices.ContainsFunc(s.rows, func(r *Source) bool { return r.Epoch == 0 }) // whatever its name is
	for name, at := range positions {
		if s.find(name, at.Epoch) == nil && (unreached || s.has(name)) {
			return false
		}
	}
	return true
}

// Positions is where the log stands at the consolidators.
func (s *Sources) Positions() map[string]loss.Position {
	positions := make(map[string]loss.Position)
	for _, r := range s.rows { // newer epochs come later
		if r.logged && r.Epoch != 0 {
			positions[r.Consolidator] = loss.Position{Epoch: r.Epoch, Seq: r.Next}
		}
	}
	return positions
}

// Origin is what the number of a source stands for.
type Origin struct {
	Consolidator string
	Epoch        uint64 // 0 while unknown
}

// Origins are what the numbers stand for, never to be modified: those who ask while
// nothing has changed share one map.
func (s *Sources) Origins() map[uint64]Origin {
	if s.origins == nil {
		s.origins = make(map[uint64]Origin, len(s.rows))
		for _, r := range s.rows {
			s.origins[r.Number] = Origin{r.Consolidator, r.Epoch}
		}
	}
	return s.origins
}
