package direct

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"sluice/cluster/stream"
)

// liveSum sums up the live streams of all consolidators. It remembers where each name
// was: they are mostly those of a second ago, and to sort them takes longer than to sum.
type liveSum struct {
	mu    sync.Mutex
	list  []stream.Live  // sorted by name, of the last time
	index map[string]int // in list
}

// of returns the sums, sorted by name, in a list of the caller's own.
func (s *liveSum) of(all []*rates, now time.Time) []stream.Live {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index == nil {
		s.index = make(map[string]int)
	}
	for i := range s.list {
		s.list[i] = stream.Live{Name: s.list[i].Name}
	}
	known := len(s.list)
	var live []rate // of one consolidator
	for _, r := range all {
		live = r.appendLive(live[:0], now)
		for i := range live {
			s.add(&live[i], now)
		}
	}
	s.settle(len(s.list) > known)
	return slices.Clone(s.list)
}

// add adds the rate of a stream at one consolidator.
func (s *liveSum) add(r *rate, now time.Time) {
	at, known := s.index[r.name]
	if !known {
		at = len(s.list)
		s.index[r.name] = at
		s.list = append(s.list, stream.Live{Name: r.name})
	}
	l := &s.list[at]
	records, bytes := r.at(now)
	l.Rate += records
	l.Bytes += bytes
	l.Records += r.next
	l.Sources++
}

// settle forgets the streams that are not live any more, and sorts those that are.
func (s *liveSum) settle(more bool) {
	before := len(s.list)
	s.list = slices.DeleteFunc(s.list, func(l stream.Live) bool { return l.Sources == 0 })
	if !more && len(s.list) == before {
		return
	}
	slices.SortFunc(s.list, func(a, b stream.Live) int { return cmp.Compare(a.Name, b.Name) })
	s.index = make(map[string]int, len(s.list))
	for i := range s.list {
		s.index[s.list[i].Name] = i
	}
}
