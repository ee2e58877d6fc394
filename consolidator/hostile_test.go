package consolidator_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// end is an endpoint, and who connects to it.
type end struct {
	addr string
	role zmtp.Config
}

// ends are both endpoints of a consolidator, for those who do the same to both:
// of number 0 over tcp, of number 1 over ipc.
func ends(c *consolidator.Consolidator, number int) []end {
	return []end{{c.PublishAddrs()[number], testpeer.AsForeignPublisher}, {c.SubscribeAddrs()[number], testpeer.AsForeignReader}}
}

// offence is what a peer does wrong, and what is counted of it.
type offence struct {
	name    string
	commit  func(t *testing.T, c *consolidator.Consolidator)
	counted consolidator.Counts // exactly
}

// offences are what a peer can do. Each is committed beside neighbours, who
// notice nothing; memory stays bounded; and it is counted by its reason.
var offences = []offence{
	{"garbage instead of a greeting", func(t *testing.T, c *consolidator.Consolidator) {
		garbage := make([]byte, 4096)
		r := rand.NewChaCha8([32]byte{1})
		_, _ = r.Read(garbage)
		garbage[0] = 0x7f
		for _, e := range ends(c, 0) {
			for range 20 {
				nc := silent(t, e.addr)
				_, _ = nc.Write(garbage)
				closes(t, nc)
			}
		}
	}, consolidator.Counts{Handshakes: 40}},

	{"half a handshake, byte by byte", func(t *testing.T, c *consolidator.Consolidator) {
		var wg sync.WaitGroup
		for _, e := range ends(c, 0) {
			nc := silent(t, e.addr)
			wg.Go(func() {
				pace := time.Tick(time.Millisecond)
				for _, b := range append(greeting(1), frame(flagCommand, 100)...) {
					if _, err := nc.Write([]byte{b}); err != nil {
						break
					}
					<-pace
				}
			})
			defer closes(t, nc) // both at a time
		}
		wg.Wait()
	}, consolidator.Counts{Handshakes: 2, HandshakeTimeouts: 2}},

	{"a READY of 2^62 bytes", func(t *testing.T, c *consolidator.Consolidator) {
		for _, e := range ends(c, 0) {
			nc := silent(t, e.addr)
			_, _ = nc.Write(append(greeting(1), frame(flagCommand, 1<<62)...))
			closes(t, nc)
		}
	}, consolidator.Counts{Handshakes: 2}},

	{"garbage after the handshake", func(t *testing.T, c *consolidator.Consolidator) {
		for _, e := range ends(c, 0) {
			p := testpeer.Dial(t, e.addr, e.role)
			_, _ = p.Write(bytes.Repeat([]byte{0xfe, 0x31}, 1000))
			p.Ends()
		}
	}, consolidator.Counts{Protocol: 2}},

	{"a command of 2^62 bytes", func(t *testing.T, c *consolidator.Consolidator) {
		for _, e := range ends(c, 0) {
			p := testpeer.Dial(t, e.addr, e.role)
			p.Send(frame(flagCommand, 1<<62))
			p.Ends()
		}
	}, consolidator.Counts{Protocol: 2}},

	{"frames of 2^63 bytes and more", func(t *testing.T, c *consolidator.Consolidator) {
		for _, e := range ends(c, 0) {
			for _, size := range []uint64{1 << 63, 1<<64 - 1} {
				p := testpeer.Dial(t, e.addr, e.role)
				p.Send(frame(0, size))
				p.Ends()
			}
		}
	}, consolidator.Counts{Protocol: 4}},

	{"a frame of 2^62 bytes, some of which come", func(t *testing.T, c *consolidator.Consolidator) {
		for _, e := range ends(c, 0) {
			p := testpeer.Dial(t, e.addr, e.role)
			p.Send(frame(0, 1<<62))
			if flood(t, p.NetConn(), make([]byte, 64<<10), 64<<20) {
				t.Error("it was closed")
			}
		}
	}, consolidator.Counts{TooLarge: 1, Subscriptions: 1}},

	{"a record of 1 MiB, and one after it", func(t *testing.T, c *consolidator.Consolidator) {
		s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
		s.Tail("system", stream.Backfill{})
		var got seen
		until(t, s, &got, func() bool { return got.begun == 1 })
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		p.Send(message("system", 1))
		p.Send(zmtp.AppendMessage(nil, "system", bytes.Repeat([]byte("x"), 1<<20)))
		p.Send(zmtp.AppendMessage(nil, "system", bytes.Repeat([]byte("x"), zmtp.MaxRecord+1)))
		p.Send(message("system", 2))
		until(t, s, &got, func() bool { return len(got.records) == 2 })
		if r := strings.Join(got.records, " "); r != `{"i":1} {"i":2}` || got.lost != 2 {
			t.Errorf("got %s, %d lost", r, got.lost)
		}
	}, consolidator.Counts{TooLarge: 2}},

	{"messages that are no records", func(t *testing.T, c *consolidator.Consolidator) {
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		for range 1000 {
			p.Send([]byte{0, 4, 'n', 'o', 'n', 'e'})
			p.Send(message("", 1))
			p.Send(message("a\nb", 1))
			p.Send(message("\xff\xfe", 1))
			p.Send(zmtp.AppendMessage(nil, strings.Repeat("n", 256), []byte("{}")))
		}
		p.Settle()
	}, consolidator.Counts{TooFewFrames: 1000, BadName: 4000}},

	{"a record sent byte by byte", func(t *testing.T, c *consolidator.Consolidator) {
		s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
		s.Tail("system", stream.Backfill{})
		var got seen
		until(t, s, &got, func() bool { return got.begun == 1 })
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		long := strings.Repeat("x", 20_000)
		for _, b := range zmtp.AppendMessage(nil, "system", []byte(long)) {
			p.Send([]byte{b})
		}
		until(t, s, &got, func() bool { return len(got.records) == 1 })
		if got.records[0] != long {
			t.Error("the record is another")
		}
	}, consolidator.Counts{}},

	{"subscriptions of 64 KiB", func(t *testing.T, c *consolidator.Consolidator) {
		long := strings.Repeat("s", 64<<10)
		r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
		for range 100 {
			r.Send(zmtp.AppendSubscription(nil, zmtp.Version{Major: 3}, long, false))
			r.Send(zmtp.AppendSubscription(nil, r.Peer.Version, long[:60<<10], false))
		}
		r.Send(zmtp.AppendSubscription(nil, r.Peer.Version, "system", false))
		r.Settle()
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		p.Send(message("system", 1))
		if got, err := r.Message(); got != `system {"i":1}` {
			t.Errorf("got %q, %v", got, err)
		}
	}, consolidator.Counts{Subscriptions: 200}},

	{"PINGs without reading", func(t *testing.T, c *consolidator.Consolidator) {
		// Over ipc: where both directions of a TCP connection are full, its
		// kernel takes minutes to go on.
		for _, e := range ends(c, 1) {
			p := testpeer.Dial(t, e.addr, e.role)
			if !floodFor(t, p.NetConn(), bytes.Repeat(zmtp.AppendPing(nil, 0), 8<<10), 256<<20, wait.Limit) {
				t.Errorf("%s was not closed", e.role.Type)
			}
		}
	}, consolidator.Counts{NotReading: 2}},

	{"malformed commands of a sluice reader", func(t *testing.T, c *consolidator.Consolidator) {
		for _, b := range [][]byte{
			command("X-TAIL", 1), command("X-TAIL"), command("X-STOP", 9, 'a'),
			command("X-STREAMS", 2), command("PING"),
			{flagCommand, 0},
			{flagCommand, 1, 9},
			{flagCommand | flagMore, 2, 1, 'X'},
			append([]byte{flagMore, 1, 'a'}, command("PING", make([]byte, 300)...)...),
			zmtp.AppendTail(nil, zmtp.Tail{Name: "a\nb"}),
		} {
			r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsReader)
			r.Send(b)
			r.Ends()
		}
	}, consolidator.Counts{Protocol: 10}},

	{"a reader that reads byte by byte", func(t *testing.T, c *consolidator.Consolidator) {
		r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
		small(t, r.Conn, 64<<10)
		r.Send(zmtp.AppendSubscription(nil, r.Peer.Version, "", false))
		var stop atomic.Bool
		var reading sync.WaitGroup
		reading.Go(func() {
			var one [1]byte
			pace := time.Tick(time.Millisecond)
			for !stop.Load() {
				if _, err := r.NetConn().Read(one[:]); err != nil {
					return
				}
				<-pace
			}
		})
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		floodFor(t, p.NetConn(), bytes.Repeat(message("flood", 1), 1000), 32<<20, wait.Limit)
		p.Settle()
		stop.Store(true)
		r.Close()
		reading.Wait()
	}, consolidator.Counts{}},
}

