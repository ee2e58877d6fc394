package consolidator_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// go-zeromq leaves it behind when a socket is closed.
		goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*pubMWriter).run"),
		goleak.IgnoreAnyFunction("github.com/go-zeromq/zmq4.(*qreader).listen"),
		goleak.Cleanup(func(code int) {
			removeBinary()
			os.Exit(code)
		}),
	)
}

// start runs a consolidator on free ports, until the test ends or stop is
// called. What prepare does, it does before.
func start(t testing.TB, cfg consolidator.Config, prepare ...func(*consolidator.Consolidator)) (c *consolidator.Consolidator, stop func()) {
	t.Helper()
	usual := func(c *consolidator.Consolidator) {
		c.BePatient()
		reportRarely(c) // or its records are among those of the test
	}
	return testcluster.Consolidator(t, cfg, append([]func(*consolidator.Consolidator){usual}, prepare...)...)
}

// publish connects as a publisher. Its connection is read until it closes.
func publish(t testing.TB, addr string) *zmtp.Conn {
	t.Helper()
	conn, err := zmtp.Dial(context.Background(), testpeer.Endpoint(t, addr), zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _, _ = io.Copy(io.Discard, conn.NetConn()) }()
	t.Cleanup(func() { conn.Close(); <-done })
	return conn
}

func message(name string, i int) []byte {
	return zmtp.AppendMessage(nil, name, fmt.Appendf(nil, `{"i":%d}`, i))
}

func send(t testing.TB, w io.Writer, b []byte) {
	t.Helper()
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
}

// source reads streams directly.
func source(t testing.TB, cfg direct.Config) *stream.Source {
	t.Helper()
	s, err := direct.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	wait.Run(t, s.Run)
	return s
}

// seen is what a test's reader got.
type seen struct {
	records []string
	names   []string       // their streams
	streams map[string]int // records by stream
	lost    uint64
	unknown int
	begun   int // streams that are read, each at its consolidator
	states  []string
	away    []stream.Notice // without their times
}

// until takes batches until enough says so.
func until(t testing.TB, s *stream.Source, got *seen, enough func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	defer cancel()
	for !enough() {
		b, err := s.Take(ctx)
		if err != nil {
			t.Fatalf("%v; have %d records, %d lost, states %v", err, len(got.records), got.lost, got.states)
		}
		for _, r := range b.Records {
			got.records = append(got.records, string(r.Data))
			got.names = append(got.names, r.Stream)
			if got.streams == nil {
				got.streams = make(map[string]int)
			}
			got.streams[r.Stream]++
		}
		for _, n := range b.Notices {
			switch n.Kind {
			case stream.KindGap:
				got.lost += n.Count
				if n.Unknown {
					got.unknown++
				}
			case stream.KindPosition:
				got.begun++
			case stream.KindAway:
				n.Time = time.Time{}
				got.away = append(got.away, n)
			case stream.KindState:
				got.states = append(got.states, n.Source+" "+n.State.String())
			}
		}
		b.Release()
	}
}

func TestBackfillThenLive(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	p := publish(t, c.PublishAddrs()[0])
	for i := range 20 {
		send(t, p, message("tenant/acme", i))
		send(t, p, message("tenant/acme-staging", 1000+i))
	}
	first := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	first.WatchStreams(true)
	wait.For(t, "both streams", func() bool { s := first.Streams(); return len(s) == 2 && s[0].Records >= 20 })
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	s.Tail("tenant/acme", stream.Backfill{Last: 5})
	var got seen
	until(t, s, &got, func() bool { return got.begun == 1 })
	send(t, p, message("tenant/acme", 20))
	until(t, s, &got, func() bool { return len(got.records) == 6 })
	want := `{"i":15} {"i":16} {"i":17} {"i":18} {"i":19} {"i":20}`
	if s := strings.Join(got.records, " "); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
	if got.states[0] != "vm-1 live" {
		t.Errorf("states %v", got.states)
	}
}

