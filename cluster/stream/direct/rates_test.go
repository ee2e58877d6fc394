package direct_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
)

func TestRates(t *testing.T) {
	begin := time.Unix(1_000_000, 0)
	at := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	type step struct {
		at          float64
		epoch, next uint64
		rate, bytes float64 // after it, at that time
		notLiveAt   float64 // 0: not looked at
		noughtFrom  float64 // 0: not looked at
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"the first telling has no rate", []step{{at: 0, epoch: 1, next: 500}}},
		{"steady", []step{
			{at: 0, epoch: 1, next: 0},
			{at: 1, epoch: 1, next: 20, rate: 20, bytes: 2000},
			{at: 2, epoch: 1, next: 40, rate: 20, bytes: 2000},
			{at: 3, epoch: 1, next: 60, rate: 20, bytes: 2000, noughtFrom: 5.6, notLiveAt: 64},
		}},
		{"a change is mostly seen at once", []step{
			{at: 0, epoch: 1, next: 0},
			{at: 1, epoch: 1, next: 20, rate: 20, bytes: 2000},
			{at: 2, epoch: 1, next: 120, rate: 80, bytes: 8000},
		}},
		{"after a pause it begins anew", []step{
			{at: 0, epoch: 1, next: 0},
			{at: 1, epoch: 1, next: 1000, rate: 1000, bytes: 100_000},
			{at: 11, epoch: 1, next: 1010, rate: 1, bytes: 100},
		}},
		{"another epoch begins anew", []step{
			{at: 0, epoch: 1, next: 0},
			{at: 1, epoch: 1, next: 100, rate: 100, bytes: 10_000},
			{at: 2, epoch: 2, next: 5000},
			{at: 3, epoch: 2, next: 5010, rate: 10, bytes: 1000},
		}},
		{"a number that went back begins anew", []step{
			{at: 0, epoch: 1, next: 100},
			{at: 1, epoch: 1, next: 50},
		}},
		{"two tellings at one moment", []step{
			{at: 0, epoch: 1, next: 0},
			{at: 1, epoch: 1, next: 10, rate: 10, bytes: 1000},
			{at: 1, epoch: 1, next: 11, rate: 10, bytes: 1000},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r direct.Rates
			for _, s := range c.steps {
				r.Update(at(s.at), []zmtp.StreamStat{{Name: "s", Epoch: s.epoch, Next: s.next, Bytes: 100 * s.next}})
				rate, bytes, ok := r.At(at(s.at), "s")
				if !ok || math.Abs(rate-s.rate) > 1e-6 || math.Abs(bytes-s.bytes) > 1e-6 {
					t.Errorf("at %v s: %v records and %v bytes a second, live %v; want %v and %v", s.at, rate, bytes, ok, s.rate, s.bytes)
				}
				if s.noughtFrom > 0 {
					if rate, _, ok := r.At(at(s.noughtFrom), "s"); rate != 0 || !ok {
						t.Errorf("at %v s: %v records a second, live %v", s.noughtFrom, rate, ok)
					}
				}
				if s.notLiveAt > 0 {
					if _, _, ok := r.At(at(s.notLiveAt), "s"); ok {
						t.Errorf("at %v s: it is still live", s.notLiveAt)
					}
				}
			}
		})
	}
}

// How long a list of the live streams keeps the reading of a consolidator that has
// 100,000 of them.
func BenchmarkCopyLive(b *testing.B) {
	const streams = 100_000
	now := time.Now()
	var stats []zmtp.StreamStat
	for i := range streams {
		stats = append(stats, zmtp.StreamStat{Name: fmt.Sprint("tenant/acme-", i), Epoch: 1, Next: 1})
	}
	var r direct.Rates
	r.Update(now, stats)
	for b.Loop() {
		if n := r.CopyLive(now); n != streams {
			b.Fatalf("%d streams", n)
		}
	}
}
