package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// got is what was read, by consolidator: lines, and gaps as "lost 3", "lost 3+unknown".
type got struct {
	lines map[string][]string
	order []stream.Record
	lost  map[string]uint64
	holes map[string]int // of unknown size
}

func read(t testing.TB, m *memory, q Query) (got, Ends) {
	t.Helper()
	g, ends, err := readUntil(t.Context(), m, q)
	if err != nil {
		t.Fatalf("read %+v: %v", q, err)
	}
	return g, ends
}

func readUntil(ctx context.Context, m *memory, q Query) (got, Ends, error) {
	g := got{lines: make(map[string][]string), lost: make(map[string]uint64), holes: make(map[string]int)}
	q.Stream = testStream
	a := &Archive{store: m}
	ends, err := a.Read(ctx, q, func(records []stream.Record, notices []stream.Notice) error {
		for i := 0; i <= len(records); i++ {
			for _, n := range notices {
				if n.At == i {
					g.lines[n.Source] = append(g.lines[n.Source], "lost "+loss.Field(n.Count, n.Unknown))
					g.lost[n.Source] += n.Count
					if n.Unknown {
						g.holes[n.Source]++
					}
				}
			}
			if i < len(records) {
				r := records[i]
				r.Data = bytes.Clone(r.Data)
				g.order = append(g.order, r)
				g.lines[r.Source] = append(g.lines[r.Source], string(r.Data))
			}
		}
		return nil
	})
	return g, ends, err
}

// lines are events as got has them.
func lines(events []event) (all []string) {
	for _, e := range events {
		if e.data == "" {
			all = append(all, "lost "+loss.Field(e.gap.Count, e.gap.Unknown))
		} else {
			all = append(all, e.data)
		}
	}
	return all
}

func compare(t *testing.T, what string, have, want []string) {
	t.Helper()
	if !slices.Equal(have, want) {
		t.Fatalf("%s: read\n%q\nwant\n%q", what, have, want)
	}
}

func TestAllThatIsHeldComesInOrder(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1+r.IntN(4), 1+r.IntN(700))
		g, ends := read(t, m, Query{})
		for _, c := range consolidators(all) {
			compare(t, c, g.lines[c], lines(all[c]))
			last := all[c][len(all[c])-1]
			want := loss.Position{Epoch: last.at.Epoch, Seq: last.at.Seq + 1}
			if last.data == "" {
				want.Seq += last.gap.Count - 1
				if last.gap.After.Epoch != 0 {
					want = last.gap.After
				}
			}
			if ends[c] != want {
				t.Errorf("%s: read to %v, want %v", c, ends[c], want)
			}
		}
	}
}

func TestPositionsBeginAndEndIt(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1+r.IntN(3), 1+r.IntN(700))
		q := Query{After: make(map[string]loss.Position), Before: make(map[string]loss.Position), Named: r.IntN(2) == 0}
		want := make(map[string][]string)
		for _, c := range consolidators(all) {
			events := all[c]
			if r.IntN(5) > 0 || q.Named {
				events = events[recordIn(r, events):]
				q.After[c] = events[0].at
			}
			if n := recordIn(r, events); r.IntN(3) == 0 && n > 0 {
				q.Before[c] = events[n].at
				events = events[:n]
			}
			want[c] = lines(events)
		}
		g, _ := read(t, m, q)
		for c := range all {
			compare(t, fmt.Sprintf("%s of %+v", c, q), g.lines[c], want[c])
		}
	}
}

// recordIn is one of the events that are records.
func recordIn(r *rand.Rand, events []event) int {
	for range 100 {
		if i := r.IntN(len(events)); events[i].data != "" {
			return i
		}
	}
	return 0
}

func TestTimesBeginAndEndIt(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1+r.IntN(3), 1+r.IntN(700))
		var times []int64
		for _, events := range all {
			for _, e := range events {
				times = append(times, e.arrived)
			}
		}
		slices.Sort(times)
		from, to := times[r.IntN(len(times))], times[len(times)-1]
		q := Query{From: time.UnixMilli(from)}
		if r.IntN(2) == 0 {
			to = from + r.Int64N(to-from+1)
			q.To = time.UnixMilli(to)
		}
		g, _ := read(t, m, q)
		for c, events := range all {
			var want []string
			for _, e := range events {
				if e.data != "" && e.own != 0 && e.own >= from && e.own <= to+int64(b2i(q.To.IsZero()))*1e9 {
					want = append(want, e.data)
				}
			}
			have := slices.DeleteFunc(slices.Clone(g.lines[c]), func(s string) bool {
				return s[0] != '{' || !bytes.Contains([]byte(s), []byte(`"time"`))
			})
			compare(t, fmt.Sprintf("%s from %d to %d", c, from, to), have, want)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestLastIsSoManyOverAllConsolidators(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1+r.IntN(4), 1+r.IntN(400))
		records := 0
		for _, events := range all {
			for _, e := range events {
				if e.data != "" {
					records++
				}
			}
		}
		n := 1 + r.IntN(records+5)
		g, _ := read(t, m, Query{Last: n})
		if len(g.order) != min(n, records) {
			t.Fatalf("of %d records the last %d are %d", records, n, len(g.order))
		}
		for c, events := range all {
			whole := lines(events)
			have := g.lines[c]
			if len(have) > 0 && have[0][0] != '{' && len(have) < len(whole) {
				t.Fatalf("%s begins with a gap: %q", c, have)
			}
			if len(have) > 0 {
				compare(t, c, have, whole[len(whole)-len(have):])
			}
		}
		// Reading on before what came gives the rest.
		before := make(map[string]loss.Position)
		for _, rec := range slices.Backward(g.order) {
			before[rec.Source] = rec.Position
		}
		if len(before) < len(all) {
			continue // of the others it would be all
		}
		rest, _ := read(t, m, Query{Last: records, Before: before})
		if len(rest.order)+len(g.order) != records {
			t.Errorf("%d records, and %d before them, of %d", len(g.order), len(rest.order), records)
		}
	}
}

