package history

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// chained fills an archive by hand: of "3" records, and of "-2" a gap.
func chained(t *testing.T, m *memory, consolidator string, epoch uint64, parts ...int) {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(len(m.messages)) * time.Second)
	seq := uint64(0)
	for _, n := range parts {
		now = now.Add(time.Second)
		m.append(consolidator, testStream, func(l batch.Links) batch.Message {
			h := batch.Head{Consolidator: consolidator, Stream: testStream, Epoch: epoch, First: seq, Links: l}
			if n < 0 {
				h.Gap = &loss.Loss{Count: uint64(-n), Hop: loss.AtArchive, Reason: "the disk was full"}
				seq += uint64(-n)
				return batch.EncodeGap(&h, now)
			}
			var b batch.Builder
			for range n {
				if err := b.Add(fmt.Appendf(nil, `{"time":%q,"seq":%d}`, now.Format(time.RFC3339), seq), now.UnixMilli(), now.UnixMilli()); err != nil {
					t.Fatal(err)
				}
				seq++
			}
			return b.Encode(&h)
		})
	}
}

// Who wants more of the newest records than there are is told what was lost before the first
// one, and where there is no record at all.
func TestWhoWantsMoreThanThereIsIsToldWhatWasLostBeforeIt(t *testing.T) {
	line := func(at, seq int) string {
		return fmt.Sprintf(`{"time":"2026-03-01T12:00:%02dZ","seq":%d}`, at, seq)
	}
	begun := map[string]loss.Position{"vm-0": {Epoch: 7, Seq: 5}}
	for _, c := range []struct {
		name   string
		parts  []int
		damage []uint64
		query  Query
		want   []string
	}{
		{"before all", []int{-5, 2}, nil, Query{Last: 3}, []string{"lost 5", line(2, 5), line(2, 6)}},
		{"not wanted", []int{-5, 2}, nil, Query{Last: 2}, []string{line(2, 5), line(2, 6)}},
		{"nothing else", []int{-5}, nil, Query{Last: 3}, []string{"lost 5"}},
		{"before a place", []int{-5, 2}, nil, Query{Last: 3, Before: begun}, []string{"lost 5"}},
		{"between", []int{1, -4, 2}, nil, Query{Last: 9}, []string{line(1, 0), "lost 4", line(3, 5), line(3, 6)}},
		{"a part before a place", []int{-8, 2}, nil, Query{Last: 3, Before: begun}, []string{"lost 5"}},
		{"damaged", []int{2, 3, 1}, []uint64{1}, Query{Last: 9}, []string{"lost unknown", line(2, 2), line(2, 3), line(2, 4), line(3, 5)}},
		{"since", []int{-5, 2, 1}, nil, Query{Last: 3, From: time.Date(2026, 3, 1, 12, 0, 3, 0, time.UTC)}, []string{line(3, 7)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory()
			chained(t, m, "vm-0", 7, c.parts...)
			for _, at := range c.damage {
				m.damaged[at] = true
			}
			g, _ := read(t, m, c.query)
			compare(t, c.name, g.lines["vm-0"], c.want)
		})
	}
}

// A loss stands in its time, not in that of who reads of it.
func TestLossesAreOfTheTimeOfTheirPlace(t *testing.T) {
	m := newMemory()
	chained(t, m, "vm-0", 7, -5, 2, -1, 3, 2, 1)
	m.damaged[5] = true
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, q := range map[string]Query{"all": {}, "last": {Last: 20}, "since": {From: began, To: began.Add(time.Minute)}} {
		q.Stream = testStream
		var times []time.Time
		if _, err := (&Archive{store: m}).Read(t.Context(), q, func(_ []stream.Record, notices []stream.Notice) error {
			for _, n := range notices {
				times = append(times, n.Time.UTC())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if want := []time.Time{began.Add(time.Second), began.Add(2 * time.Second), began.Add(4 * time.Second)}; !slices.Equal(times, want) {
			t.Errorf("%s: losses at %v, want %v", name, times, want)
		}
	}
}

// What comes before a place in a life of a log that is not held any more is what came before
// the later ones; what is not held yet comes behind all.
func TestWhatComesBeforeAnEpochThatIsGoneIsNotWhatCameBehindIt(t *testing.T) {
	before := map[string]loss.Position{"vm-0": {Epoch: 2, Seq: 50}}
	for _, c := range []struct {
		name  string
		held  []uint64
		later []uint64
		want  []uint64 // the epochs of what comes
		end   uint64
	}{
		{"not held yet", []uint64{1}, nil, []uint64{1}, 1},
		{"held", []uint64{1, 2, 3}, []uint64{3}, []uint64{1, 2}, 2},
		{"gone", []uint64{3, 4}, []uint64{3, 4}, nil, 0},
		{"never held", []uint64{1, 3, 4}, []uint64{3, 4}, []uint64{1}, 1},
		{"later ones are not held yet", []uint64{1}, []uint64{3}, []uint64{1}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory()
			for _, epoch := range c.held {
				chained(t, m, "vm-0", epoch, slices.Repeat([]int{1}, 40)...)
			}
			g, ends := read(t, m, Query{Last: 1000, Before: before, Later: map[string][]uint64{"vm-0": c.later}})
			var got []uint64
			for _, r := range g.order {
				got = append(got, r.Position.Epoch)
			}
			if len(got) != 40*len(c.want) || !slices.Equal(slices.Compact(got), c.want) || ends["vm-0"].Epoch != c.end {
				t.Errorf("%d records of the epochs %v, up to %v; want %v", len(got), slices.Compact(got), ends["vm-0"], c.want)
			}
		})
	}
}