// counted waits until so much was counted, and no more; /metrics says so, too,
// where it is served.
func counted(t *testing.T, c *consolidator.Consolidator, want consolidator.Counts) {
	t.Helper()
	if !wait.Until(func() bool { return c.Counts() == want }) {
		t.Fatalf("counted %+v, want %+v", c.Counts(), want)
	}
	if c.AdminAddr() == "" {
		return
	}
	counts(t, c, map[string]float64{
		`records_dropped_total{reason="too_large"}`:             float64(want.TooLarge),
		`records_dropped_total{reason="too_few_frames"}`:        float64(want.TooFewFrames),
		`records_dropped_total{reason="bad_name"}`:              float64(want.BadName),
		"subscriptions_refused_total":                           float64(want.Subscriptions),
		`connections_refused_total{reason="handshake_broken"}`:  float64(want.Handshakes - want.HandshakeTimeouts),
		`connections_refused_total{reason="handshake_timeout"}`: float64(want.HandshakeTimeouts),
		`connections_closed_total{reason="protocol"}`:           float64(want.Protocol),
		`connections_closed_total{reason="silent"}`:             float64(want.Silent),
		`connections_closed_total{reason="not_reading"}`:        float64(want.NotReading),
		`connections_closed_total{reason="held_memory"}`:        float64(want.Held),
		`connections_closed_total{reason="most_subscriptions"}`: float64(want.Most),
	})
}

