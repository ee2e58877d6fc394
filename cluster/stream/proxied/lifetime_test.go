package proxied_test

import (
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/testsource"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
)

// That a response has lasted as long as one may is no outage: nothing is lost or
// repeated, and nobody is told of it.
func TestTheEndOfALifetimeIsNoOutage(t *testing.T) {
	volume.Check(t)
	u := &upstream{}
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Open: u.open, Grace: time.Second, Lifetime: 1300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	wait.Run(t, p.Run)
	source, err := proxied.New(proxied.Config{URL: "http://" + p.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	s := testsource.Run(t, source)
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	begun, seq := time.Now(), uint64(0)
	for ; time.Since(begun) < 4*time.Second; seq++ {
		u.publish(1)
		switch next := s.Next().(type) {
		case stream.Record:
			if next.Position.Seq != seq {
				t.Fatalf("record %+v, want %d", next, seq)
			}
		default:
			t.Fatalf("after %d records: %+v", seq, next)
		}
	}
}
