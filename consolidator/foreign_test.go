package consolidator_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/foreign"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// sequence checks that each stream's records are {"i":0}, {"i":1} and so on.
// Probes may come before them.
type sequence struct {
	next   map[string]int
	probes bool // some came
}

// add takes one message. It returns how many records of that stream there are.
func (s *sequence) add(t testing.TB, name, record string) int {
	t.Helper()
	if s.next == nil {
		s.next = make(map[string]int)
	}
	n := s.next[name]
	switch record {
	case `{"probe":true}`:
		if n > 0 {
			t.Fatalf("%s: a probe after record %d", name, n)
		}
		s.probes = true
		return n
	case fmt.Sprintf(`{"i":%d}`, n):
		s.next[name]++
		return n + 1
	}
	t.Fatalf("%s: got %s, expected %d", name, record, n)
	return 0
}

// collect takes batches until each of the streams has n records, in order and
// without a gap.
func collect(t testing.TB, s *stream.Source, streams []string, n int) {
	t.Helper()
	var seq sequence
	var got seen
	done := func() bool {
		for _, name := range streams {
			if seq.next[name] < n {
				return false
			}
		}
		return true
	}
	for !done() {
		got.records, got.names = nil, nil
		until(t, s, &got, func() bool { return len(got.records) > 0 })
		if got.lost > 0 || got.unknown > 0 {
			t.Errorf("%d lost, %d unknown", got.lost, got.unknown)
		}
		for i, r := range got.records {
			seq.add(t, got.names[i], r)
		}
	}
}

// tailAll makes a source that reads all of the streams from now on.
func tailAll(t testing.TB, c *consolidator.Consolidator, streams []string) *stream.Source {
	t.Helper()
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	var got seen
	for i, name := range streams {
		s.Tail(name, stream.Backfill{})
		until(t, s, &got, func() bool { return got.begun == i+1 })
	}
	return s
}

var interleaved = []string{"tenant/acme", "tenant/acme2", "system"}

// libzmq's XPUB publishes like its PUB. It sees one subscription: to all.
func TestLibzmqXPUB(t *testing.T) {
	foreign.Need(t, "python3-zmq")
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		s := tailAll(t, c, interleaved)
		pub := testpeer.StartLibzmq(t, "xpub", c.PublishAddrs()[0], strings.Join(interleaved, ","), "3000")
		if got := pub.Line(); got != "subscribed 01" {
			t.Errorf("it was told %q", got)
		}
		pub.Put("")
		collect(t, s, interleaved, 3000)
	})
}

// libzmq's own proxy in front of a consolidator: applications publish to it.
func TestLibzmqProxyInFront(t *testing.T) {
	foreign.Need(t, "python3-zmq")
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		s := tailAll(t, c, interleaved)
		proxy := testpeer.StartLibzmq(t, "front", c.PublishAddrs()[0])
		pub := testpeer.StartLibzmq(t, "pub", proxy.Line(), strings.Join(interleaved, ","), "3000")
		// It drops what it sends before the subscription has come through.
		var got seen
		until(t, s, &got, func() bool { return len(got.records) > 0 })
		pub.Put("")
		collect(t, s, interleaved, 3000)
	})
}

// libzmq's own proxy behind a consolidator: its subscribers' subscriptions come
// through it, and so does their cancelling.
func TestLibzmqProxyBehind(t *testing.T) {
	foreign.Need(t, "python3-zmq")
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		proxy := testpeer.StartLibzmq(t, "back", c.SubscribeAddrs()[0])
		addr := proxy.Line()
		exact := testpeer.StartLibzmq(t, "sub", addr, "system")
		prefix := testpeer.StartLibzmq(t, "sub", addr, "tenant/")
		subscribers(t, c, exact, prefix)
	})
}

