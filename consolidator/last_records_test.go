package consolidator_test

import (
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
)

// What is published just before the end reaches all readers that are connected, or
// is reported to them as lost: none gets the final positions before the last record.
func TestFinalPositionsComeLast(t *testing.T) {
	for range 30 {
		c, stop := start(t, consolidator.Config{Grace: 200 * time.Millisecond})
		publishers, readers := c.PublishAddrs(), c.SubscribeAddrs()
		s := source(t, direct.Config{Consolidators: readers})
		s.Tail("tenant/acme", stream.Backfill{})
		var got seen
		until(t, s, &got, func() bool { return got.begun == 1 })
		p, err := zmtp.Dial(t.Context(), testpeer.Endpoint(t, publishers[0]), zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			send(t, p, message("tenant/acme", i))
		}
		p.Close()
		stop()
		until(t, s, &got, func() bool { return got.states[len(got.states)-1] == "vm-1 lost" })
		published, had := c.Received(), len(got.records)

		c, stop = start(t, consolidator.Config{Publish: publishers, Subscribe: readers})
		last := publish(t, c.PublishAddrs()[0])
		send(t, last, message("tenant/acme", 3))
		until(t, s, &got, func() bool { return len(got.records) > had })
		if had+int(got.lost) != published || got.unknown > 0 {
			t.Fatalf("%d published, %d received and %d told as lost, %d times an unknown number", published, had, got.lost, got.unknown)
		}
		last.Close()
		stop()
	}
}
