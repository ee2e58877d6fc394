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
