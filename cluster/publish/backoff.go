package publish

import (
	"context"
	"math/rand/v2"
	"time"
)

// The waits between attempts to connect.
const (
	firstWait = 50 * time.Millisecond
	maxWait   = time.Second
)

// backoff is how long to wait before the next attempt: twice as long each time,
// and somewhere between half and all of it, so that many who lost the same
// consolidator do not come back at the same moment.
type backoff struct{ last time.Duration }

func (b *backoff) reset() { b.last = 0 }

// wait waits for the next attempt. It reports false when ctx has ended.
func (b *backoff) wait(ctx context.Context) bool {
	b.last = min(max(2*b.last, firstWait), maxWait)
	t := time.NewTimer(b.last/2 + rand.N(b.last/2))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
