package consolidator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
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

// both runs a test over tcp and over ipc.
func both(t *testing.T, test func(t *testing.T, c *consolidator.Consolidator)) {
	t.Run("tcp", func(t *testing.T) {
		c, _ := start(t, consolidator.Config{})
		test(t, c)
	})
	t.Run("ipc", func(t *testing.T) {
		dir := t.TempDir()
		c, _ := start(t, consolidator.Config{
			Publish:   []string{"ipc://" + filepath.Join(dir, "p")},
			Subscribe: []string{"ipc://" + filepath.Join(dir, "s")},
		})
		test(t, c)
	})
}

// dropProbes takes the probes out of what a reader got.
func dropProbes(records []string) (rest []string) {
	for _, r := range records {
		if r != `{"probe":true}` {
			rest = append(rest, r)
		}
	}
	return rest
}

func TestLibzmqPublishers(t *testing.T) {
	foreign.Need(t, "python3-zmq")
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
		const publishers, each = 3, 5000
		var got seen
		var pubs []*testpeer.Libzmq
		for p := range publishers {
			name := fmt.Sprint("tenant/", p)
			s.Tail(name, stream.Backfill{})
			until(t, s, &got, func() bool { return got.begun == p+1 })
			// It drops what it sends before it is connected.
			pub := testpeer.StartLibzmq(t, "pub", c.PublishAddrs()[0], name, fmt.Sprint(each))
			until(t, s, &got, func() bool { return got.streams[name] > 0 })
			pubs = append(pubs, pub)
		}
		for _, pub := range pubs {
			pub.Put("")
		}
		until(t, s, &got, func() bool { return len(dropProbes(got.records)) == publishers*each })
		if got.lost > 0 || got.unknown > 0 {
			t.Errorf("%d lost, %d unknown", got.lost, got.unknown)
		}
		for _, pub := range pubs {
			if pub.Line() != "sent" {
				t.Error("not sent")
			}
		}
	})
}

func TestLibzmqSubscribers(t *testing.T) {
	foreign.Need(t, "python3-zmq")
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		p := publish(t, c.PublishAddrs()[0])
		exact := testpeer.StartLibzmq(t, "sub", c.SubscribeAddrs()[0], "tenant/acme2", "system")
		prefix := testpeer.StartLibzmq(t, "sub", c.SubscribeAddrs()[0], "tenant/")
		// A subscription is not acknowledged: probe until it works.
		probe(t, p, exact, "system")
		probe(t, p, prefix, "tenant/probe")

		send(t, p, message("tenant/acme", 1))
		send(t, p, message("tenant/acme2", 2))
		send(t, p, message("system", 3))
		expect(t, exact, `tenant/acme2 {"i":2}`, `system {"i":3}`)
		expect(t, prefix, `tenant/acme {"i":1}`, `tenant/acme2 {"i":2}`)

		// Cancelled on one connection, it goes on on the other.
		exact.Do("cancel tenant/acme2")
		exact.Do("subscribe mark")
		probe(t, p, exact, "mark")
		send(t, p, message("tenant/acme2", 4))
		send(t, p, message("system", 5))
		expect(t, exact, `system {"i":5}`)
		expect(t, prefix, `tenant/acme2 {"i":4}`)
	})
}

// probe publishes to a stream until the subscriber has some of it, and then
// until it has all of it.
func probe(t *testing.T, w interface{ Write([]byte) (int, error) }, sub *testpeer.Libzmq, name string) {
	t.Helper()
	i := 0
	wait.For(t, "the subscription to "+name, func() bool {
		i++
		if _, err := w.Write(message(name, -i)); err != nil {
			t.Fatal(err)
		}
		line, ok := sub.TryLine()
		for ok && !strings.HasSuffix(line, fmt.Sprintf(`{"i":%d}`, -i)) {
			line = sub.Line()
		}
		return ok
	})
}

func expect(t *testing.T, sub *testpeer.Libzmq, want ...string) {
	t.Helper()
	for _, w := range want {
		if name, record := sub.Message(); name+" "+record != w {
			t.Errorf("got %s %s, want %s", name, record, w)
		}
	}
}