// libzmq's XSUB reads like its SUB, by subscriptions that are messages. What
// else it sends upstream is nobody's.
func TestLibzmqXSUB(t *testing.T) {
	foreign.Need(t, "python3-zmq")
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		exact := testpeer.StartLibzmq(t, "xsub", c.SubscribeAddrs()[0], "system")
		prefix := testpeer.StartLibzmq(t, "xsub", c.SubscribeAddrs()[0], "tenant/")
		exact.Do("send hello")
		subscribers(t, c, exact, prefix)
	})
}

// subscribers have interleaved records sent to two peers, one subscribed to
// "system", and one to "tenant/". Then one of the subscriptions is cancelled.
func subscribers(t *testing.T, c *consolidator.Consolidator, exact, prefix *testpeer.Libzmq) {
	t.Helper()
	p := publish(t, c.PublishAddrs()[0])
	probe(t, p, exact, "system")
	probe(t, p, prefix, "tenant/probe")
	const n = 3000
	go func() {
		var b []byte
		for i := range n {
			for _, name := range interleaved {
				b = append(b, message(name, i)...)
			}
		}
		_, _ = p.Write(b)
	}()
	var seq sequence
	for seq.next["system"] < n {
		name, record := exact.Message()
		seq.add(t, name, record)
	}
	for seq.next["tenant/acme"]+seq.next["tenant/acme2"] < 2*n {
		name, record := prefix.Message()
		seq.add(t, name, record)
	}
	if len(seq.next) != len(interleaved) {
		t.Errorf("records of %v", seq.next)
	}

	// Subscriptions are counted in libzmq's subscriber: one of two is cancelled,
	// which costs nothing, and then the other.
	prefix.Do("subscribe tenant/")
	prefix.Do("cancel tenant/")
	probe(t, p, prefix, "tenant/probe")
	prefix.Do("cancel tenant/")
	prefix.Do("subscribe mark")
	probe(t, p, prefix, "mark")
	send(t, p, message("tenant/acme", n))
	send(t, p, message("mark", n))
	expect(t, prefix, fmt.Sprintf(`mark {"i":%d}`, n))
}

// oldGreeting is a connection whose first write, the greeting, says ZMTP 3.0, and
// from which no handshake reads more than it needs.
type oldGreeting struct {
	net.Conn
	greeted bool
}

func (o *oldGreeting) Write(p []byte) (int, error) {
	if !o.greeted {
		o.greeted = true
		p = slices.Clone(p)
		p[11] = 0
	}
	return o.Conn.Write(p)
}

func (o *oldGreeting) Read(p []byte) (int, error) { return o.Conn.Read(p[:1]) }

func (o *oldGreeting) SyscallConn() (syscall.RawConn, error) {
	return o.Conn.(syscall.Conn).SyscallConn()
}

// old is a peer of ZMTP 3.0.
func old(t testing.TB, addr string, role zmtp.Config) *testpeer.Peer {
	t.Helper()
	nc := silent(t, addr)
	conn, err := zmtp.Handshake(&oldGreeting{Conn: nc}, role)
	if err != nil {
		t.Fatal(err)
	}
	conn.Peer.Version = zmtp.Version{Major: 3} // what both speak
	return testpeer.New(t, conn)
}

