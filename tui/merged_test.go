package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/tui"
)

// at makes a record with a time of its own, in milliseconds after the start,
// that arrives at another.
func (s *screen) at(name, source string, ms, arrived int) stream.Record {
	s.number++
	at := start.Add(time.Duration(ms) * time.Millisecond)
	data := fmt.Sprintf(`{"name":"a","level":30,"time":%q,"msg":"line %d"}`, at.Format("2006-01-02T15:04:05.000Z"), s.number)
	return stream.Record{Stream: name, Source: source, Arrived: start.Add(time.Duration(arrived) * time.Millisecond).UnixNano(), Data: []byte(data)}
}

// tick lets the client's clock be at ms after the start, and takes records
// without letting those go that still wait.
func (s *screen) tick(ms int, records ...stream.Record) {
	s.now = start.Add(time.Duration(ms) * time.Millisecond)
	if len(records) > 0 {
		s.feed.put(&stream.Batch{Records: records})
	}
	s.send(tui.TakeMsg)
}

func (s *screen) order() string {
	var got []string
	for _, row := range s.rows() {
		got = append(got, strings.TrimSpace(strings.TrimPrefix(row, "line ")))
	}
	return strings.Join(got, " ")
}

func (s *screen) wantOrder(want string) {
	s.t.Helper()
	if got := s.order(); got != want {
		s.t.Fatalf("the order is %s, want %s:\n%s", got, want, s.text())
	}
}

func filled(name string) *stream.Batch {
	return &stream.Batch{Notices: []stream.Notice{{Kind: stream.KindBackfill, Stream: name}}}
}