// A sluice reader whose connection is cut again and again, while records flow,
// has all of them, once and in order.
func TestResumeAcrossCuts(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	link := relay.New(t, strings.TrimPrefix(c.SubscribeAddrs()[0], "tcp://"))
	s := source(t, direct.Config{Consolidators: []string{"tcp://" + link.Addr()}})
	s.Tail("system", stream.Backfill{})
	var got seen
	until(t, s, &got, func() bool { return got.begun == 1 })

	const total = 20000
	p := publish(t, c.PublishAddrs()[0])
	cuts := 0
	sent := 0
	for sent < total {
		for range 1000 {
			send(t, p, message("system", sent))
			sent++
		}
		n := len(got.records)
		until(t, s, &got, func() bool { return len(got.records) > n })
		link.Cut()
		cuts++
	}
	until(t, s, &got, func() bool { return len(got.records) >= total })
	for i, r := range got.records {
		if want := fmt.Sprintf(`{"i":%d}`, i); r != want {
			t.Fatalf("record %d is %s", i, r)
		}
	}
	if got.lost > 0 || got.unknown > 0 {
		t.Errorf("%d lost, %d unknown", got.lost, got.unknown)
	}
	t.Logf("%d cuts", cuts)
}

// What is evicted while a reader is away is told, exactly.
func TestAwayForTooLong(t *testing.T) {
	t.Parallel()
	c, _ := start(t, consolidator.Config{StreamBuffer: 64 << 10})
	link := relay.New(t, strings.TrimPrefix(c.SubscribeAddrs()[0], "tcp://"))
	s := source(t, direct.Config{Consolidators: []string{"tcp://" + link.Addr()}})
	s.Tail("system", stream.Backfill{})
	var got seen
	until(t, s, &got, func() bool { return got.begun == 1 })
	p := publish(t, c.PublishAddrs()[0])
	send(t, p, message("system", 0))
	until(t, s, &got, func() bool { return len(got.records) == 1 })
	link.Pause(true)
	link.Cut()
	const total = 50000
	var b []byte
	for i := 1; i < total; i++ {
		b = append(b, message("system", i)...)
	}
	send(t, p, b)
	waitFor(t, c, "system", total)
	link.Pause(false)
	until(t, s, &got, func() bool { return len(got.records)+int(got.lost) == total })
	if got.lost == 0 || got.unknown > 0 {
		t.Errorf("%d lost, %d unknown", got.lost, got.unknown)
	}
	if last := got.records[len(got.records)-1]; last != fmt.Sprintf(`{"i":%d}`, total-1) {
		t.Errorf("the last record is %s", last)
	}
}

// waitFor waits until so many records of a stream were accepted.
func waitFor(t testing.TB, c *consolidator.Consolidator, name string, records uint64) {
	t.Helper()
	s := source(t, direct.Config{Consolidators: c.SubscribeAddrs()})
	s.WatchStreams(true)
	wait.For(t, fmt.Sprintf("%d records of %q", records, name), func() bool {
		return slices.ContainsFunc(s.Streams(), func(l stream.Live) bool { return l.Name == name && l.Records >= records })
	})
}

// After a clean restart a reader knows exactly what it lost: nothing, when it
// had all. After a kill it says that it cannot know.
func TestRestart(t *testing.T) {
	t.Parallel()
	c, stop := start(t, consolidator.Config{})
	pub, sub := c.PublishAddrs(), c.SubscribeAddrs()
	s := source(t, direct.Config{Consolidators: sub})
	s.Tail("system", stream.Backfill{})
	var got seen
	until(t, s, &got, func() bool { return got.begun == 1 })
	p := publish(t, pub[0])
	for i := range 10 {
		send(t, p, message("system", i))
	}
	until(t, s, &got, func() bool { return len(got.records) == 10 })
	stop()
	until(t, s, &got, func() bool { return got.states[len(got.states)-1] == "vm-1 lost" })
	c, _ = start(t, consolidator.Config{Publish: pub, Subscribe: sub})
	p = publish(t, c.PublishAddrs()[0])
	for i := 10; i < 20; i++ {
		send(t, p, message("system", i))
	}
	until(t, s, &got, func() bool { return len(got.records) == 20 })
	if got.lost > 0 || got.unknown > 0 {
		t.Errorf("after a clean restart: %d lost, %d unknown", got.lost, got.unknown)
	}
}
