package consolidator_test

import (
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// floods are offences that go on and on, or that many commit.
var floods = []offence{
	{"a message of tiny frames without an end", func(t *testing.T, c *consolidator.Consolidator) {
		for _, e := range ends(c, 0) {
			p := testpeer.Dial(t, e.addr, e.role)
			if flood(t, p.NetConn(), bytes.Repeat([]byte{flagMore, 0}, 32<<10), 16<<20) {
				t.Error("it was closed")
			}
		}
	}, consolidator.Counts{TooLarge: 1, Subscriptions: 1}},

	{"100,000 subscriptions, and one more", func(t *testing.T, c *consolidator.Consolidator) {
		for _, role := range []zmtp.Config{testpeer.AsForeignReader, testpeer.AsReader} {
			r := testpeer.Dial(t, c.SubscribeAddrs()[0], role)
			var all []byte
			for i := range 100_000 {
				name := fmt.Sprintf("subscribed/%06d", i)
				if role.Foreign {
					all = zmtp.AppendSubscription(all, r.Peer.Version, name, false)
				} else {
					all = zmtp.AppendTail(all, zmtp.Tail{Name: name})
				}
			}
			r.Settle(all...)
			// It is a reader like any other.
			p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
			p.Send(message("subscribed/099999", 7))
			if got, err := r.Message(); got != `subscribed/099999 {"i":7}` {
				t.Errorf("got %q, %v", got, err)
			}
			if role.Foreign {
				r.Send(zmtp.AppendSubscription(nil, r.Peer.Version, "one more", false))
			} else {
				r.Send(zmtp.AppendTail(nil, zmtp.Tail{Name: "one more"}))
			}
			r.Ends()
		}
	}, consolidator.Counts{Subscriptions: 2, Protocol: 2}},

	{"commands that nobody knows, and nothing else", func(t *testing.T, c *consolidator.Consolidator) {
		for _, e := range ends(c, 0) {
			p := testpeer.Dial(t, e.addr, e.role)
			many := bytes.Repeat(command("NONSENSE", 1, 2, 3), 3000)
			many = append(many, command("X-TAIL", 1)...) // a foreign peer's is nobody's
			if floodFor(t, p.NetConn(), many, 16<<20, wait.Limit) {
				t.Errorf("%s was closed", e.role.Type)
			}
			p.Settle()
		}
	}, consolidator.Counts{}},

	{"tails and stops without an end", func(t *testing.T, c *consolidator.Consolidator) {
		var storm []byte
		for i := range 1000 {
			name := fmt.Sprint("storm/", i%10)
			storm = zmtp.AppendTail(storm, zmtp.Tail{Name: neighbourName, From: zmtp.TailLast, A: 1000})
			storm = zmtp.AppendTail(storm, zmtp.Tail{Name: name, From: zmtp.TailLast, A: 1 << 63})
			storm = zmtp.AppendStop(storm, name)
			storm = zmtp.AppendStop(storm, name)
		}
		// One reads all the answers, one reads nothing.
		reads := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
		reads.Drain()
		flood(t, reads.NetConn(), storm, 8<<20)
		deaf := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
		small(t, deaf.Conn, 64<<10)
		flood(t, deaf.NetConn(), storm, 8<<20)
	}, consolidator.Counts{}},

	{"subscriptions and cancels without an end", func(t *testing.T, c *consolidator.Consolidator) {
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		var many []byte
		for i := range 2000 {
			many = append(many, message(fmt.Sprint("many/", i), i)...)
		}
		p.Send(many)
		p.Settle()
		r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
		small(t, r.Conn, 64<<10)
		var storm []byte
		for range 100 {
			storm = zmtp.AppendSubscription(storm, r.Peer.Version, "", false)
			storm = zmtp.AppendSubscription(storm, r.Peer.Version, "", true)
			storm = zmtp.AppendSubscription(storm, r.Peer.Version, "", true)
		}
		flood(t, r.NetConn(), storm, 3*int64(len(storm)))
	}, consolidator.Counts{}},

	{"watching the streams without reading", func(t *testing.T, c *consolidator.Consolidator) {
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		var many []byte
		for i := range 10_000 {
			many = append(many, message(fmt.Sprintf("a stream with a long name, so that the list of all is long/%05d", i), i)...)
		}
		for range 50 {
			r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
			small(t, r.Conn, 64<<10)
			r.Send(zmtp.AppendWatch(nil, true))
		}
		for range 3 { // all of them change
			p.Send(many)
			p.Settle()
			time.Sleep(200 * time.Millisecond) // the list's time, see Hurry
		}
		r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
		r.Send(bytes.Repeat(zmtp.AppendWatch(nil, true), 500))
	}, consolidator.Counts{}},
}

func TestFloods(t *testing.T) {
	volume.Check(t)
	commit(t, floods)
}

// heldAlone tells whether so many connections were closed for what they made the
// consolidator hold, and none for anything else; /metrics says so, too.
func heldAlone(t *testing.T, c *consolidator.Consolidator, n int) bool {
	t.Helper()
	return c.Counts() == (consolidator.Counts{Held: uint64(n)}) &&
		scrape(t, c)[`connections_closed_total{reason="held_memory"}`] == float64(n)
}

// Readers that let answers pile up are closed when they are too many, even if
// each has fewer than one may have.
func TestUnreadAnswers(t *testing.T) {
	volume.Check(t)
	broken(t, func(t *testing.T, c *consolidator.Consolidator) {
		const readers, pings, most = 30, 100_000, 8 << 20
		many := bytes.Repeat(zmtp.AppendPing(nil, 0), pings)
		for range readers {
			// Over ipc, see above.
			testpeer.Dial(t, c.SubscribeAddrs()[1], testpeer.AsForeignReader).Send(many)
		}
		// Each has more than 300 KiB that its kernel does not hold.
		wait.For(t, "the rest to be within the limit", func() bool {
			_, left, _ := c.Connections()
			return left-2 <= most/(300<<10) && heldAlone(t, c, readers+2-left)
		})
	})
}

// A thousand connections that say nothing hinder nobody, and are closed when
// the handshake's time is over.
func TestSilentConnections(t *testing.T) {
	volume.Check(t)
	const each = 500
	c, _ := start(t, consolidator.Config{Admin: anyPort}, func(c *consolidator.Consolidator) {
		c.Hurry(8*time.Second, time.Second, wait.Limit)
	})
	var conns []net.Conn
	for _, e := range ends(c, 0) {
		for range each {
			conns = append(conns, silent(t, e.addr))
		}
	}
	wait.For(t, "all of them to be accepted", func() bool { _, _, n := c.Connections(); return n == 2*each })
	b := neighboursOf(t, c)
	if _, _, n := c.Connections(); n != 2*each {
		t.Errorf("others were at work only when %d silent connections were left", n)
	}
	for _, nc := range conns {
		closes(t, nc)
	}
	b.done()
	counted(t, c, consolidator.Counts{Handshakes: 2 * each, HandshakeTimeouts: 2 * each})
	b.grown(48 << 20)
}
