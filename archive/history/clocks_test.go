package history

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
)

// clocked is a lane that is written while clocks are set: that of the archive, by which
// batches arrive, and that of who publishes.
type clocked struct {
	m    *memory
	now  int64 // as it is, Unix milliseconds
	step int64 // from one record to the next
	at   loss.Position
	kept []event

	archive, publisher int64 // how far each is ahead
}

func newClocked(m *memory) *clocked {
	return &clocked{m: m, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli(), step: 100, at: loss.Position{Epoch: 7}}
}

// write writes a batch of so many records, of which some have no time.
func (c *clocked) write(records int, untimed func(i int) bool) {
	var b batch.Builder
	h := batch.Head{Consolidator: "vm", Stream: testStream, Epoch: c.at.Epoch, First: c.at.Seq}
	from := len(c.kept)
	for i := range records {
		c.now += c.step
		e := event{at: c.at, own: c.now + c.publisher, data: fmt.Sprintf(`{"seq":%d}`, c.at.Seq)}
		if untimed(i) {
			e.own = 0
		} else {
			e.data = fmt.Sprintf(`{"time":%q,"seq":%d}`, time.UnixMilli(e.own).UTC().Format(time.RFC3339Nano), c.at.Seq)
		}
		if err := b.Add([]byte(e.data), e.own, c.now+c.archive); err != nil {
			panic(err)
		}
		c.kept = append(c.kept, e)
		c.at.Seq++
	}
	place := c.m.append("vm", testStream, func(l batch.Links) batch.Message {
		h.Links = l
		return b.Encode(&h)
	})
	for i := range c.kept[from:] {
		c.kept[from+i].batch, c.kept[from+i].arrived = place, h.Arrived.Earliest
		c.kept[from+i].gap.Count = uint64(h.Arrived.Latest) // the batch's latest arrival
	}
}

// wanted is what is of a time, by the records' own or, without one, by when their batch came.
func (c *clocked) wanted(from, to int64) (lines []string, expired bool) {
	for _, e := range c.kept {
		earliest, latest := e.own, e.own
		if e.own == 0 {
			earliest, latest = e.arrived, int64(e.gap.Count)
		}
		switch {
		case latest < from || earliest > to:
		case e.batch < c.m.since:
			expired = true
		default:
			lines = append(lines, e.data)
		}
	}
	return lines, expired
}

const (
	minute = int64(60_000)
	hour   = 60 * minute
	day    = 24 * hour
)

// Whatever clocks are set to meanwhile, the records of a time are those that say so themselves.
func TestTimesAreTheRecordsOwnWhateverClocksAre(t *testing.T) {
	for seed := range 5 * rounds() {
		r, c := seeded(t, seed), newClocked(newMemory())
		published := r.IntN(2) == 0 // the publishers' clock is set, too: then records may come late
		c.steady(1)                 // there has been a time when all was right
		for range 1 + r.IntN(400) { // for 14 hours at most
			switch r.IntN(30) {
			case 0: // back by up to a day, or to when computers began
				c.archive = -r.Int64N(day)
				if r.IntN(3) == 0 {
					c.archive = -c.now
				}
			case 1:
				c.archive = r.Int64N(day)
			case 2:
				c.archive = 0
			case 3:
				if published {
					c.publisher = r.Int64N(10 * hour)
				}
			case 4:
				if published {
					c.publisher = -r.Int64N(20 * day)
				}
			case 5:
				c.publisher = 0
			}
			c.now += r.Int64N(2 * minute)
			c.write(1+r.IntN(5), func(i int) bool { return published && i > 0 && r.IntN(10) == 0 })
		}
		c.m.since += r.Uint64N(uint64(len(c.m.messages))) / 4
		from := c.kept[r.IntN(len(c.kept))].own
		for from == 0 {
			from = c.kept[r.IntN(len(c.kept))].own
		}
		q := Query{From: time.UnixMilli(from), Late: 100 * 24 * time.Hour}
		to := c.now + 1000*day
		if r.IntN(2) == 0 {
			to = from + r.Int64N(10*hour)
			q.To = time.UnixMilli(to)
			if !published {
				q.Late = time.Minute
			}
		}
		want, expired := c.wanted(from, to)
		g, _ := read(t, c.m, q)
		have := slices.DeleteFunc(g.lines["vm"], func(line string) bool { return line[0] != '{' })
		compare(t, fmt.Sprintf("from %s to %s", q.From, q.To), have, want)
		if expired && len(have) > 0 && g.holes["vm"] == 0 {
			t.Fatalf("from %s: what has expired is not told", q.From)
		}
	}
}

