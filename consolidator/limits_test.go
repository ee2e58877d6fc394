package consolidator_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// knock connects, and says nothing.
func knock(t testing.TB, addr string) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", strings.TrimPrefix(addr, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

// isClosed waits until the other side has closed a connection.
func isClosed(t testing.TB, nc net.Conn) {
	t.Helper()
	_ = nc.SetReadDeadline(time.Now().Add(wait.Limit))
	if _, err := io.Copy(io.Discard, nc); os.IsTimeout(err) {
		t.Error("a connection lives on")
	}
}

func TestLimitsAreChecked(t *testing.T) {
	for _, cfg := range []consolidator.Config{{MaxConnections: -1}, {MaxHandshakes: -1}, {MaxStreams: -1}} {
		if _, err := consolidator.New(cfg); err == nil || !strings.Contains(err.Error(), "at most -1 ") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// What is above the limit is closed and counted; when one leaves, there is
// room for one.
func TestTooManyConnections(t *testing.T) {
	const limit = 8
	c, _ := start(t, consolidator.Config{Admin: anyPort, MaxConnections: limit})
	var peers []*zmtp.Conn
	for range limit / 2 {
		peers = append(peers, publish(t, c.PublishAddrs()[0]), dialReader(t, c, true, "tenant/acme"))
	}
	for i := range 20 {
		isClosed(t, knock(t, [2]string{c.PublishAddrs()[0], c.SubscribeAddrs()[0]}[i%2]))
	}
	counts(t, c, map[string]float64{
		`connections_refused_total{reason="too_many_connections"}`: 20,
		`connections{kind="publisher"}`:                            limit / 2,
		`connections{kind="foreign_reader"}`:                       limit / 2,
		"connections_limit":                                        limit,
	})
	// Those who are there notice nothing.
	send(t, peers[0], message("tenant/acme", 1))
	n := 0
	receive(t, peers[1], func() bool { return n == 1 }, func([]byte) { n++ }, nil)
	peers[2].Close()
	counts(t, c, map[string]float64{`connections{kind="publisher"}`: limit/2 - 1})
	send(t, publish(t, c.PublishAddrs()[0]), message("tenant/acme", 2))
	receive(t, peers[1], func() bool { return n == 2 }, func([]byte) { n++ }, nil)
}

// Silent connections keep no one out: of those in their handshake the oldest
// gives way.
func TestHandshakesGiveWay(t *testing.T) {
	c, stop := start(t, consolidator.Config{Admin: anyPort, MaxHandshakes: 4, Grace: 50 * time.Millisecond})
	var silent []net.Conn
	for range 4 {
		silent = append(silent, knock(t, c.PublishAddrs()[0]))
	}
	counts(t, c, map[string]float64{`connections{kind="handshaking"}`: 4})
	send(t, publish(t, c.PublishAddrs()[0]), message("tenant/acme", 1))
	dialReader(t, c, true, "tenant/acme")
	counts(t, c, map[string]float64{"records_received_total": 1, `connections_refused_total{reason="too_many_handshakes"}`: 1, `connections{kind="handshaking"}`: 3})
	isClosed(t, silent[0])

	// Many come at a time: each is served, sooner or later.
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for try := 0; ; try++ {
				conn, err := zmtp.Dial(t.Context(), testpeer.Endpoint(t, c.SubscribeAddrs()[0]), zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}})
				switch {
				case err == nil:
					conn.Close()
					return
				case try == 10:
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	stop()
}

// It ends while an accept waits for a handshake to give way.
func TestEndWhileHandshakesAreFull(t *testing.T) {
	c, stop := start(t, consolidator.Config{Admin: anyPort, MaxHandshakes: 1})
	for range 20 {
		knock(t, c.PublishAddrs()[0])
		knock(t, c.SubscribeAddrs()[0])
	}
	wait.For(t, "one to give way", func() bool {
		return scrape(t, c)[`connections_refused_total{reason="too_many_handshakes"}`] > 0
	})
	stop()
}

// A publisher that invents names without end is bounded, and counted; what
// there is goes on, of others and of its own; and others find room for more.
func TestTooManyStreams(t *testing.T) {
	const limit = 16
	c, _ := start(t, consolidator.Config{Admin: anyPort, MaxStreams: limit})
	good := publish(t, c.PublishAddrs()[0])
	reader := dialReader(t, c, true, "tenant/acme")
	n := 0
	exchange := func() {
		send(t, good, message("tenant/acme", n))
		receive(t, reader, func() bool { return n%2 == 1 }, func([]byte) { n++ }, nil)
		send(t, good, message("tenant/acme", n))
		receive(t, reader, func() bool { return n%2 == 0 }, func([]byte) { n++ }, nil)
	}
	exchange()
	bad := publish(t, c.PublishAddrs()[0])
	const names = 5000
	var b []byte
	for i := range names {
		b = append(b, message(fmt.Sprint("tenant/", i), i)...)
	}
	send(t, bad, b)
	exchange()
	const made = limit/2 - 1 // one is its own, one the good publisher's, and half of the rest is left
	send(t, bad, message("tenant/3", 1))
	counts(t, c, map[string]float64{
		`records_dropped_total{reason="too_many_streams"}`: names - made,
		"streams":                       made + 2,
		"self_records_total":            1, // the warning
		"records_received_total":        made + 1 + 4,
		`connections{kind="publisher"}`: 2,
	})
	exchange()
	send(t, publish(t, c.PublishAddrs()[0]), append(message("tenant/globex", 0), message("tenant/globex/jobs", 0)...))
	counts(t, c, map[string]float64{"streams": made + 4})
}

// Readers, or whoever connects where readers do, cannot lock publishers out, nor
// publishers readers: each may have three quarters of the connections.
func TestNeitherLocksTheOtherOut(t *testing.T) {
	const limit, share = 16, 12
	for _, hog := range []struct {
		name, reason string
		greets       bool // or it says nothing
		readers      bool // or publishers
	}{
		{"readers", "too_many_readers", true, true},
		{"strangers at the readers' endpoint", "too_many_readers", false, true},
		{"publishers", "too_many_publishers", true, false},
		{"strangers at the publishers' endpoint", "too_many_publishers", false, false},
	} {
		t.Run(hog.name, func(t *testing.T) {
			c, _ := start(t, consolidator.Config{Admin: anyPort, MaxConnections: limit}, func(c *consolidator.Consolidator) {
				c.Hurry(wait.Limit, time.Second, wait.Limit)
			})
			publish, subscribe := c.PublishAddrs()[0], c.SubscribeAddrs()[0]
			addr, role := publish, testpeer.AsForeignPublisher
			if hog.readers {
				addr, role = subscribe, testpeer.AsForeignReader
			}
			for range share {
				if hog.greets {
					testpeer.Dial(t, addr, role).Drain()
				} else {
					silent(t, addr)
				}
			}
			for range 20 {
				isClosed(t, silent(t, addr))
			}
			counts(t, c, map[string]float64{
				`connections_refused_total{reason="` + hog.reason + `"}`:   20,
				`connections_refused_total{reason="too_many_connections"}`: 0,
				"connections_of_a_kind_limit":                              share,
			})
			if hog.readers {
				p := testpeer.Dial(t, publish, testpeer.AsForeignPublisher)
				p.Send(message("system", 1))
				counts(t, c, map[string]float64{"records_received_total": 1})
				return
			}
			testpeer.Dial(t, subscribe, testpeer.AsForeignReader).Settle()
		})
	}
}
