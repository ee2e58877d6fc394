package consolidator

import (
	"errors"
	"sync"
)

// The bounds on subscriptions: prefixes and tails. Each takes 400 to 700 bytes.
const (
	maxSubscriptions    = 100_000 // of one reader
	maxAllSubscriptions = 250_000 // of all readers together
)

// subscriptions bounds those of all readers together. When they are too many,
// the reader that has most of them is closed, not the one that comes too late:
// so a reader that subscribes without end keeps no one out.
type subscriptions struct {
	limit int

	mu  sync.Mutex
	sum int
	of  map[*subscriber]int // not of those that were closed for them
}

var errMost = errors.New("all readers have too many subscriptions, and this one has most of them")

// set notes how many a reader has now. It returns errMost when it was closed.
func (b *subscriptions) set(s *subscriber, n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, ok := b.of[s]
	if !ok {
		return errMost
	}
	b.sum += n - old
	b.of[s] = n
	for b.sum > b.limit {
		most := s
		for other, n := range b.of {
			if n > b.of[most] {
				most = other
			}
		}
		b.sum -= b.of[most]
		delete(b.of, most)
		most.c.counts.most.Add(1)
		most.c.log.Warn("peer closed for its subscriptions", "kind", "reader", "peer", most.conn.RemoteAddr(), "error", errMost)
		most.conn.Abort()
		if most == s {
			return errMost
		}
	}
	return nil
}

// begin and end note that a reader comes, and goes.
func (b *subscriptions) begin(s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of[s] = 0
}

func (b *subscriptions) end(s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sum -= b.of[s]
	delete(b.of, s)
}
