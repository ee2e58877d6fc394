// Package backoff spaces out attempts to connect to a peer that was lost.
package backoff

import (
	"context"
	"math/rand/v2"
	"time"
)

// The waits between attempts to connect. The longest is short, since a
// consolidator that is back has to be seen within two seconds.
const (
	First = 50 * time.Millisecond
	Max   = time.Second
	// Steady is how long a connection has to last for the next attempt to come
	// soon after it. A peer that accepts connections and ends each at once is not
	// there to be had.
	Steady = time.Second
)

// Backoff is how long to wait before the next attempt: twice as long each time,
// from First up to Max, and somewhere between half and all of it, so that many
// who lost the same peer do not come back at the same moment. The zero value is
// before the first attempt. It is used by one goroutine.
type Backoff struct{ last, took time.Duration }

// Next is how long to wait now.
func (b *Backoff) Next() time.Duration {
	b.last = min(max(2*b.last, First), Max)
	d := b.last/2 + rand.N(b.last/2)
	d, b.took = max(d-b.took, First/2+rand.N(First/2)), 0
	return d
}

// Took notes how long the attempt took that has ended: the next wait is shorter by that.
// An attempt that nobody answers is wait enough.
func (b *Backoff) Took(d time.Duration) { b.took = d }

// Lasted notes that a connection has ended, and for how long there was one. After one
// that was steady, the next wait is the shortest again.
func (b *Backoff) Lasted(d time.Duration) {
	if d >= Steady {
		b.last = 0
	}
}

// Wait waits for the next attempt. It reports false when ctx has ended.
func (b *Backoff) Wait(ctx context.Context) bool {
	t := time.NewTimer(b.Next())
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
