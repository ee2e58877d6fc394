package direct_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
	"sluice/consolidator"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

func TestBackfillIsMergedOverConsolidators(t *testing.T) {
	noLeaks(t)
	const machines, each, last = 3, 40, 50
	rnd := rand.New(rand.NewPCG(1, 1))
	var addrs []string
	var pubs []*publisher
	var times []int // of all records
	for m := range machines {
		c, _ := testcluster.Consolidator(t, consolidator.Config{Name: fmt.Sprint("vm-", m+1)})
		p := publishTo(t, c)
		var b []byte
		ms := 0
		for i := range each {
			ms += 1 + rnd.IntN(20)
			b = zmtp.AppendMessage(b, "system", fmt.Appendf(nil,
				`{"v":0,"level":30,"time":"2026-01-02T03:04:05.%03dZ","msg":"","vm":%d,"i":%d,"ms":%d}`, ms, m+1, i, ms))
			times = append(times, ms)
		}
		b = zmtp.AppendMessage(b, "system2", []byte(`{"msg":"a neighbour"}`))
		if _, err := p.conn.Write(b); err != nil {
			t.Fatal(err)
		}
		accepted(t, c, "system", each)
		addrs = append(addrs, c.SubscribeAddrs()...)
		pubs = append(pubs, p)
	}
	slices.Sort(times)
	s := reads(t, direct.Config{}, addrs...)
	s.Tail("system", stream.Backfill{Last: last})
	next := map[string]int{}
	for i, ms := range times[len(times)-last:] {
		r := s.Record()
		var rec struct{ VM, I, MS int }
		if err := json.Unmarshal(r.Data, &rec); err != nil {
			t.Fatal(err)
		}
		if rec.MS != ms {
			t.Fatalf("record %d of the backfill is of %d ms, want %d", i, rec.MS, ms)
		}
		if r.Stream != "system" || r.Source != fmt.Sprint("vm-", rec.VM) || r.Position.Seq != uint64(rec.I) || !r.Backfill || r.Arrived == 0 {
			t.Fatalf("record %+v of %+v", r, rec)
		}
		if n, ok := next[r.Source]; ok && rec.I != n {
			t.Fatalf("%s: record %d, expected %d", r.Source, rec.I, n)
		}
		next[r.Source] = rec.I + 1
	}
	if n, ok := s.Next().(stream.Notice); !ok || n.Kind != stream.KindBackfill || n.Stream != "system" {
		t.Fatalf("after the backfill comes %+v", n)
	}
	for _, p := range pubs {
		p.numbers("system", 7, 8)
		if r, ok := s.Next().(stream.Record); !ok || r.Backfill || string(r.Data) != `{"i":7}` || r.Position.Seq != each {
			t.Fatalf("after the backfill comes %+v", r)
		}
	}
}

// A backfill ends, once, whoever can be reached; and what a consolidator had
// that came later still comes.
func TestBackfillEndsOnce(t *testing.T) {
	noLeaks(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	c, stop := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	publishTo(t, c).numbers("s", 0, 3)
	accepted(t, c, "s", 3)
	reached := c.SubscribeAddrs()[0]
	gone, stopGone := testcluster.Consolidator(t, consolidator.Config{Name: "vm-2"})
	refused := gone.SubscribeAddrs()[0]
	stopGone()

	for _, k := range []struct {
		name    string
		addrs   []string
		records int
		waits   time.Duration // that long, for one that does not answer
	}{
		{"one that answers", []string{reached}, 3, 0},
		{"one that refuses", []string{refused}, 0, 0},
		{"one that is silent", []string{"tcp://" + silent.Addr().String()}, 0, 100 * time.Millisecond},
		{"one of each", []string{reached, refused, "tcp://" + silent.Addr().String()}, 3, time.Second},
	} {
		t.Run(k.name, func(t *testing.T) {
			var cfg direct.Config
			cfg.MergeWait = cmp.Or(k.waits, 2*wait.Limit)
			s := readsImpatiently(t, cfg, k.addrs...)
			for range 2 { // the second time the states are known
				begun := time.Now()
				s.Tail("s", stream.Backfill{Last: 10})
				got := 0
				for {
					x := s.Next()
					if n, ok := x.(stream.Notice); ok && n.Kind == stream.KindBackfill {
						break
					} else if ok && n.Kind == stream.KindGap {
						t.Fatalf("a gap: %+v", n)
					}
					if _, ok := x.(stream.Record); ok {
						got++
					}
				}
				took := time.Since(begun)
				if got != k.records || took > wait.Limit || took < k.waits {
					t.Errorf("%d records and the end after %v", got, took)
				}
			}
			s.End()
			for b := s.TryTake(); b != nil; b = s.TryTake() {
				for _, n := range b.Notices {
					if n.Kind == stream.KindBackfill {
						t.Error("the backfill ended once more")
					}
				}
			}
		})
	}
	t.Run("one that comes later", func(t *testing.T) {
		stop()
		pub := c.PublishAddrs()
		s := reads(t, direct.Config{}, reached)
		s.Tail("s", stream.Backfill{Last: 2})
		s.Kind(stream.KindBackfill)
		c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1", Publish: pub, Subscribe: []string{reached}})
		p := publishTo(t, c)
		p.numbers("s", 0, 1)
		s.Numbers(0, 1)
		p.numbers("s", 1, 2)
		for i := 1; ; i++ {
			x := s.Next()
			if n, ok := x.(stream.Notice); ok && n.Kind == stream.KindBackfill {
				t.Fatal("the backfill ended twice")
			}
			if _, ok := x.(stream.Record); ok {
				break
			}
		}
	})
}

// A tail that is stopped while its backfill is handed on is over at once: nothing of
// it stands between what a new tail of that name brings.
func TestStoppedWhileHandingOn(t *testing.T) {
	noLeaks(t)
	const total, last = 30_000, 10
	c, _ := testcluster.Consolidator(t, consolidator.Config{Name: "vm-1"})
	publishTo(t, c).numbers("s", 0, total)
	accepted(t, c, "s", total)
	s := reads(t, direct.Config{Inbox: 1}, c.SubscribeAddrs()...)
	s.Tail("s", stream.Backfill{Last: total})
	s.Numbers(0, 1) // of the first piece; others wait for their turn
	s.Stop("s")
	s.TryTake()
	s.Tail("s", stream.Backfill{Last: last})
	s.Forget()
	s.Numbers(total-last, total)
	s.Kind(stream.KindBackfill)
}
