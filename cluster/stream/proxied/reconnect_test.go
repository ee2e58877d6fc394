package proxied_test

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"sluice/cluster/backoff"
	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/wait"
)

// A reader whose connection is cut again and again while records flow has each
// of them once, in order.
func TestProxiedIsCutAgainAndAgain(t *testing.T) {
	u := &upstream{}
	addr, _ := serve(t, "127.0.0.1:0", u)
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var cuts sync.WaitGroup
	t.Cleanup(func() { _ = relay.Close(); cuts.Wait() })
	cuts.Go(func() {
		for {
			c, err := relay.Accept()
			if err != nil {
				return
			}
			cuts.Go(func() { cut(c, addr, 12_000+rand.Int64N(40_000)) })
		}
	})
	s := reads(t, proxied.Config{URL: "http://" + relay.Addr().String()})
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	const n = 2000
	u.publish(100)
	for seq := range uint64(n) {
		if seq%10 == 0 && seq+100 < n {
			u.publish(10)
		}
		if r := s.Record(); r.Position.Seq != seq || r.Backfill {
			t.Fatalf("record %+v, want %d", r, seq)
		}
	}
}

// cut carries a connection to addr, and cuts it after so many bytes of answer.
func cut(c net.Conn, addr string, after int64) {
	defer func() { _ = c.Close() }()
	to, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() {
		_, _ = io.Copy(to, c)
		_ = to.Close()
	}()
	_, _ = io.CopyN(c, to, after)
}

// A restart of the proxy loses nothing, though its log is another one.
func TestProxyIsRestarted(t *testing.T) {
	u := &upstream{}
	u.publish(2000)
	addr, stop := serve(t, "127.0.0.1:0", u)
	s := reads(t, proxied.Config{URL: "http://" + addr})
	s.Tail("s", stream.Backfill{Last: 10})
	seq := uint64(1990)
	for round := range 3 {
		for ; seq < uint64(2000+1500*round); seq++ {
			if r := s.Record(); r.Position.Seq != seq {
				t.Fatalf("round %d: record %+v, want %d", round, r, seq)
			}
		}
		if round == 0 {
			s.Kind(stream.KindBackfill)
		}
		stop()
		u.publish(1500) // more than a new proxy begins with
		_, stop = serve(t, addr, u)
	}
}

// Places of quiet consolidators are known from what the proxy says when the
// backfill is complete: nothing is lost though none of it was ever had.
func TestQuietStreamAndRestart(t *testing.T) {
	u := &upstream{}
	u.publish(7)
	addr, stop := serve(t, "127.0.0.1:0", u)
	s := reads(t, proxied.Config{URL: "http://" + addr})
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	stop()
	u.publish(3)
	serve(t, addr, u)
	for seq := uint64(7); seq < 10; seq++ {
		if r := s.Record(); r.Position.Seq != seq {
			t.Fatalf("record %+v, want %d", r, seq)
		}
	}
}

// How consolidators stand is not known while the proxy is not there.
func TestStatusWithoutTheProxy(t *testing.T) {
	u := &upstream{}
	addr, stop := serve(t, "127.0.0.1:0", u)
	s := reads(t, proxied.Config{URL: "http://" + addr})
	s.Tail("s", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	states := func(want stream.State) func() bool {
		return func() bool {
			for _, status := range s.Status() {
				if !status.Proxy && status.State != want {
					return false
				}
			}
			return len(s.Status()) > 1
		}
	}
	wait.For(t, "consolidators that are live", states(stream.StateLive))
	stop()
	wait.For(t, "nobody to know how they are", states(stream.StateUnknown))
	serve(t, addr, u)
	wait.For(t, "consolidators that are live again", states(stream.StateLive))
}

// A proxy that begins each response and ends it at once is asked more and more seldom.
func TestEndedAtOnceIsAskedSeldom(t *testing.T) {
	const asked = 7
	times := make(chan time.Time, asked)
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case times <- time.Now():
		default:
		}
		w.Header().Set("Content-Type", "text/event-stream")
	})})
	s.Tail("s", stream.Backfill{})
	waited(t, times, asked)
}

// waited checks that n attempts were as far apart as backoff has them at least.
func waited(t *testing.T, times <-chan time.Time, n int) {
	t.Helper()
	least, longest := time.Duration(0), backoff.First
	first := <-times
	last := first
	for range n - 1 {
		least += longest / 2
		longest = min(2*longest, backoff.Max)
		last = <-times
	}
	if took := last.Sub(first); took < least {
		t.Errorf("%d attempts within %v, want %v at least", n, took, least)
	}
}