// Peers of ZMTP 3.0 are sent subscriptions as messages, and send such; and they
// get no PING, which they do not know.
func TestOldPeers(t *testing.T) {
	both := func(t *testing.T, cfg consolidator.Config) {
		const ping = 20 * time.Millisecond
		c, _ := start(t, cfg, func(c *consolidator.Consolidator) { c.Hurry(wait.Limit, ping, wait.Limit) })
		pub := old(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		if got := pub.Exactly(3); got != "\x00\x01\x01" {
			t.Errorf("its subscription is % x", got)
		}
		sub := old(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
		sub.Send(zmtp.AppendSubscription(nil, sub.Peer.Version, "tenant/", false))
		sub.Send(zmtp.AppendSubscription(nil, sub.Peer.Version, "tenant/", false))
		sub.Send(zmtp.AppendSubscription(nil, sub.Peer.Version, "tenant/", true))
		sub.Send(zmtp.AppendSubscription(nil, sub.Peer.Version, "tenant/", false))
		sub.Send(zmtp.AppendSubscription(nil, sub.Peer.Version, "mark", false)) // when it is there, so are those before it
		expectOld := func(name string, i int) {
			t.Helper()
			want := string(message(name, i))
			if got := sub.Exactly(len(want)); got != want {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
		subscribed(t, c, 2)
		for i := range 100 {
			pub.Send(message("system", i))
			pub.Send(message("tenant/acme", i))
			pub.Send(message("tenant/acme2", i))
			expectOld("tenant/acme", i)
			expectOld("tenant/acme2", i)
		}
		// A peer of 3.1 is sent some PINGs meanwhile.
		young := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
		for range 3 {
			if tok, err := young.Next(); err != nil || tok.Kind != zmtp.TokenCommand || !strings.HasPrefix(string(tok.Body), "\x04PING") {
				t.Fatalf("got %q, %v", tok.Body, err)
			}
		}
		sub.Send(zmtp.AppendSubscription(nil, sub.Peer.Version, "tenant/", true))
		subscribed(t, c, 1)
		sub.Send(zmtp.AppendSubscription(nil, sub.Peer.Version, "system", false))
		subscribed(t, c, 2)
		pub.Send(message("tenant/acme", 100))
		pub.Send(message("system", 100))
		expectOld("system", 100)
		_ = pub.SetReadDeadline(time.Now().Add(ping))
		if n, err := pub.NetConn().Read(make([]byte, 1)); !isTimeout(err) {
			t.Errorf("the old publisher got %d bytes, %v", n, err)
		}
	}
	t.Run("tcp", func(t *testing.T) { both(t, consolidator.Config{}) })
	t.Run("ipc", func(t *testing.T) {
		dir := t.TempDir()
		both(t, consolidator.Config{Publish: []string{"ipc://" + dir + "/p"}, Subscribe: []string{"ipc://" + dir + "/s"}})
	})
}

// libzmq puts its PING, and its answer to ours, between the frames of a message
// when it happens to be there.
func TestHeartbeatWithinMessage(t *testing.T) {
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		s := tailAll(t, c, interleaved)
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		p.Drain()
		pong, err := zmtp.AppendPong(nil, []byte("\x00\x00context"))
		if err != nil {
			t.Fatal(err)
		}
		var b []byte
		for i := range 1000 {
			for _, name := range interleaved {
				m := message(name, i)
				frame := 2 + len(name)
				b = append(b, m[:frame]...)
				b = zmtp.AppendPing(b, 0)
				b = append(b, pong...)
				b = append(b, m[frame:]...)
			}
		}
		for len(b) > 0 {
			n := min(len(b), 777)
			p.Send(b[:n])
			b = b[n:]
		}
		collect(t, s, interleaved, 1000)
		counted(t, c, consolidator.Counts{})
	})
}

// subscribed waits until all readers together have so many subscriptions.
func subscribed(t testing.TB, c *consolidator.Consolidator, n int) {
	t.Helper()
	wait.For(t, fmt.Sprintf("%d subscriptions", n), func() bool { return c.Subscriptions() == n })
}

// go-zeromq cancels, too.
func TestGoZeroMQCancels(t *testing.T) {
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		sub := zmq4.NewSub(t.Context())
		defer sub.Close()
		if err := sub.Dial(c.SubscribeAddrs()[0]); err != nil {
			t.Fatal(err)
		}
		for i, prefix := range []string{"tenant/", "system"} {
			if err := sub.SetOption(zmq4.OptionSubscribe, prefix); err != nil {
				t.Fatal(err)
			}
			subscribed(t, c, i+1)
		}
		p := publish(t, c.PublishAddrs()[0])
		expect := func(want string) {
			t.Helper()
			m, err := sub.Recv()
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%s %s", m.Frames[0], m.Frames[1]); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
		send(t, p, message("tenant/acme", 1))
		expect(`tenant/acme {"i":1}`)
		if err := sub.SetOption(zmq4.OptionUnsubscribe, "tenant/"); err != nil {
			t.Fatal(err)
		}
		subscribed(t, c, 1)
		send(t, p, message("tenant/acme", 2))
		send(t, p, message("system", 3))
		expect(`system {"i":3}`)
	})
}

// A noisy stream costs a quiet one nothing, on one connection that reads both
// and is too slow for the noisy one: of that it is told what it lost, of the
// quiet one it has all.
func TestNoisyAndQuiet(t *testing.T) {
	volume.Check(t)
	const rounds, noise = 800, 100
	round := func(i int) (b []byte) {
		filler := strings.Repeat("x", 200)
		for k := range noise {
			b = zmtp.AppendMessage(b, "noisy", fmt.Appendf(nil, `{"i":%d,"filler":%q}`, i*noise+k, filler))
		}
		return append(b, message("quiet", i)...)
	}
	cfg := consolidator.Config{StreamBuffer: 256 << 10}

	t.Run("slow", func(t *testing.T) {
		c, _ := start(t, cfg)
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		p.Drain()
		r := testpeer.Dial(t, c.SubscribeAddrs()[0], testpeer.AsForeignReader)
		small(t, r.Conn, 64<<10)
		r.Settle(subscriptions(r, "noisy", "quiet")...)
		var heard noisyAndQuiet
		for i := range rounds {
			p.Send(round(i))
			for range noise / 10 {
				heard.record(t, r)
			}
		}
		for heard.quiet < rounds || heard.noisy < rounds*noise {
			heard.record(t, r)
		}
		heard.check(t)
	})

	t.Run("libzmq that stops and goes on", func(t *testing.T) {
		foreign.Need(t, "python3-zmq")
		c, _ := start(t, cfg)
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
		p.Drain()
		r := testpeer.StartLibzmq(t, "sub", c.SubscribeAddrs()[0], "noisy", "quiet", "noheartbeat")
		subscribed(t, c, 2)
		r.Do("stop")
		for i := range rounds {
			p.Send(round(i))
		}
		r.Do("go")
		var heard noisyAndQuiet
		for heard.quiet < rounds || heard.noisy < rounds*noise {
			name, rec := r.Message()
			heard.take(t, name, rec)
		}
		heard.check(t)
	})
}

func subscriptions(c *testpeer.Peer, prefixes ...string) (b []byte) {
	for _, prefix := range prefixes {
		b = zmtp.AppendSubscription(b, c.Peer.Version, prefix, false)
	}
	return b
}

// noisyAndQuiet is what a reader of both got, and was told.
type noisyAndQuiet struct {
	noisy, quiet, dropped, gaps int
}

func (h *noisyAndQuiet) record(t *testing.T, r *testpeer.Peer) {
	t.Helper()
	_ = r.SetReadDeadline(time.Now().Add(wait.Limit))
	got, err := r.Message()
	if err != nil {
		t.Fatalf("%v; heard %+v", err, *h)
	}
	name, rec, _ := strings.Cut(got, " ")
	h.take(t, name, rec)
}

func (h *noisyAndQuiet) take(t *testing.T, name, rec string) {
	t.Helper()
	var r struct {
		I       int
		Name    string
		Dropped int
	}
	if err := json.Unmarshal([]byte(rec), &r); err != nil {
		t.Fatalf("%v: %.100s", err, rec)
	}
	next := &h.noisy
	if name == "quiet" {
		next = &h.quiet
	}
	switch {
	case r.Name == "sluice" && name == "quiet":
		t.Fatalf("a loss of the quiet stream: %s", rec)
	case r.Name == "sluice":
		*next += r.Dropped
		h.dropped += r.Dropped
		h.gaps++
	case r.I != *next:
		t.Fatalf("%s: record %d, expected %d", name, r.I, *next)
	default:
		*next++
	}
}

func (h *noisyAndQuiet) check(t *testing.T) {
	t.Helper()
	if h.dropped == 0 {
		t.Error("the reader was not too slow")
	}
	t.Logf("noisy: %d, of which %d were dropped, told in %d notices; quiet: %d, none dropped", h.noisy, h.dropped, h.gaps, h.quiet)
}
