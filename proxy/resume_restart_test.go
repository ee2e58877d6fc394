package proxy_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// Once a reader that came back by positions reads the log, the log tells how an
// epoch ended, and nothing is made of it beside that.
func TestResumedAcrossARestart(t *testing.T) {
	for _, lost := range []uint64{0, 5} {
		cl := newCluster(10, 0)
		p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
		r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:5", "Last-Event-ID", "zzz.5.1.5")...)
		have(r, 5)
		r.next("live")
		first := min(lost, 2)
		want := []string{fmt.Sprint("vm-1/a:", first), fmt.Sprint("vm-1/a:", first+1)}
		if lost > 0 { // of the old epoch, and the first two of the new one
			cl.main.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: lost, Hop: "consolidator"})
			want = append([]string{"lost 5 false"}, want...)
		}
		cl.main.notice(stream.Notice{Kind: stream.KindPosition, Stream: "s", Source: "vm-1", Position: loss.Position{Epoch: 10, Seq: first}})
		cl.main.send(records("s", 10, first, 2)...)
		if got := have(r, 2); !slices.Equal(got, want) {
			t.Errorf("\n got %q\nwant %q", got, want)
		}
	}
}

// An epoch that was only read again, for one session, is none that the log has
// come to: what the log loses of the epoch before is counted there.
func TestRestartReadAgainFirst(t *testing.T) {
	cl := newCluster(10, 0)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	cl.logs["vm-1"] = records("s", 10, 0, 3) // it was started anew, and the log does not know yet
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:5", "Last-Event-ID", "zzz.5.1.5")...)
	have(r, 3)
	cl.main.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: 5, Hop: "consolidator"})
	cl.main.send(records("s", 9, 15, 1)...)
	cl.main.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Unknown: true, Hop: "consolidator"})
	cl.main.send(records("s", 10, 0, 4)...)
	if got, want := have(r, 1), []string{":3"}; !slices.Equal(got, want) {
		t.Errorf("the one that is ahead got %q, want %q", got, want)
	}
	want := []string{"lost 5 false", ":15", "lost 0 true", "vm-1/a:0", "vm-1/a:1", "vm-1/a:2", "vm-1/a:3"}
	if got := have(other, 5); !slices.Equal(got[len(got)-len(want):], want) {
		t.Errorf("another got %q, want %q", got, want)
	}
}

// A consolidator that was started anew, and has no record yet, is read again first:
// what the log still has of its old epoch does not come behind that, the reader
// has it, or was told that it may be lost.
func TestRestartToldAgainFirst(t *testing.T) {
	cl := newCluster(10, 0)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	other := get(t, p, "/api/logs/s", ours()...)
	other.next("live")
	cl.restarted = true
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:5", "Last-Event-ID", "zzz.5.1.5")...)
	r.next("dropped")
	cl.main.send(records("s", 9, 10, 1)...)
	cl.main.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Unknown: true, Hop: "consolidator"})
	cl.main.send(records("s", 10, 0, 2)...)
	if got, want := have(r, 2), []string{":0", ":1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A source that says nothing about its backfill holds nobody up for ever.
func TestReadAgainIsBounded(t *testing.T) {
	opened := 0
	f := newFake()
	p := start(t, nil, func(c *proxy.Config) {
		c.Reread = 50 * time.Millisecond
		c.Open = func(time.Duration) (proxy.Source, error) {
			opened++
			if opened == 1 {
				return f, nil
			}
			return silent{newFake()}, nil
		}
	})
	r := get(t, p, "/api/logs/s", ours("Sluice-Positions", "vm-1:9:0")...)
	r.next("live")
}

type silent struct{ *fake }
