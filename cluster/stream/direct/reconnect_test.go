package direct_test

import (
	"testing"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
)

// A peer that ends each connection at once, after its handshake, is connected to more
// and more seldom.
func TestEndedAtOnceIsTriedSeldom(t *testing.T) {
	noLeaks(t)
	const attempts = 7
	peer := testpeer.Listen(t)
	s := reads(t, direct.Config{}, peer.Endpoint())
	s.Tail("s", stream.Backfill{})
	var first, last time.Time
	least, longest := time.Duration(0), backoff.First
	for i := range attempts {
		peer.Accept(zmtp.Config{Type: zmtp.XPUB, Peers: []string{zmtp.SUB}, Name: "vm-1"})
		last = time.Now()
		if i == 0 {
			first = last
		} else {
			least += longest / 2
			longest = min(2*longest, backoff.Max)
		}
		peer.Close()
	}
	if took := last.Sub(first); took < least {
		t.Errorf("%d connections within %v, want %v at least", attempts, took, least)
	}
}
