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

	pub "sluice/cluster/publish"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp/curve"
	"sluice/consolidator"
	"sluice/internal/foreign"
	"sluice/internal/testpeer"
)

// args are the flags of libzmq.py for a client with these keys; for a server without a
// server's.
func (p pairs) args(t testing.TB, name, server string) []string {
	t.Helper()
	text := func(path, what string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(data), what+` = "`)
		value, _, ok := strings.Cut(rest, `"`)
		if !ok {
			t.Fatalf("%s has no %s: %s", path, what, data)
		}
		return value
	}
	own := []string{text(p.secret(name), "public-key"), text(p.secret(name), "secret-key")}
	if server == "" {
		return append([]string{"--curve-server"}, own...)
	}
	return append([]string{"--curve-client", text(p.public(server), "public-key")}, own...)
}

// aged is a relay between peers that makes both take the other for one of ZMTP 3.0.
func aged(t testing.TB, endpoint string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var passing sync.WaitGroup
	pass := func(to, from net.Conn) {
		defer to.Close()
		var greeting [12]byte
		if _, err := io.ReadFull(from, greeting[:]); err != nil {
			return
		}
		greeting[11] = 0
		if _, err := to.Write(greeting[:]); err == nil {
			_, _ = io.Copy(to, from)
		}
	}
	passing.Go(func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "tcp://"))
			if err != nil {
				in.Close()
				continue
			}
			passing.Go(func() { pass(out, in) })
			passing.Go(func() { pass(in, out) })
		}
	})
	t.Cleanup(func() { ln.Close(); passing.Wait() })
	return "tcp://" + ln.Addr().String()
}

// versions runs a test with peers of ZMTP 3.1, and of 3.0.
func versions(t *testing.T, test func(t *testing.T, through func(endpoint string) string)) {
	foreign.Need(t, "python3-zmq")
	t.Run("3.1", func(t *testing.T) { test(t, func(e string) string { return e }) })
	t.Run("3.0", func(t *testing.T) { test(t, func(e string) string { return aged(t, e) }) })
}

// libzmq's publishers and subscribers get along with a consolidator's CURVE.
func TestLibzmqCurve(t *testing.T) {
	versions(t, func(t *testing.T, through func(string) string) {
		keys := newPairs(t, "vm-1")
		libzmq, ours := keys.make(t, "libzmq"), keys.make(t, "ours")
		c, _ := start(t, consolidator.Config{
			CurveKey: keys.secret("vm-1"), CurvePublishers: keys.list(t, "publishers", libzmq), CurveSubscribers: keys.list(t, "readers", libzmq, ours),
		})
		as := func(args ...string) *testpeer.Libzmq {
			return testpeer.StartLibzmq(t, append(keys.args(t, "libzmq", "vm-1"), args...)...)
		}
		exact := as("sub", through(c.SubscribeAddrs()[0]), "system")
		prefix := as("xsub", through(c.SubscribeAddrs()[0]), "tenant/")
		subscribed(t, c, 2)
		s := keys.reader(t, c, "ours", "vm-1")
		var got seen
		for i, name := range interleaved {
			s.Tail(name, stream.Backfill{})
			until(t, s, &got, func() bool { return got.begun == i+1 })
		}
		for _, kind := range []string{"pub", "xpub"} {
			const n = 1000
			p := as(kind, through(c.PublishAddrs()[0]), strings.Join(interleaved, ","), fmt.Sprint(n))
			until(t, s, &got, func() bool { return len(got.records) > 0 }) // its first probe
			p.Put("")
			var seq, heard sequence
			for seq.next["system"] < n {
				name, record := exact.Message()
				seq.add(t, name, record)
			}
			for seq.next["tenant/acme"]+seq.next["tenant/acme2"] < 2*n {
				name, record := prefix.Message()
				seq.add(t, name, record)
			}
			read := 0
			until(t, s, &got, func() bool {
				for ; read < len(got.records); read++ {
					heard.add(t, got.names[read], got.records[read])
				}
				return heard.next["system"]+heard.next["tenant/acme"]+heard.next["tenant/acme2"] == 3*n
			})
			got.records, got.names = nil, nil
		}
		prefix.Do("cancel tenant/")
		subscribed(t, c, 4)
		if got.lost != 0 || got.unknown != 0 {
			t.Errorf("%d lost, %d unknown", got.lost, got.unknown)
		}
	})
}

// A publisher of ours publishes to libzmq's SUB and XSUB with CURVE, and a direct reader
// reads from its XPUB.
func TestLibzmqCurveServers(t *testing.T) {
	versions(t, func(t *testing.T, through func(string) string) {
		keys := newPairs(t, "ours", "libzmq")
		as := func(args ...string) *testpeer.Libzmq {
			return testpeer.StartLibzmq(t, append(keys.args(t, "libzmq", ""), args...)...)
		}
		for _, kind := range []string{"sub", "xsub"} {
			taker := as("take", kind)
			client, err := pub.Open(pub.Config{Endpoint: through(taker.Line()), CurveKey: keys.secret("ours"), CurveServer: keys.public("libzmq")})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 100 {
				if err := client.Publish(t.Context(), "system", fmt.Appendf(nil, `{"i":%d}`, i)); err != nil {
					t.Fatal(err)
				}
			}
			var seq sequence
			for seq.next["system"] < 100 {
				name, record := taker.Message()
				seq.add(t, name, record)
			}
			client.Close(t.Context())
		}
		server := as("serve")
		at := through(server.Line())
		ring, err := curve.OpenKeyring(keys.secret("ours"), []string{keys.public("libzmq")}, []string{at})
		if err != nil {
			t.Fatal(err)
		}
		s := source(t, direct.Config{Consolidators: []string{at}, Keys: ring})
		s.Tail("system", stream.Backfill{})
		var got seen
		// Its subscription is on its way at first.
		stop := make(chan struct{})
		var probing sync.WaitGroup
		probing.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
					server.Put("system\t" + `{"probe":true}`)
				}
			}
		})
		until(t, s, &got, func() bool { return len(got.records) > 0 })
		close(stop)
		probing.Wait()
		for i := range 100 {
			server.Put("system2\tnot for us")
			server.Put("system\t" + fmt.Sprintf(`{"i":%d}`, i))
		}
		var seq sequence
		read := 0
		until(t, s, &got, func() bool {
			for ; read < len(got.records); read++ {
				seq.add(t, got.names[read], got.records[read])
			}
			return seq.next["system"] == 100
		})
	})
}
