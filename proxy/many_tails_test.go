package proxy

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/stream"
	"sluice/proxy/entry"
)

// cluster is a source with so many consolidators, all connected.
type cluster struct {
	Source
	all []stream.Status
}

func newCluster(n int) *cluster {
	c := new(cluster)
	for i := range n {
		c.all = append(c.all, stream.Status{Name: fmt.Sprintf("vm-%d.example.com", i), State: stream.StateLive})
	}
	return c
}

func (c *cluster) Status() []stream.Status      { return append([]stream.Status(nil), c.all...) }
func (c *cluster) Tail(string, stream.Backfill) {}
func (c *cluster) Stop(string)                  {}

// manyTails are tails at so many consolidators.
func manyTails(tb testing.TB, n int) (*intake, *cluster) {
	hub, err := fanout.New(fanout.Config{Next: entry.Next})
	if err != nil {
		tb.Fatal(err)
	}
	source := newCluster(n)
	in := &intake{source: source, to: hub.Appender(), peers: &consolidators{log: slog.New(slog.DiscardHandler), now: time.Now}}
	in.tails = &tails{hub: hub, source: source, limit: 1 << 20, streams: new(streamTable), upstream: new(upstream)}
	return in, source
}

// A tail takes a constant number of pieces of memory, however many consolidators there
// are: each of them is looked at once.
func TestTailsBeginWithFewAllocations(t *testing.T) {
	allocs := func(consolidators int) float64 {
		in, _ := manyTails(t, consolidators)
		return testing.AllocsPerRun(100, func() { in.tails.end(in.tails.begin("s", true)) })
	}
	if few, many := allocs(5), allocs(100); many > few+10 {
		t.Errorf("a tail takes %v pieces of memory with 5 consolidators, and %v with 100", few, many)
	}
}

func BenchmarkTailBegins(b *testing.B) {
	for _, n := range []int{10, 25, 50} {
		b.Run(fmt.Sprintf("consolidators=%d", n), func(b *testing.B) {
			in, _ := manyTails(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				t := in.tails.begin(fmt.Sprint("tenant/", i), true)
				in.tails.end(t)
			}
		})
	}
}

func BenchmarkStateOfAConsolidator(b *testing.B) {
	for _, n := range []int{10, 25, 50} {
		b.Run(fmt.Sprintf("consolidators=%d,tails=1000", n), func(b *testing.B) {
			in, source := manyTails(b, n)
			for i := range 1000 {
				in.tails.begin(fmt.Sprint("tenant/", i), true)
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				one := &source.all[i%n]
				if one.State = stream.StateLost; i/n%2 == 1 {
					one.State = stream.StateLive
				}
				in.notice(&stream.Notice{Kind: stream.KindState, Source: one.Name, State: one.State})
			}
		})
	}
}

// Records that come from another consolidator each.
func BenchmarkRecordsFromAll(b *testing.B) {
	for _, n := range []int{10, 25, 50} {
		b.Run(fmt.Sprintf("consolidators=%d", n), func(b *testing.B) {
			in, source := manyTails(b, n)
			in.tails.begin("s", true)
			records := make([]stream.Record, n)
			for i := range records {
				records[i] = stream.Record{Stream: "s", Source: source.all[i].Name, Position: stream.Position{Epoch: uint64(i) + 1}, Data: []byte(`{"v":0,"name":"x","msg":"m"}`)}
			}
			b.ReportAllocs()
			for b.Loop() {
				in.records(records)
				for i := range records {
					records[i].Position.Seq++
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
		})
	}
}

// Tails begin beyond the limit: each has to find that none gives way to it, since all are
// read.
func BenchmarkTailBeyondTheLimit(b *testing.B) {
	for _, n := range []int{1000, 4000, 16000} {
		b.Run(fmt.Sprint("tails=", n), func(b *testing.B) {
			in, _ := manyTails(b, 1)
			for i := range n {
				in.tails.begin(fmt.Sprint("tenant/", i), true)
			}
			in.tails.limit = n
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				in.tails.end(in.tails.begin(fmt.Sprint("tenant/x", i), true))
			}
		})
	}
}
