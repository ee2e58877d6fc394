package history

import (
	"fmt"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

func counts(t testing.TB, m *memory, q Query, w stream.Window) stream.Counts {
	t.Helper()
	q.Stream = testStream
	c, err := (&Archive{store: m}).Counts(t.Context(), q, w)
	if err != nil {
		t.Fatalf("count %+v: %v", q, err)
	}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	return c
}

// Whatever is read of the archive is counted, and nothing else.
func TestCountsAreOfAllThatIsRead(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1+r.IntN(3), 1+r.IntN(700))
		if r.IntN(3) == 0 {
			m.since += r.Uint64N(uint64(len(m.messages))) / 2
		}
		q := Query{}
		if r.IntN(2) == 0 {
			q = Query{After: make(map[string]loss.Position), Before: make(map[string]loss.Position), Named: r.IntN(2) == 0}
			for _, c := range consolidators(all) {
				events := all[c]
				if r.IntN(3) > 0 {
					events = events[recordIn(r, events):]
					q.After[c] = events[0].at
				}
				if n := recordIn(r, events); r.IntN(3) > 0 && n > 0 {
					q.Before[c] = events[n].at
				}
			}
		}
		g, _ := read(t, m, q)
		c := counts(t, m, q, stream.Window{Columns: 1 + r.IntN(100)})
		if c.Total() != uint64(len(g.order)) {
			t.Fatalf("seed %d: %d records are counted, and %d are read, of %+v", seed, c.Total(), len(g.order), q)
		}
		if c.Coarse {
			t.Errorf("seed %d: they were too much", seed)
		}
	}
}

// What one query leaves out by a time, another one has from that time on.
func TestCountsAreDividedByATime(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1+r.IntN(3), 1+r.IntN(700))
		whole, w := counts(t, m, Query{}, stream.Window{Columns: 10}), stream.Window{Columns: 10}
		some := consolidators(all)[0]
		at := all[some][recordIn(r, all[some])]
		when := time.UnixMilli(at.arrived)
		named := map[string]loss.Position{some: at.at}
		older, newer := counts(t, m, Query{To: when}, w), counts(t, m, Query{From: when}, w)
		if older.Total()+newer.Total() != whole.Total() {
			t.Fatalf("seed %d: %d and %d records of %d", seed, older.Total(), newer.Total(), whole.Total())
		}
		older, newer = counts(t, m, Query{To: when, Before: named}, w), counts(t, m, Query{From: when, After: named}, w)
		if older.Total()+newer.Total() != whole.Total() {
			t.Fatalf("seed %d: %d and %d records of %d, of one by its position", seed, older.Total(), newer.Total(), whole.Total())
		}
	}
}

// Up to any column as many are counted as there are, but for those of a batch, and of a
// column, on either side.
func TestCountsStandAtTheirTimes(t *testing.T) {
	for seed := range rounds() {
		r, m := seeded(t, seed), newMemory()
		all := written(r, m, 1+r.IntN(3), 1+r.IntN(2000))
		var first, last int64
		batches := make(map[uint64]*link)
		for _, events := range all {
			for _, e := range events {
				if e.data != "" && batches[e.batch] == nil {
					batches[e.batch] = m.decode(e.batch)
				}
				if first == 0 || e.arrived < first {
					first = e.arrived
				}
				last = max(last, e.arrived)
			}
		}
		w := stream.Window{Columns: 1 + r.IntN(100)}
		if r.IntN(2) == 0 {
			w.From = time.UnixMilli(first + r.Int64N(last-first+1))
			w.To = w.From.Add(time.Duration(r.Int64N(last-first+1)) * time.Millisecond)
		}
		c := counts(t, m, Query{}, w)
		sum := c.Before
		for i := range c.Records {
			sum += c.Records[i]
			at := c.From + int64(i+1)*c.Step
			least, most := uint64(0), uint64(0)
			for _, l := range batches {
				if l.ends() < at-c.Step {
					least += l.Count
				}
				if l.begins() < at+c.Step {
					most += l.Count
				}
			}
			if sum < least || sum > most {
				t.Fatalf("seed %d: up to column %d of %d there are %d records, and %d to %d are wanted", seed, i, len(c.Records), sum, least, most)
			}
		}
	}
}

// long is an archive of n batches of a second each, with so many records.
func long(n, records int) *memory {
	m := newMemory()
	var b batch.Builder
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli()
	for i := range n {
		b.Reset()
		for k := range records {
			own := at + int64(k)*1000/int64(records)
			_ = b.Add([]byte(`{"msg":"x"}`), own, own+3)
		}
		at += 1000
		m.append("vm-1", testStream, func(l batch.Links) batch.Message {
			return b.Encode(&batch.Head{Consolidator: "vm-1", Stream: testStream, Epoch: 7, First: uint64(i * records), Links: l})
		})
	}
	return m
}