// steady writes batches of a second each.
func (c *clocked) steady(batches int) {
	for range batches {
		c.write(10, func(int) bool { return false })
	}
}

// A clock that was once in the far future leads nobody through all that came after that.
func TestAClockThatWasFarAheadCostsLittle(t *testing.T) {
	for name, set := range map[string]func(*clocked, int64){
		"archive":  func(c *clocked, to int64) { c.archive = to },
		"one late": func(c *clocked, to int64) { c.publisher = to },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClocked(newMemory())
			c.steady(1000)
			set(c, 70*365*day)
			c.steady(1)
			set(c, 0)
			c.now += 2 * day
			c.steady(3000)
			c.m.gets.Store(0)
			from := c.now - 60_000
			want, _ := c.wanted(from, c.now)
			g, _ := read(t, c.m, Query{From: time.UnixMilli(from), To: time.UnixMilli(c.now)})
			compare(t, "the last minute", g.lines["vm"], want)
			if n := c.m.gets.Load(); n > 400 {
				t.Errorf("it took %d gets to read 60 batches of 4,000", n)
			}
		})
	}
}

// A clock that was in the far future and then in the far past hides nothing that came
// before.
func TestAClockThatWasFarAheadAndThenFarBehindHidesNothing(t *testing.T) {
	c := newClocked(newMemory())
	c.steady(3)
	for _, at := range []int64{c.now + 70*365*day, day, c.now} {
		c.archive = at - c.now
		c.steady(3)
	}
	for i := 0; i+50 <= len(c.kept); i += 10 {
		from, to := c.kept[i+5].own, c.kept[i+45].own
		want, _ := c.wanted(from, to)
		g, _ := read(t, c.m, Query{From: time.UnixMilli(from), To: time.UnixMilli(to)})
		compare(t, fmt.Sprint("from number ", i+5), g.lines["vm"], want)
	}
}

// What expired before the time that is asked for is missed by nobody.
func TestWhatExpiredBeforeTheTimeIsNoLoss(t *testing.T) {
	c := newClocked(newMemory())
	c.steady(10)
	c.now += day
	c.steady(10)
	c.m.since = 11
	for name, tt := range map[string]struct {
		from  int64
		holes int
	}{
		"after it":  {c.now - hour, 0},
		"before it": {c.now - 2*day, 1},
	} {
		t.Run(name, func(t *testing.T) {
			g, _ := read(t, c.m, Query{From: time.UnixMilli(tt.from)})
			if len(g.order) != 100 || g.holes["vm"] != tt.holes {
				t.Errorf("%d records, %d unknown losses, want %d", len(g.order), g.holes["vm"], tt.holes)
			}
		})
	}
}

// What was imported long after it was said is had up to a time that is in the middle of a batch.
func TestARecordingIsReadUpToATime(t *testing.T) {
	c := newClocked(newMemory())
	c.publisher, c.step = -100*day, 10*minute
	c.steady(30)
	all := c.kept
	for _, last := range []int{0, 5, 12} {
		for _, end := range []int{1, 123, 129, 130, 299} {
			want := lines(all[:end+1])
			if last > 0 {
				want = want[max(0, len(want)-last):]
			}
			for _, late := range []time.Duration{0, time.Minute} {
				g, _ := read(t, c.m, Query{To: time.UnixMilli(all[end].own), Last: last, Late: late})
				compare(t, fmt.Sprintf("the last %d up to record %d", last, end), g.lines["vm"], want)
			}
		}
	}
}
