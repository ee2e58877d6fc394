package backoff_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/backoff"
)

// Each wait is between half and all of what doubles up to the longest, until a
// connection has lasted; and a context ends it.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b backoff.Backoff
		for range 2 {
			for n, longest := 0, backoff.First; n < 10; n, longest = n+1, min(2*longest, backoff.Max) {
				began := time.Now()
				if !b.Wait(t.Context()) {
					t.Fatal("it was ended")
				}
				if took := time.Since(began); took < longest/2 || took > longest {
					t.Errorf("wait %d took %v, want %v at most", n, took, longest)
				}
			}
			b.Lasted(backoff.Steady)
		}
		b.Wait(t.Context())
		b.Lasted(backoff.Steady - 1)
		if next := b.Next(); next < backoff.First {
			t.Errorf("after a connection that did not last, the wait is %v", next)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if b.Wait(ctx) {
			t.Error("it waited for a context that has ended")
		}
	})
}