func TestGoZeroMQ(t *testing.T) {
	both(t, func(t *testing.T, c *consolidator.Consolidator) {
		ctx := t.Context()
		sub := zmq4.NewSub(ctx)
		defer sub.Close()
		if err := sub.Dial(c.SubscribeAddrs()[0]); err != nil {
			t.Fatal(err)
		}
		if err := sub.SetOption(zmq4.OptionSubscribe, "tenant/"); err != nil {
			t.Fatal(err)
		}
		pub := zmq4.NewPub(ctx)
		defer pub.Close()
		if err := pub.Dial(c.PublishAddrs()[0]); err != nil {
			t.Fatal(err)
		}
		got := make(chan zmq4.Msg)
		go func() {
			for {
				m, err := sub.Recv()
				if err != nil {
					return
				}
				select {
				case got <- m:
				case <-ctx.Done():
					return
				}
			}
		}()
		// Neither side says when the subscription has arrived.
		var first zmq4.Msg
		for first.Frames == nil {
			if err := pub.Send(zmq4.NewMsgFrom([]byte("tenant/acme"), []byte(`{"probe":true}`))); err != nil {
				t.Fatal(err)
			}
			select {
			case first = <-got:
			case <-time.After(20 * time.Millisecond):
			}
		}
		const n = 2000
		go func() {
			for i := range n {
				if err := pub.Send(zmq4.NewMsgFrom([]byte("tenant/acme"), fmt.Appendf(nil, `{"i":%d}`, i))); err != nil {
					t.Error(err)
				}
			}
		}()
		for i := 0; i < n; {
			m := <-got
			if len(m.Frames) != 2 || string(m.Frames[0]) != "tenant/acme" {
				t.Fatalf("got %q", m.Frames)
			}
			if string(m.Frames[1]) == `{"probe":true}` {
				continue
			}
			if want := fmt.Sprintf(`{"i":%d}`, i); string(m.Frames[1]) != want {
				t.Fatalf("got %s, want %s", m.Frames[1], want)
			}
			i++
		}
	})
}

// A foreign reader that does not read while many times as much passes as all
// buffers on its way hold, and then reads: what it got and what it was told to have lost are what was published.
func TestStalledReader(t *testing.T) {
	volume.Check(t)
	foreign.Need(t, "python3-zmq")
	const buffer = 16 << 20
	c, _ := start(t, consolidator.Config{Buffer: buffer})
	p := publish(t, c.PublishAddrs()[0])
	stalled := testpeer.StartLibzmq(t, "sub", c.SubscribeAddrs()[0], "system", "noheartbeat")
	probe(t, p, stalled, "system")
	waitFor(t, c, "system", 1)
	stalled.Do("stop")

	other := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	other.Tail("system", stream.Backfill{})
	var got seen
	until(t, other, &got, func() bool { return got.begun == 1 })

	const total = 600_000
	filler := strings.Repeat("x", 200)
	sent := make(chan error, 1)
	go func() {
		var b []byte
		for i := range total {
			b = zmqRecord(b, i, filler)
			if len(b) > 64<<10 || i == total-1 {
				if _, err := p.Write(b); err != nil {
					sent <- err
					return
				}
				b = b[:0]
			}
		}
		sent <- nil
	}()
	// The second reader has everything, in spite of the first.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var have, lost, heap uint64
	for have+lost < total {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap = max(heap, m.HeapInuse)
		b, err := other.Take(ctx)
		if err != nil {
			t.Fatalf("second reader: %v after %d records", err, have)
		}
		have += uint64(len(b.Records))
		for _, n := range b.Notices {
			lost += n.Count
		}
		b.Release()
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	// All records together are 150 MB. This process holds the second reader's
	// batches, too, one being filled and one being looked at.
	if limit := uint64(buffer + 48<<20 + 64<<20); heap > limit {
		t.Errorf("%d MiB of heap, more than %d", heap>>20, limit>>20)
	}

	stalled.Do("go")
	var received, told uint64
	next := 0
	for next < total {
		_, rec := stalled.Message()
		var r struct {
			I       int
			Name    string
			Dropped uint64
		}
		r.I = -1
		if err := json.Unmarshal([]byte(rec), &r); err != nil {
			t.Fatalf("%v: %.100s", err, rec)
		}
		switch {
		case r.Name == "sluice":
			told += r.Dropped
			next += int(r.Dropped)
		case r.I < 0:
		case r.I != next:
			t.Fatalf("record %d, expected %d", r.I, next)
		default:
			next++
			received++
		}
	}
	if received+told != total || told == 0 {
		t.Errorf("received %d + told dropped %d != published %d", received, told, total)
	}
	t.Logf("stalled reader: received %d, told dropped %d; second reader: %d, %d lost; heap at most %d MiB", received, told, have, lost, heap>>20)
}

func zmqRecord(dst []byte, i int, filler string) []byte {
	return zmtp.AppendMessage(dst, "system", fmt.Appendf(nil, `{"i":%d,"filler":%q}`, i, filler))
}