func TestConsolidatorsAreMergedByTime(t *testing.T) {
	r, m := seeded(t, 7), newMemory()
	written(r, m, 4, 300)
	g, _ := read(t, m, Query{})
	want := stream.MergeByTime(g.order)
	late := 0
	for i := range want {
		if !bytes.Equal(want[i].Data, g.order[i].Data) {
			late++
		}
	}
	if late > len(want)/5 { // those without a time go by their batch here
		t.Errorf("%d of %d records do not stand where their time is", late, len(want))
	}
}

func TestWhatHasExpiredIsTold(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1, 400)
		events := all["vm-0"]
		m.since = events[len(events)/2].batch
		held := slices.IndexFunc(events, func(e event) bool { return e.batch >= m.since })
		g, _ := read(t, m, Query{})
		compare(t, "all", g.lines["vm-0"], append([]string{"lost unknown"}, lines(events[held:])...))
		// From a position, the number is known as far as its epoch goes.
		from := events[recordIn(r, events[:held])]
		g, ends := read(t, m, Query{After: map[string]loss.Position{"vm-0": from.at}})
		if first := events[held]; from.at.Epoch == first.at.Epoch {
			compare(t, "after", g.lines["vm-0"], append([]string{fmt.Sprintf("lost %d", first.at.Seq-from.at.Seq)}, lines(events[held:])...))
		} else if len(g.lines["vm-0"]) == 0 && ends["vm-0"] != from.at {
			t.Errorf("from %v, which is not known, reading came to %v", from.at, ends["vm-0"])
		}
	}
}

// Records are lost with a batch that is damaged, exactly so many, and no more.
func TestDamagedBatchesAreGaps(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 2, 400)
		want := make(map[string]int)
		for c, events := range all {
			for _, e := range events {
				if r.IntN(40) == 0 {
					m.damaged[e.batch] = true
				}
			}
			for _, e := range events {
				if e.data != "" && !m.damaged[e.batch] {
					want[c]++
				}
			}
		}
		g, ends := read(t, m, Query{})
		for c, events := range all {
			have, published, unknown := 0, uint64(0), 0
			for _, s := range g.lines[c] {
				if s[0] == '{' {
					have++
				}
			}
			if have != want[c] {
				t.Fatalf("%s: %d records of the %d that are not damaged", c, have, want[c])
			}
			for _, e := range events {
				if e.data == "" {
					published += e.gap.Count
					unknown += b2i(e.gap.Unknown)
				} else {
					published++
				}
			}
			if unknown == 0 && events[len(events)-1].at.Seq+1 == ends[c].Seq && g.holes[c] == 0 && uint64(have)+g.lost[c] != published {
				t.Errorf("%s: %d read, %d lost, of %d", c, have, g.lost[c], published)
			}
		}
	}
}

func TestFewGetsFindAnyPlace(t *testing.T) {
	r, m := seeded(t, 1), newMemory()
	all := written(r, m, 1, 6_000)["vm-0"]
	for range 10 {
		e := all[recordIn(r, all)]
		m.gets.Store(0)
		ctx, cancel := context.WithCancel(t.Context())
		first := errors.New("first")
		var before int64
		_, err := (&Archive{store: m}).Read(ctx, Query{Stream: testStream, From: time.UnixMilli(e.arrived)}, func([]stream.Record, []stream.Notice) error {
			before = m.gets.Load()
			return first
		})
		cancel()
		if !errors.Is(err, first) {
			t.Fatal(err)
		}
		if before > 130 { // half of them ahead
			t.Errorf("%d batches were read before the first record", before)
		}
	}
}

func TestQueriesThatMeanNothingAreRefused(t *testing.T) {
	now := time.Now()
	for _, q := range []Query{{}, {Stream: "a\n"}, {Stream: "a", Last: -1}, {Stream: "a", From: now, To: now.Add(-1)}} {
		if _, err := (&Archive{store: newMemory()}).Read(t.Context(), q, nil); err == nil {
			t.Errorf("%+v was taken", q)
		}
	}
}
