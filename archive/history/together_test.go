package history

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// timed is a record of one of several streams.
type timed struct {
	stream, data string
	own          int64
	at           loss.Position
}

// severalWritten fills an archive with streams at two consolidators, and returns their records
// in the order of their times, which are all different.
func severalWritten(t *testing.T, seed uint64, m *memory, streams, batches int) (all []timed) {
	r := seeded(t, seed)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	next := make(map[string]uint64)
	for range batches {
		c, name := fmt.Sprintf("vm-%d", r.IntN(2)), fmt.Sprintf("s%d", r.IntN(streams))
		h := batch.Head{Consolidator: c, Stream: name, Epoch: 5, First: next[c+name]}
		var b batch.Builder
		for range 1 + r.IntN(9) {
			now += 1 + r.Int64N(100)
			one := timed{name, fmt.Sprintf(`{"time":%q}`, time.UnixMilli(now).UTC().Format(time.RFC3339Nano)), now, loss.Position{Epoch: 5, Seq: next[c+name]}}
			if err := b.Add([]byte(one.data), now, now); err != nil {
				t.Fatal(err)
			}
			next[c+name]++
			all = append(all, one)
		}
		m.append(c, name, func(l batch.Links) batch.Message {
			h.Links = l
			return b.Encode(&h)
		})
	}
	slices.SortFunc(all, func(a, b timed) int { return cmp.Compare(a.own, b.own) })
	return all
}

// Several streams are read as one: by time, and the last so many are of all of them together.
func TestSeveralStreamsAreReadAsOne(t *testing.T) {
	for seed := range 5 * rounds() {
		m := newMemory()
		streams := 1 + int(seed%5)
		all := severalWritten(t, seed, m, streams, 200)
		r := seeded(t, seed+1000)
		var queries []Query
		for i := range streams + 1 { // one of which nothing is held
			queries = append(queries, Query{Stream: fmt.Sprintf("s%d", i)})
		}
		want := all
		switch r.IntN(4) {
		case 0:
			queries[0].Last = 1 + r.IntN(len(all)+5)
			want = all[max(0, len(all)-queries[0].Last):]
		case 1: // the newest up to a time
			to := r.IntN(len(all))
			queries[0].Last = 1 + r.IntN(len(all))
			want = all[max(0, to+1-queries[0].Last) : to+1]
			for i := range queries {
				queries[i].To, queries[i].Late = time.UnixMilli(all[to].own), time.Millisecond
			}
		case 2:
			from := r.IntN(len(all))
			want = all[from:]
			for i := range queries {
				queries[i].From = time.UnixMilli(want[0].own)
			}
		}
		var got []timed
		ends, err := (&Archive{store: m}).ReadTogether(t.Context(), queries, func(records []stream.Record, notices []stream.Notice) error {
			for _, n := range notices {
				t.Errorf("lost %+v", n.Loss())
			}
			for i := range records {
				got = append(got, timed{stream: records[i].Stream, data: string(records[i].Data), own: 0, at: records[i].Position})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d records, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i].stream != want[i].stream || got[i].data != want[i].data || got[i].at != want[i].at {
				t.Fatalf("record %d is %+v, want %+v", i, got[i], want[i])
			}
		}
		for i := range queries {
			held := slices.ContainsFunc(all, func(one timed) bool { return one.stream == queries[i].Stream })
			if (len(ends[i]) > 0) != held && queries[i].To.IsZero() {
				t.Errorf("%s was read to %v", queries[i].Stream, ends[i])
			}
		}
	}
}

// The newest records up to a time long ago are found without going through what came since.
func TestTheNewestUpToATimeAreFoundAtOnce(t *testing.T) {
	c := newClocked(newMemory())
	c.steady(5000)
	to := c.kept[20_000].own
	c.m.gets.Store(0)
	g, _ := read(t, c.m, Query{To: time.UnixMilli(to), Late: time.Second, Last: 100})
	want, _ := c.wanted(c.kept[20_000-99].own, to)
	compare(t, "a hundred", g.lines["vm"], want)
	if n := c.m.gets.Load(); n > 150 {
		t.Errorf("it took %d gets", n)
	}
}
