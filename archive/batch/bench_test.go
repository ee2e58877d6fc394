package batch_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"sluice/archive/batch"
	"sluice/cluster/record"
)

// logs are records as services write them, of 240 bytes on average.
func logs(n int) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	paths := []string{"/api/users", "/api/orders/", "/healthz", "/login", "/api/search?q="}
	all := make([][]byte, n)
	for i := range all {
		all[i] = fmt.Appendf(nil,
			`{"name":"web","hostname":"vm-1","pid":%d,"level":%d,"time":"2026-11-29T19:%02d:%02d.%03dZ","msg":"request done","req":{"id":"%016x","method":"GET","url":"%s%d"},"status":%d,"duration_ms":%.3f,"tenant":"acme","v":0}`,
			1000+random.IntN(8), 10*(2+random.IntN(4)), i/60000%60, i/1000%60, i%1000, random.Uint64(),
			paths[random.IntN(len(paths))], random.IntN(100000), 200+random.IntN(5)*100, random.Float64()*100,
		)
	}
	return all
}

func BenchmarkEncode(b *testing.B) {
	records := logs(8192)
	for _, n := range []int{1, 10, 100, 1100} {
		b.Run(fmt.Sprint("records=", n), func(b *testing.B) {
			var builder batch.Builder
			var raw, kept, done int
			b.ReportAllocs()
			for b.Loop() {
				builder.Reset()
				for range n {
					r := records[done%len(records)]
					done++
					raw += len(r)
					if err := builder.Add(r, record.PeekTime(r), 1_789_000_000_000); err != nil {
						b.Fatal(err)
					}
				}
				m := builder.Encode(&batch.Head{Consolidator: "vm-1", Stream: "tenant/acme", First: uint64(done), Epoch: 1 << 63})
				kept += len(m.Subject) + len(m.Payload) + len(batch.Header) + len(m.Header.Get(batch.Header)) + 16
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(done), "ns/record")
			b.ReportMetric(float64(raw)/float64(done), "raw-B/record")
			b.ReportMetric(float64(kept)/float64(done), "kept-B/record")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	records := logs(1100)
	var builder batch.Builder
	for _, r := range records {
		if err := builder.Add(r, 1, 1); err != nil {
			b.Fatal(err)
		}
	}
	m := builder.Encode(&batch.Head{Consolidator: "vm-1", Stream: "tenant/acme"})
	var buf []byte
	done := 0
	b.ReportAllocs()
	for b.Loop() {
		h, err := batch.Decode(m.Subject, m.Header, m.Payload)
		if err != nil {
			b.Fatal(err)
		}
		r, memory, err := h.Open(m.Payload, buf)
		if err != nil {
			b.Fatal(err)
		}
		buf = memory
		for _, ok := r.Next(); ok; _, ok = r.Next() {
			done++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(done), "ns/record")
}
