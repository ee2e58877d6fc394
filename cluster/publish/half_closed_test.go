package publish

import (
	"errors"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// A peer that ends its direction and reads nothing any more does not hold a client, which
// has much to write to it: it connects again, and publishes.
func TestPeerThatEndsAndReadsNothing(t *testing.T) {
	t.Parallel()
	p := testpeer.Listen(t)
	c, err := open(Config{Endpoint: p.Endpoint()}, 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	const records = 30
	for range records {
		if err := c.Publish(t.Context(), "system", make([]byte, zmtp.MaxRecord)); err != nil {
			t.Fatal(err)
		}
	}
	p.Accept(testpeer.AsConsolidator)
	deaf := p.Peer
	if err := deaf.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the connection to end", func() bool { return c.Stats().Lost == 1 })
	if err := c.Status().Err; !errors.Is(err, errEnded) {
		t.Errorf("it ended with %v", err)
	}
	deaf.Close()
	p.Accept(testpeer.AsConsolidator)
	next := p.Acknowledged()
	for n := range records {
		if _, err := next(); err != nil {
			t.Fatalf("%v after %d records", err, n)
		}
	}
	if s := c.Close(t.Context()); s.Acknowledged != records {
		t.Errorf("counts %+v", s)
	}
}
