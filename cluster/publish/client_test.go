package publish_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/publish"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open returns a client that is closed with its test at the latest.
func open(t testing.TB, cfg publish.Config) *publish.Client {
	t.Helper()
	c, err := publish.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the client is %+v, with counts %+v", c.Status(), c.Stats())
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c.Close(ctx)
	})
	return c
}

func put(t testing.TB, c *publish.Client, stream, record string) {
	t.Helper()
	if err := c.Publish(t.Context(), stream, []byte(record)); err != nil {
		t.Fatal(err)
	}
}

// whole fails when the counts do not add up.
func whole(t testing.TB, s publish.Stats) publish.Stats {
	t.Helper()
	if s.Published != s.Acknowledged+s.Unacknowledged+s.Refused+s.Uncertain+s.Shed+s.Unsent+s.Waiting {
		t.Errorf("the counts do not add up: %+v", s)
	}
	return s
}

func finish(t testing.TB, c *publish.Client) publish.Stats {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	defer cancel()
	s := whole(t, c.Close(ctx))
	if s.Waiting != 0 {
		t.Errorf("after Close records wait: %+v", s)
	}
	return s
}

func number(i int) string { return fmt.Sprintf(`{"n":%d}`, i) }

func numbers(n int) (all []string) {
	for i := range n {
		all = append(all, number(i))
	}
	return all
}

