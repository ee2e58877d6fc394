package consume

import "sync"

// Stats is what a worker has done since it was made.
type Stats struct {
	Batches     uint64 // handled, of records that were not deferred
	Records     uint64 // handled
	Redelivered uint64 // batches that came again: another worker may have done them, too
	Deferred    uint64 // times that something was put aside
	Dead        uint64 // records that were given up
	Lost        uint64 // records that the group does not get, as far as their number is known
	LostUnknown bool   // and some of which the number is not known
}

type stats struct {
	mu sync.Mutex
	s  Stats
}

func (s *stats) add(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.s)
}

func (s *stats) get() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.s
}
