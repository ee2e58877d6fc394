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
)

// Backoff is how long to wait before the next attempt: twice as long each time,
// from First up to Max, and somewhere between half and all of it, so that many
// who lost the same peer do not come back at the same moment. The zero value is
// before the first attempt that failed. It is used by one goroutine.
type Backoff struct{ last time.Duration }

// Next is how long to wait now.
func (b *Backoff) Next() time.Duration {
	b.last = min(max(2*b.last, First), Max)
	return b.last/2 + rand.N(b.last/2)
}

// Reset begins with the shortest wait again, once a connection has succeeded.
func (b *Backoff) Reset() { b.last = 0 }

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