// What is far apart is counted by few batches, whatever is between; what would take too many
// is said to be coarse, and is all there.
func TestCountsTakeFewBatches(t *testing.T) {
	m := long(6000, 2)
	c := counts(t, m, Query{}, stream.Window{Columns: 20})
	if n := m.gets.Load(); n > 600 {
		t.Errorf("%d batches were read for 20 columns", n)
	}
	for i, n := range c.Records {
		if n < 580 || n > 620 {
			t.Errorf("column %d has %d records, of 600", i, n)
		}
	}
	m.gets.Store(0)
	middle := time.UnixMilli(c.From).Add(50 * time.Minute)
	if c = counts(t, m, Query{}, stream.Window{From: middle, To: middle.Add(9999 * time.Millisecond), Columns: 10}); c.Before < 5990 || c.Before > 6010 || c.Total() != 12_000 {
		t.Errorf("in the middle %d come before, of %d", c.Before, c.Total())
	}
	for i, n := range c.Records {
		if n < 1 || n > 4 {
			t.Errorf("second %d has %d records, of 2", i, n)
		}
	}
	if n := m.gets.Load(); n > 200 {
		t.Errorf("%d batches were read for 10 seconds", n)
	}
	m.gets.Store(0)
	if c = counts(t, m, Query{}, stream.Window{Columns: stream.MaxCounts}); c.Total() != 12_000 || !c.Coarse && m.gets.Load() > MaxHeads {
		t.Errorf("%d records are counted by %d batches, coarse %v", c.Total(), m.gets.Load(), c.Coarse)
	}
	if n := m.gets.Load(); n > MaxHeads+100 {
		t.Errorf("%d batches were read, of %d at most", n, MaxHeads)
	}
}

// A record that came late does not draw those that came with it to its time, and a recording
// that was imported stands at its own times.
func TestCountsGoByWhatMostRecordsSay(t *testing.T) {
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC).UnixMilli()
	const day = 86_400_000
	for _, tt := range []struct {
		name     string
		own      []int64
		from, to int64
	}{
		{"live", []int64{now - 900, now - 500, now - 100}, now - 900, now - 100},
		{"one of three days ago", []int64{now - 900, now - 3*day, now - 100}, now - 6000, now - 100},
		{"one of next year", []int64{now - 900, now + 365*day, now - 100}, now - 5000, now + 5000},
		{"without times", []int64{0, 0, 0}, now, now},
		{"imported", []int64{now - 9*day, now - 8*day, now - 7*day}, now - 9*day, now - 7*day},
	} {
		m := newMemory()
		var b batch.Builder
		for _, own := range tt.own {
			_ = b.Add([]byte(`{"msg":"x"}`), own, now)
		}
		m.append("vm-1", testStream, func(l batch.Links) batch.Message {
			return b.Encode(&batch.Head{Consolidator: "vm-1", Stream: testStream, Epoch: 7, Links: l})
		})
		c := counts(t, m, Query{}, stream.Window{Columns: 100})
		if c.From < tt.from || c.End()-c.Step > tt.to || c.Total() != 3 {
			t.Errorf("%s: %d records between %s and %s", tt.name, c.Total(), time.UnixMilli(c.From), time.UnixMilli(c.End()))
		}
	}
}

func TestCountsSayWhereSomethingWasLost(t *testing.T) {
	m := long(100, 10)
	at := time.Date(2026, 3, 1, 12, 1, 40, 0, time.UTC)
	m.append("vm-1", testStream, func(l batch.Links) batch.Message {
		return batch.EncodeGap(&batch.Head{Consolidator: "vm-1", Stream: testStream, Epoch: 7, First: 1000, Links: l, Gap: &loss.Loss{Count: 5, Hop: loss.AtArchive, Reason: "a test"}}, at)
	})
	c := counts(t, m, Query{}, stream.Window{Columns: 50})
	gaps := ""
	for i, n := range c.Gaps {
		if n > 0 {
			gaps += fmt.Sprintf("%d in %d ", n, i)
		}
	}
	if c.Total() != 1000 || gaps != "1 in 49 " {
		t.Errorf("of %d records, %q", c.Total(), gaps)
	}
	if c := counts(t, newMemory(), Query{}, stream.Window{Columns: 50}); c.Total() != 0 || len(c.Records) != 0 {
		t.Errorf("an empty archive has %+v", c)
	}
}

// Where the chain does not have the epoch before which is counted, what is known to be of a
// later one does not count.
func TestCountsKnowWhatIsLater(t *testing.T) {
	m := long(20, 10)
	var b batch.Builder
	at := time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC).UnixMilli()
	_ = b.Add([]byte(`{"msg":"x"}`), at, at)
	m.append("vm-1", testStream, func(l batch.Links) batch.Message {
		return b.Encode(&batch.Head{Consolidator: "vm-1", Stream: testStream, Epoch: 9, Links: l})
	})
	q := Query{Before: map[string]loss.Position{"vm-1": {Epoch: 8, Seq: 3}}}
	if n := counts(t, m, q, stream.Window{Columns: 5}); n.Total() != 201 {
		t.Errorf("%d records are counted, of 201", n.Total())
	}
	q.Later = map[string][]uint64{"vm-1": {9}}
	if n := counts(t, m, q, stream.Window{Columns: 5}); n.Total() != 200 {
		t.Errorf("%d records are counted, of 200", n.Total())
	}
}