func TestPublish(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	p := open(t, publish.Config{Endpoint: c.PublishAddrs()[0]})
	large := strings.Repeat("x", zmtp.MaxRecord)
	streams := []string{"system", "tenant/acme", "tenant/acme2"}
	for i := range 5000 {
		for _, s := range streams {
			put(t, p, s, number(i))
		}
	}
	put(t, p, "large", large)
	put(t, p, "large", "")
	s := finish(t, p)
	want := publish.Stats{Published: 15002, Acknowledged: 15002, Bytes: s.Bytes}
	if s != want {
		t.Errorf("counts %+v, want %+v", s, want)
	}
	for _, stream := range streams {
		if got := testpeer.Last(t, c.SubscribeAddrs()[0], stream, 5000); !slices.Equal(got, numbers(5000)) {
			t.Errorf("%s holds something else than what was published", stream)
		}
	}
	if got := testpeer.Last(t, c.SubscribeAddrs()[0], "large", 2); got[0] != large || got[1] != "" {
		t.Error("large records are not what they were")
	}
	if err := p.Publish(t.Context(), "system", nil); !errors.Is(err, publish.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestInvalid(t *testing.T) {
	p := open(t, publish.Config{Endpoint: "tcp://127.0.0.1:1"})
	if err := p.Publish(t.Context(), "system", make([]byte, zmtp.MaxRecord+1)); !errors.Is(err, publish.ErrTooLarge) {
		t.Errorf("a large record: %v", err)
	}
	for _, name := range []string{"", "a\nb", strings.Repeat("x", 256), "\xff"} {
		if err := p.Publish(t.Context(), name, nil); err == nil {
			t.Errorf("stream %q is taken", name)
		}
	}
	if s := p.Stats(); s.Invalid != 5 || s.Published != 0 {
		t.Errorf("counts %+v", s)
	}
	for _, cfg := range []publish.Config{{Endpoint: "http://x"}, {Buffer: 1}, {Linger: -1}} {
		if _, err := publish.Open(cfg); err == nil {
			t.Errorf("config %+v is taken", cfg)
		}
	}
}

// A consolidator that comes up late gets everything.
func TestComesUp(t *testing.T) {
	addr := testpeer.FreeEndpoint(t)
	p := open(t, publish.Config{Endpoint: addr})
	for i := range 100 {
		put(t, p, "system", number(i))
	}
	wait.For(t, "a refused connection", func() bool { return p.Status().Err != nil })
	if s := p.Status(); s.Had || s.Connected {
		t.Errorf("status %+v", s)
	}
	c, _ := start(t, consolidator.Config{Publish: []string{addr}})
	if s := finish(t, p); s.Acknowledged != 100 || s.Lost != 0 {
		t.Errorf("counts %+v", s)
	}
	if got := testpeer.Last(t, c.SubscribeAddrs()[0], "system", 100); !slices.Equal(got, numbers(100)) {
		t.Errorf("the log holds %q", got)
	}
	if s := p.Status(); !s.Had || !s.Acknowledges || s.Name != "vm-1" {
		t.Errorf("status %+v", s)
	}
}

// A consolidator that is told to end acknowledges what it read: nothing is
// uncertain, and nothing is sent twice, however often it ends.
func TestEndsCleanly(t *testing.T) {
	addr := testpeer.FreeEndpoint(t)
	cfg := consolidator.Config{Publish: []string{addr}, Grace: wait.Limit} // however busy the machine is
	c, stop := start(t, cfg)
	p := open(t, publish.Config{Endpoint: addr, Once: true})
	const records, rounds = 30_000, 3
	var stood uint64
	for i := range records {
		put(t, p, "system", number(i))
		if i%(records/rounds) == records/rounds/2 {
			round := uint64(i / (records / rounds))
			wait.For(t, "a connection to end", func() bool { return p.Stats().Lost == round && p.Status().Connected })
			end := last(t, c, "system")
			stop()
			stood += <-end
			c, stop = start(t, cfg)
		}
	}
	s := finish(t, p)
	stood += published(t, c, "system")
	if s.Acknowledged != records || stood != records || s.Repeated+s.Uncertain != 0 || s.Lost != rounds {
		t.Errorf("%d records stand; counts %+v", stood, s)
	}
}

// Connections break at any moment. Sent again, every record stands at least
// once; what stands twice is counted. Sent once, every record stands at most
// once, and what does not stand is uncertain.
func TestBreaks(t *testing.T) {
	for _, once := range []bool{false, true} {
		t.Run(fmt.Sprintf("once=%t", once), func(t *testing.T) {
			t.Parallel()
			c, _ := start(t, consolidator.Config{StreamBuffer: 64 << 20})
			r := relay.New(t, strings.TrimPrefix(c.PublishAddrs()[0], "tcp://"))
			p := open(t, publish.Config{Endpoint: "tcp://" + r.Addr(), Once: once})
			const records, breaks = 30_000, 9
			const each = records / (breaks + 1)
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			breakAt := -1
			lost := uint64(0) // connections, at least: a busy machine may lose some by itself
			for i := range records {
				if i%each == 0 {
					wait.For(t, "a connection to break", func() bool {
						return p.Stats().Lost >= lost && p.Status().Connected
					})
					breakAt = i + rng.IntN(each)
				}
				put(t, p, "system", number(i))
				if i == breakAt && i < records-each {
					lost = p.Stats().Lost + 1
					r.Cut()
				}
			}
			s := finish(t, p)
			if s.Lost < breaks {
				t.Errorf("%d connections broke: %+v", breaks, s)
			}
			times := make(map[string]int)
			all := testpeer.Last(t, c.SubscribeAddrs()[0], "system", int(published(t, c, "system")))
			for _, rec := range all {
				times[rec]++
			}
			twice := uint64(0) // or more often
			for _, n := range times {
				if n > 1 {
					twice++
				}
			}
			if once {
				if twice != 0 || uint64(len(times)) < s.Acknowledged || uint64(records-len(times)) > s.Uncertain || s.Repeated != 0 {
					t.Errorf("%d records stand, %d of them again: %+v", len(times), twice, s)
				}
				return
			}
			if len(times) != records || s.Acknowledged != records || s.Uncertain != 0 || twice > s.Repeated {
				t.Errorf("%d records stand, %d of them again: %+v", len(times), twice, s)
			}
			// The first time that each stands is in order.
			last := -1
			for _, rec := range all {
				var n int
				if _, err := fmt.Sscanf(rec, `{"n":%d}`, &n); err != nil {
					t.Fatal(err)
				}
				if n > last+1 {
					t.Fatalf("%d stands after %d", n, last)
				}
				last = max(last, n)
			}
		})
	}
}

// What the consolidator has no place for is refused, and holds nothing up.
func TestRefused(t *testing.T) {
	c, _ := start(t, consolidator.Config{MaxStreams: 2}) // one is its own
	p := open(t, publish.Config{Endpoint: c.PublishAddrs()[0], Buffer: publish.MinBuffer})
	record := strings.Repeat("x", 1000)
	for range 5000 { // several times the buffer
		put(t, p, "first", record)
		put(t, p, "second", record)
	}
	if s := finish(t, p); s.Acknowledged != published(t, c, "first") || s.Refused != 10_000-s.Acknowledged || s.Refused < 5000 {
		t.Errorf("%d of the first stand; counts %+v", published(t, c, "first"), s)
	}
}

// Publish blocks while the buffer is full, as long as its context allows.
func TestWaits(t *testing.T) {
	p := open(t, publish.Config{Endpoint: "tcp://127.0.0.1:1", Buffer: publish.MinBuffer})
	record := make([]byte, 10_000)
	const fit = publish.MinBuffer / 10_019
	for range fit {
		put(t, p, "system", string(record))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := p.Publish(ctx, "system", record); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more than fits: %v", err)
	}
	// Closed without a consolidator, they were never sent.
	closing, end := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer end()
	if s := whole(t, p.Close(closing)); s.Unsent != fit {
		t.Errorf("counts %+v", s)
	}
}

// Whoever waits for room goes on when there is some, and when the client is
// closed.
func TestGoesOn(t *testing.T) {
	addr := testpeer.FreeEndpoint(t)
	p := open(t, publish.Config{Endpoint: addr, Buffer: publish.MinBuffer})
	const publishers, records = 4, 300
	failed := make(chan error, publishers)
	for range publishers {
		go func() {
			for range records {
				if err := p.Publish(t.Context(), "system", make([]byte, 10_000)); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	wait.For(t, "a full buffer", func() bool { return p.Stats().Waiting == publish.MinBuffer/10_019 })
	start(t, consolidator.Config{Publish: []string{addr}})
	for range publishers {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if s := finish(t, p); s.Acknowledged != publishers*records {
		t.Errorf("counts %+v", s)
	}
}

func TestClosedWhileWaiting(t *testing.T) {
	p := open(t, publish.Config{Endpoint: "tcp://127.0.0.1:1", Buffer: publish.MinBuffer})
	failed := make(chan error)
	go func() {
		var err error
		for err == nil {
			err = p.Publish(t.Context(), "system", make([]byte, 10_000))
		}
		failed <- err
	}()
	wait.For(t, "a full buffer", func() bool { return p.Stats().Waiting == publish.MinBuffer/10_019 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	whole(t, p.Close(ctx))
	if err := <-failed; !errors.Is(err, publish.ErrClosed) {
		t.Errorf("Publish returns %v", err)
	}
}

// Flush returns when all is acknowledged, and the client lives on.
func TestFlush(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	p := open(t, publish.Config{Endpoint: c.PublishAddrs()[0]})
	for i := range 50 {
		put(t, p, "system", number(i))
		if err := p.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := p.Stats(); s.Acknowledged != uint64(i)+1 || s.Waiting != 0 {
			t.Fatalf("counts %+v", s)
		}
	}
}

// Publish copies into memory that is there.
func TestAllocates(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	p := open(t, publish.Config{Endpoint: c.PublishAddrs()[0], Buffer: publish.MinBuffer})
	record := bytes.Repeat([]byte("x"), 240)
	for range 20_000 {
		put(t, p, "system", string(record))
	}
	if n := testing.AllocsPerRun(20_000, func() { _ = p.Publish(t.Context(), "system", record) }); n >= 1 {
		t.Errorf("%v allocations a record", n)
	}
	finish(t, p)
}

func BenchmarkPublish(b *testing.B) {
	c, _ := start(b, consolidator.Config{})
	p := open(b, publish.Config{Endpoint: c.PublishAddrs()[0]})
	record := bytes.Repeat([]byte("x"), 240)
	ctx := b.Context()
	b.SetBytes(240)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Publish(ctx, "system", record); err != nil {
			b.Fatal(err)
		}
	}
	finish(b, p)
}
