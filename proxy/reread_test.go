package proxy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/relay"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/testsource"
	"sluice/internal/wait"
	"sluice/proxy"
)

// A consolidator that takes longer to answer than any live reader waits for it is read
// again, too, for a session that came back: nothing that it still has is called lost.
func TestReadAgainWaitsForTheSlow(t *testing.T) {
	const records, roundTrip = 1500, 300 * time.Millisecond
	near, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	far, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-2"})
	want := make(map[string]stream.Position)
	for _, c := range []*consolidator.Consolidator{near, far} {
		r := published(t, c, records)
		want[r.Source] = stream.Position{Epoch: r.Position.Epoch}
	}
	way := relay.New(t, strings.TrimPrefix(far.SubscribeAddrs()[0], "tcp://"))
	way.Delay(roundTrip / 2)
	p := start(t, nil, func(cfg *proxy.Config) {
		cfg.Reread = 2 * wait.Limit
		cfg.Open = func(mergeWait time.Duration) (proxy.Source, error) {
			return direct.New(direct.Config{
				Consolidators: []string{near.SubscribeAddrs()[0], "tcp://" + way.Addr()}, MergeWait: mergeWait,
			})
		}
	})
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", httpapi.FormatPositions(want))...)
	for n := 0; n < 2*records; {
		e := r.event()
		switch field(e, "event") {
		case "":
			n++
		case "dropped":
			t.Fatalf("after %d records: %s", n, e)
		}
	}
}

// published publishes n records of stream "s" to a consolidator, and returns the last
// of them as it is read.
func published(t *testing.T, c *consolidator.Consolidator, n int) stream.Record {
	t.Helper()
	to := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	to.Drain()
	var b []byte
	for i := range n {
		b = zmtp.AppendMessage(b, "s", fmt.Appendf(nil, `{"i":%d}`, i))
	}
	if _, err := to.Conn.Write(b); err != nil {
		t.Fatal(err)
	}
	s, err := direct.New(direct.Config{Consolidators: c.SubscribeAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	k := testsource.Run(t, s)
	defer k.End()
	k.Tail("s", stream.Backfill{Last: 1})
	for {
		if r := k.Record(); r.Position.Seq == uint64(n-1) {
			return r
		}
	}
}

// slowAgain is a proxy whose sources for reading again say nothing until they are told to.
func slowAgain(t *testing.T, main *fake) (p *running, again *fake) {
	again = newFake()
	again.quiet = true
	p = start(t, main, func(cfg *proxy.Config) {
		cfg.Reread, cfg.Heartbeat = 2*wait.Limit, 50*time.Millisecond
		cfg.Open = func(mergeWait time.Duration) (proxy.Source, error) {
			if mergeWait == 0 {
				return main, nil
			}
			return again, nil
		}
	})
	return p, again
}

// While one stream is read again, the others of the response go on, and its heartbeat.
func TestReadingAgainHoldsNothingUp(t *testing.T) {
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		if name != "old" {
			return new(stream.Batch)
		}
		return &stream.Batch{Records: records(name, 9, 2000, 1)} // what was before is to be read again
	}
	p, again := slowAgain(t, f)
	r := get(t, p, "/api/logs?stream=old&stream=new&since=1h", sse...)
	wait.For(t, "reading again", func() bool { return again.tailed("old") })
	for seq := range uint64(3) {
		f.send(records("new", 9, seq, 1)...)
		if got, want := field(r.next(""), "data"), fmt.Sprintf(`{"stream":"new","record":%s}`, payload("new", seq)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		r.next("ping")
	}
	again.send(records("old", 9, 0, 2000)...)
	again.notice(stream.Notice{Kind: stream.KindBackfill, Stream: "old"})
	f.send(records("old", 9, 2001, 1)...)
	for seq := range uint64(2002) {
		if got, want := field(r.next(""), "data"), fmt.Sprintf(`{"stream":"old","record":%s}`, payload("old", seq)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

// A response for a time that is over does not end before what is read again has come.
func TestReadingAgainIsWaitedFor(t *testing.T) {
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		return &stream.Batch{Records: records(name, 9, 1, 1)}
	}
	p, again := slowAgain(t, f)
	r := get(t, p, "/api/logs/old?since=1h&to=30m", sse...)
	wait.For(t, "reading again", func() bool { return again.tailed("old") })
	r.next("ping")
	again.send(records("old", 9, 0, 1)...)
	again.notice(stream.Notice{Kind: stream.KindBackfill, Stream: "old"})
	for seq := range uint64(2) {
		if got, want := field(r.next(""), "data"), string(payload("old", seq)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	r.next("end")
}

// A client that goes, and a proxy that ends, do not wait for what is read again.
func TestReadingAgainEndsWithItsSession(t *testing.T) {
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		return &stream.Batch{Records: records(name, 9, 1, 1)}
	}
	p, again := slowAgain(t, f)
	r := get(t, p, "/api/logs/old?since=1h", sse...)
	wait.For(t, "reading again", func() bool { return again.tailed("old") })
	r.close()
	wait.For(t, "the end of the session", func() bool { return p.Stats().Sessions == 0 })
	again.Stop("old")
	r = get(t, p, "/api/logs/old?since=1h", sse...)
	wait.For(t, "reading again", func() bool { return again.tailed("old") })
	p.stop()
	r.next("end")
}
