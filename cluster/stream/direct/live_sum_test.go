package direct_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/zmtp"
)

// Whatever comes and goes at the consolidators, the list is sorted, and has the sums of
// what is live at each of them.
func TestLiveStreamsAreSummedUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	all := []*direct.Rates{{}, {}, {}}
	var sum direct.LiveSum
	now := time.Unix(1_000_000, 0)
	seen := make([]map[string]time.Time, len(all))
	next := make([]map[string]uint64, len(all))
	for i := range all {
		seen[i], next[i] = make(map[string]time.Time), make(map[string]uint64)
	}
	var before []stream.Live
	for range 300 {
		now = now.Add(time.Duration(r.IntN(20)) * time.Second)
		for i, rates := range all {
			for range r.IntN(4) {
				name := fmt.Sprint("s", r.IntN(12))
				next[i][name] += uint64(1 + r.IntN(5))
				seen[i][name] = now
				rates.Update(now, []zmtp.StreamStat{{Name: name, Epoch: 1, Next: next[i][name], Bytes: next[i][name]}})
			}
		}
		kept := slices.Clone(before)
		got := sum.Of(all, now)
		if !slices.Equal(kept, before) {
			t.Fatal("a list that was handed out has changed")
		}
		before = got
		want := make(map[string]stream.Live)
		for i := range all {
			for name, at := range seen[i] {
				if now.Sub(at) > time.Minute {
					delete(seen[i], name)
					continue
				}
				s := want[name]
				s.Name, s.Records, s.Sources = name, s.Records+next[i][name], s.Sources+1
				want[name] = s
			}
		}
		if names := slices.Sorted(maps.Keys(want)); len(got) != len(names) {
			t.Fatalf("%d streams, want %q", len(got), names)
		} else {
			for i, name := range names {
				if g := got[i]; g.Name != name || g.Records != want[name].Records || g.Sources != want[name].Sources {
					t.Fatalf("stream %d is %+v, want %+v", i, g, want[name])
				}
			}
		}
	}
}

// What a list of 100,000 live streams costs, as it is made each second.
func BenchmarkLiveSum(b *testing.B) {
	const streams = 100_000
	now := time.Now()
	var stats []zmtp.StreamStat
	for i := range streams {
		stats = append(stats, zmtp.StreamStat{Name: fmt.Sprint("tenant/acme-", i), Epoch: 1, Next: 1})
	}
	var r direct.Rates
	r.Update(now, stats)
	var sum direct.LiveSum
	all := []*direct.Rates{&r}
	for b.Loop() {
		if n := len(sum.Of(all, now)); n != streams {
			b.Fatalf("%d streams", n)
		}
	}
}