func TestMergedPane(t *testing.T) {
	s := open(t, 120, 24, tui.Config{Last: 100}, "system+tenant/acme")
	if !slices.Equal(s.feed.tails, []string{"system", "tenant/acme"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	// Backfill waits until that of both is there.
	back := func(name string, ms int) stream.Record {
		r := s.at(name, "vm-1", ms, 60_000)
		r.Backfill = true
		return r
	}
	s.tick(60_000, back("system", 100), back("system", 300))
	s.feed.put(filled("system"))
	s.tick(60_500)
	s.wantOrder("")
	s.feed.put(&stream.Batch{Records: []stream.Record{back("tenant/acme", 200), back("tenant/acme", 400)}})
	s.feed.put(filled("tenant/acme"))
	s.tick(60_600)
	s.wantOrder("1 3 2 4")
	s.want("system", "tenant/acme")

	// Live records wait for a tenth of a second, and no longer.
	s.tick(61_000, s.at("system", "vm-1", 61_000, 61_000))
	s.tick(61_050, s.at("tenant/acme", "vm-2", 60_950, 61_050))
	s.wantOrder("1 3 2 4")
	s.tick(61_100)
	s.wantOrder("1 3 2 4 6 5")
	// What comes later than that stands at the end, and is marked.
	s.tick(61_200, s.at("tenant/acme", "vm-2", 60_980, 61_110))
	s.tick(61_300)
	s.wantOrder("1 3 2 4 6 5 7")
	if lines := strings.Split(s.text(), "\n"); strings.Count(s.text(), "↑") != 1 || !strings.Contains(lines[8], "↑12:01:00.980") {
		t.Fatalf("the late record is not marked:\n%s", s.text())
	}
	// Clocks that are far off do not count.
	s.tick(62_000, s.at("system", "vm-1", 162_000, 62_000), s.at("system", "vm-1", 62_010, 62_010), s.at("tenant/acme", "vm-2", 2_000, 62_020))
	s.tick(63_000)
	s.wantOrder("1 3 2 4 6 5 7 8 9 10")
	// Equal times: by source, and then as they came.
	s.tick(64_000, s.at("tenant/acme", "vm-2", 64_000, 64_000), s.at("tenant/acme", "vm-1", 64_000, 64_000), s.at("system", "vm-1", 64_000, 64_000))
	s.tick(64_500)
	s.wantOrder("1 3 2 4 6 5 7 8 9 10 12 13 11")
}

// merged is a pane of two streams whose backfill is there.
func merged(t *testing.T) *screen {
	t.Helper()
	s := open(t, 140, 24, tui.Config{}, "system+tenant/acme")
	s.feed.put(filled("system"))
	s.feed.put(filled("tenant/acme"))
	s.tick(0)
	return s
}

// wantNoneLate fails when a record is marked as late.
func (s *screen) wantNoneLate() {
	s.t.Helper()
	s.wantNot("↑")
}

// What arrived in time is never late because the client was slow to take it.
func TestTheWindowIsOnTheClockOfArrivals(t *testing.T) {
	t.Run("not taken", func(t *testing.T) {
		s := merged(t)
		s.tick(1000, s.at("system", "vm-1", 1000, 1000))
		s.feed.put(&stream.Batch{Records: []stream.Record{s.at("tenant/acme", "vm-2", 950, 1090)}})
		s.now = start.Add(1105 * time.Millisecond)
		s.send(tui.SettleMsg)
		s.tick(1300)
		s.wantOrder("2 1")
		s.wantNoneLate()
	})
	t.Run("taken in pieces", func(t *testing.T) {
		s := merged(t)
		b := &stream.Batch{}
		for range 5000 {
			b.Records = append(b.Records, s.at("system", "vm-1", 1000, 1000))
		}
		b.Records = append(b.Records, s.at("tenant/acme", "vm-2", 950, 1050))
		s.feed.put(b)
		s.now = start.Add(1120 * time.Millisecond)
		s.woken = true
		s.settle()
		s.keys("g")
		if !strings.HasPrefix(s.order(), "5001 1 2 3 ") {
			t.Errorf("the order is %s", s.order())
		}
		s.keys("G")
		s.wantNoneLate()
	})
	t.Run("a clock that is ahead", func(t *testing.T) {
		s := merged(t)
		s.tick(1000, s.at("system", "vm-1", 4000, 1000))
		s.tick(1100, s.at("tenant/acme", "vm-2", 1090, 1095))
		s.tick(1200, s.at("tenant/acme", "vm-3", 1085, 1105))
		s.tick(1300)
		s.wantOrder("1 3 2")
		s.wantNoneLate()
	})
}

// The lag is that of the way here: waiting for earlier records is none.
func TestLagOfAMergedPane(t *testing.T) {
	s := merged(t)
	s.tick(1010, s.at("system", "vm-1", 1000, 1005))
	s.tick(1133)
	s.wantOrder("1")
	s.want("lag 10 ms")
}

// The records of one stream through one consolidator are not held back, and
// those through several are.
func TestOneSourceIsNotHeldBack(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.tick(1000, s.at("system", "vm-1", 1000, 1000), s.at("system", "vm-1", 900, 1000))
	s.wantOrder("1 2")
	s.tick(2000, s.at("system", "vm-1", 2000, 2000), s.at("system", "vm-2", 1900, 2000))
	s.tick(2050)
	s.wantOrder("1 2 3")
	s.tick(2100)
	s.wantOrder("1 2 3 4")
	s.tick(3000, s.at("system", "vm-1", 3000, 3000), s.at("system", "vm-2", 2900, 3000))
	s.wantOrder("1 2 3 4")
	s.tick(3100)
	s.wantOrder("1 2 3 4 6 5")
}

// A stream in two panes is read once, and the second has what the first had.
func TestAStreamInTwoPanes(t *testing.T) {
	s := open(t, 120, 30, tui.Config{}, "system")
	s.lines("system", 3)
	tui.Open(s.model, "tenant/acme", "system")
	s.feed.put(filled("tenant/acme"))
	s.woken = true
	s.settle()
	if !slices.Equal(s.feed.tails, []string{"system", "tenant/acme"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	s.lines("system", 1)
	s.lines("tenant/acme", 1)
	s.keys("z")
	s.wantOrder("1 2 3 4 5")
	s.keys("z", "c")
	if !slices.Equal(s.feed.stops, []string{"tenant/acme"}) {
		t.Fatalf("stops are %q", s.feed.stops)
	}
	s.wantOrder("1 2 3 4")
}

// However long a backfill does not come, what is there shows.
func TestABackfillThatNeverComes(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system+tenant/acme")
	s.tick(1000, s.at("system", "vm-1", 1000, 1000))
	s.tick(2900)
	s.wantOrder("")
	s.tick(3000)
	s.wantOrder("1")
}

// A flood into a merged pane is neither lost nor kept waiting without bound.
func TestAFloodIntoAMergedPane(t *testing.T) {
	volume.Check(t)
	s := open(t, 120, 24, tui.Config{}, "system+tenant/acme")
	s.feed.put(filled("system"))
	s.feed.put(filled("tenant/acme"))
	data := []byte(`{"level":30,"msg":"` + strings.Repeat("x", 1000) + `"}`)
	for range 50 { // more than may wait
		b := &stream.Batch{}
		for i := range 1000 {
			b.Records = append(b.Records, stream.Record{Stream: []string{"system", "tenant/acme"}[i%2], Source: "vm-1", Arrived: start.UnixNano(), Data: data})
		}
		s.feed.put(b)
		s.send(tui.TakeMsg)
		for !s.feed.empty() || tui.Taking(s.model) { // it takes turns with keys
			s.send(tui.TakeMsg)
		}
	}
	if records, bytes := tui.Held(s.model); records < 30_000 || bytes > 200<<20 {
		t.Errorf("%d records are kept in %d bytes while nothing is due", records, bytes)
	}
	s.settle()
	if records, _ := tui.Held(s.model); records != 50_000 {
		t.Errorf("%d records are kept, want 50,000", records)
	}
}
