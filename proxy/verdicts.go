package proxy

import (
	"sync"
	"sync/atomic"
)

// maxVerdicts is how many of a log's last records the verdicts of a shared filter are
// kept of.
const maxVerdicts = 2048

// verdict is what a filter says of a record.
type verdict uint8

const (
	undecided verdict = iota
	passes
	fails
	unseen // the filter could not look at it in time
)

// verdicts are what one filter said of the last records of one log: of each once,
// however many sessions have the filter.
type verdicts struct {
	key   string
	users int // guarded by verdictSet.mu

	running sync.Mutex  // while the filter is run on a record, for all
	shared  atomic.Bool // several sessions have the filter, or had it
	// ring is nil until a record comes for several sessions: most of the streams of a
	// pattern are quiet. It has number<<2|verdict.
	ring atomic.Pointer[[maxVerdicts]atomic.Uint64]
}

// of returns the verdict of a record by its number in the log.
func (v *verdicts) of(number uint64) verdict {
	ring := v.ring.Load()
	if ring == nil {
		return undecided
	}
	if had := ring[number%maxVerdicts].Load(); had>>2 == number {
		return verdict(had & 3)
	}
	return undecided
}

// decide returns the verdict of a record, for which it calls run unless somebody has.
func (v *verdicts) decide(number uint64, run func() verdict) verdict {
	if !v.shared.Load() {
		return run()
	}
	v.running.Lock()
	defer v.running.Unlock()
	ring := v.ring.Load()
	if ring == nil {
		ring = new([maxVerdicts]atomic.Uint64)
		v.ring.Store(ring)
	}
	if had := v.of(number); had != undecided {
		return had
	}
	got := run()
	if place := &ring[number%maxVerdicts]; place.Load()>>2 <= number { // a session that comes from behind keeps the newer one
		place.Store(number<<2 | uint64(got))
	}
	return got
}

// verdictSet is the filters of the sessions of one log.
type verdictSet struct {
	mu    sync.Mutex
	byKey map[string]*verdicts
}

// acquire returns the verdicts of the filter with that key. Release them.
func (s *verdictSet) acquire(key string) *verdicts {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.byKey[key]
	if v == nil {
		v = &verdicts{key: key}
		if s.byKey == nil {
			s.byKey = make(map[string]*verdicts)
		}
		s.byKey[key] = v
	}
	if v.users++; v.users == 2 {
		v.shared.Store(true)
	}
	return v
}

// release gives back what acquire gave.
func (s *verdictSet) release(v *verdicts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.users--; v.users == 0 {
		delete(s.byKey, v.key)
	}
}
