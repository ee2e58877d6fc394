package proxy_test

import (
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/proxy"
)

// When many come back at once, the time that a session waits for its turn is not taken
// from what it may take then: the last of them gets what it missed.
func TestWaitingForATurnCostsNothing(t *testing.T) {
	volume.Check(t)
	const (
		inTurn = 4 // of one stream at a time
		may    = 2 * time.Second
	)
	f := newFake()
	var opened atomic.Int32
	p := start(t, nil, func(c *proxy.Config) {
		c.Reread = may
		c.Open = func(wait time.Duration) (proxy.Source, error) {
			switch n := opened.Add(1); {
			case n == 1:
				return f, nil
			case n <= 1+2*inTurn:
				return silent{newFake()}, nil
			}
			if wait < may/2 {
				t.Errorf("the last one may wait for %v, want %v", wait, may/2)
			}
			last := newFake()
			last.backfill = func(name string, _ stream.Backfill) *stream.Batch {
				return &stream.Batch{Records: records(name, 9, 0, 3)}
			}
			return last, nil
		}
	})
	var all []*reader
	for range 2*inTurn + 1 {
		all = append(all, get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:0")...))
	}
	whole := 0
	for _, r := range all {
		got := 0
		for e := r.event(); field(e, "event") != "live"; e = r.event() {
			if field(e, "event") == "" && field(e, "data") != "" {
				got++
			}
		}
		if got == 3 {
			whole++
		}
	}
	if whole != 1 {
		t.Errorf("%d sessions got what they had missed, want one", whole)
	}
}
