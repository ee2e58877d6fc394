package direct_test

import (
	"fmt"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/testsource"
	"sluice/internal/wait"
)

// publisher publishes to one consolidator.
type publisher struct {
	t    *testing.T
	conn *zmtp.Conn
}

func publishTo(t *testing.T, c *consolidator.Consolidator) *publisher {
	t.Helper()
	p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsForeignPublisher)
	p.Drain() // a peer that answers no PING is closed for its silence
	return &publisher{t, p.Conn}
}

// numbers publishes {"i":from} … {"i":to-1}.
func (p *publisher) numbers(name string, from, to int) {
	p.t.Helper()
	var b []byte
	for i := from; i < to; i++ {
		b = zmtp.AppendMessage(b, name, fmt.Appendf(nil, `{"i":%d}`, i))
	}
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// accepted waits until a consolidator has so many records of a stream.
func accepted(t *testing.T, c *consolidator.Consolidator, name string, n uint64) {
	t.Helper()
	s, err := direct.New(direct.Config{Consolidators: c.SubscribeAddrs()})
	if err != nil {
		t.Fatal(err)
	}
	s.WatchStreams(true)
	stop := wait.Run(t, s.Run)
	defer stop()
	wait.For(t, fmt.Sprintf("%d records of %q", n, name), func() bool {
		return slices.ContainsFunc(s.Streams(), func(l stream.Live) bool { return l.Name == name && l.Records >= n })
	})
}

// reads runs a source that reads from consolidators. A backfill waits for all of
// them, on the busiest machine.
func reads(t *testing.T, cfg direct.Config, addrs ...string) *testsource.Taker {
	t.Helper()
	cfg.MergeWait = wait.Limit
	return readsImpatiently(t, cfg, addrs...)
}

// readsImpatiently is reads, with a backfill that waits as long as cfg says.
func readsImpatiently(t *testing.T, cfg direct.Config, addrs ...string) *testsource.Taker {
	t.Helper()
	cfg.Consolidators = addrs
	s, err := direct.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return testsource.Run(t, s)
}

func noLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}