// broken runs a consolidator over tcp and ipc, with neighbours, for what commit
// does to it.
func broken(t *testing.T, commit func(t *testing.T, c *consolidator.Consolidator)) {
	t.Helper()
	// Garbage is not what is measured.
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	const buffer = 32 << 20
	dir := t.TempDir()
	c, _ := start(t, consolidator.Config{
		Admin:     anyPort,
		Buffer:    buffer,
		Publish:   []string{"tcp://127.0.0.1:0", "ipc://" + dir + "/p"},
		Subscribe: []string{"tcp://127.0.0.1:0", "ipc://" + dir + "/s"},
	}, func(c *consolidator.Consolidator) {
		c.Hurry(3*time.Second, 200*time.Millisecond, 10*wait.Limit) // time for a handshake of the others on a busy machine
	})
	b := neighboursOf(t, c)
	commit(t, c)
	b.done()
	b.grown(buffer + 48<<20)
}

func TestOffences(t *testing.T) { commit(t, offences) }

func commit(t *testing.T, offences []offence) {
	t.Helper()
	for _, o := range offences {
		t.Run(o.name, func(t *testing.T) {
			broken(t, func(t *testing.T, c *consolidator.Consolidator) {
				o.commit(t, c)
				counted(t, c, o.counted)
			})
		})
	}
}

// Publishers that send parts of large records and no more are closed when the
// parts are too much, those that have waited for longest first. One that sends
// whole ones notices nothing.
func TestHalfRecords(t *testing.T) {
	for _, part := range []int{100 << 10, 200 << 10} {
		t.Run(fmt.Sprint(part, " bytes"), func(t *testing.T) { halfRecords(t, part) })
	}
}

func halfRecords(t *testing.T, part int) {
	broken(t, func(t *testing.T, c *consolidator.Consolidator) {
		const publishers, most = 300, 16 << 20
		half := append([]byte{flagMore, 1, 'h'}, frame(0, 250<<10)...)
		half = append(half, make([]byte, part)...)
		s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()[:1]})
		s.Tail("large", stream.Backfill{})
		var got seen
		until(t, s, &got, func() bool { return got.begun == 1 })
		good := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		good.Drain()
		large := zmtp.AppendMessage(nil, "large", make([]byte, 200<<10))
		for i := range publishers {
			p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
			_, _ = p.Write(half) // it may be closed for it at once
			if i%10 == 0 {
				good.Send(large)
			}
		}
		until(t, s, &got, func() bool { return len(got.records) == publishers/10 })
		if got.lost > 0 {
			t.Errorf("%d lost", got.lost)
		}
		wait.For(t, "the rest to be within the limit", func() bool {
			left, _, _ := c.Connections()
			return left-2 <= most/part && heldAlone(t, c, publishers+2-left)
		})
	})
}

// Readers that have too many subscriptions together lose the one that has most,
// and not the one that comes last.
func TestMostSubscriptions(t *testing.T) {
	c, _ := start(t, consolidator.Config{}, func(c *consolidator.Consolidator) { c.LimitSubscriptions(1000) })
	many := func(c *testpeer.Peer, n int) (b []byte) {
		for i := range n {
			b = append(b, wanting(c.Conn, fmt.Sprint("stream/", i))...)
		}
		return b
	}
	readers := make([]*testpeer.Peer, 4)
	for i, n := range []int{300, 500, 190, 1} {
		role := testpeer.AsForeignReader
		if i%2 == 1 {
			role = testpeer.AsReader
		}
		readers[i] = testpeer.Dial(t, c.SubscribeAddrs()[0], role)
		readers[i].Settle(many(readers[i], n)...)
	}
	counted(t, c, consolidator.Counts{})
	// What is given up makes room.
	readers[1].Settle(zmtp.AppendStop(nil, "stream/0")...)
	readers[3].Settle(wanting(readers[3].Conn, "one")...)
	last := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
	last.Settle(many(last, 50)...)
	readers[1].Ends()
	counted(t, c, consolidator.Counts{Most: 1})
	if got := c.Subscriptions(); got != 300+190+2+50 {
		t.Errorf("%d subscriptions are left", got)
	}
	// So does who goes.
	readers[0].Close()
	wait.For(t, "it to be gone", func() bool { return c.AllSubscriptions() == 190+2+50 })
	last.Settle(many(last, 750)...)
	counted(t, c, consolidator.Counts{Most: 1})
	_, _ = last.Write(many(last, 900))
	last.Ends()
	counted(t, c, consolidator.Counts{Most: 2})
}
