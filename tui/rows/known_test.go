package rows_test

import (
	"fmt"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui/rows"
)

// begin is when the records of these tests begin.
var begin = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// dated is a record of so many seconds after the beginning, and arrives then.
func dated(source string, second int) *stream.Record {
	at := begin.Add(time.Duration(second) * time.Second)
	return &stream.Record{
		Stream: "system", Source: source, Arrived: at.UnixNano(),
		Data: fmt.Appendf(nil, `{"level":30,"time":%q,"msg":"%d"}`, at.Format(time.RFC3339), second),
	}
}

// A pane that takes over what another one has takes over where records were lost.
func TestCopiesHaveTheirGaps(t *testing.T) {
	for _, streams := range [][]string{{"system", "tenant/acme"}, {"system"}} {
		all := rows.NewStores(1<<20, 1<<30)
		from := []string{"system"}
		if len(streams) == 1 {
			from = []string{"system", "other"}
		}
		first, _ := all.Open(from, begin)
		first.Filled("other")
		for second := range 10 {
			if second == 5 {
				n := stream.Notice{Kind: stream.KindGap, Time: begin.Add(4500 * time.Millisecond), Stream: "system", Source: "vm-1", Count: 7}
				first.Gap(&n, []byte("7 records lost"))
			}
			first.Add(dated("vm-1", second), begin.Add(time.Duration(second)*time.Second))
		}
		first.Filled("system")
		now := begin.Add(time.Hour)
		all.Settle(now)
		second, _ := all.Open(streams, now)
		second.Filled("tenant/acme")
		all.Settle(now.Add(time.Minute))
		if second.Held() != 11 {
			t.Fatalf("%v has %d rows", streams, second.Held())
		}
		e := second.Entry(second.First() + 5)
		if !e.Kind.Notice() || string(second.Data(e)) != "7 records lost" {
			t.Fatalf("%v: row 5 is %s", streams, second.Data(e))
		}
	}
}

// Backfill of a source that had not answered when the rest was complete is marked,
// where what stands above it is newer.
func TestLateBackfillIsMarked(t *testing.T) {
	all := rows.NewStores(1<<20, 1<<30)
	s, _ := all.Open([]string{"system"}, begin)
	add := func(source string, second int, backfill bool) {
		r := dated(source, second)
		r.Backfill = backfill
		s.Add(r, begin.Add(time.Minute))
	}
	add("vm-1", 10, true)
	add("vm-1", 20, true)
	s.Filled("system")
	add("vm-2", 5, true)
	add("vm-2", 15, true)
	add("vm-2", 25, true)
	all.Settle(begin.Add(26 * time.Second))
	add("vm-1", 30, false)
	all.Settle(begin.Add(time.Minute))
	add("vm-3", 28, true)
	add("vm-3", 31, true)
	all.Settle(begin.Add(time.Hour))
	want := []bool{false, false, true, true, false, false, true, false} // 10 20 5 15 25 30 28 31
	if s.Held() != len(want) {
		t.Fatalf("%d rows", s.Held())
	}
	for i, late := range want {
		if e := s.Entry(s.First() + uint64(i)); e.Late != late {
			t.Errorf("row %d, %s, is late: %t", i, s.Data(e), e.Late)
		}
	}
}

// A stream is quiet since its newest record, whatever happened to its sources.
func TestQuietSinceTheNewestRecord(t *testing.T) {
	all := rows.NewStores(1<<20, 1<<30)
	s, _ := all.Open([]string{"system"}, begin)
	if !s.Newest().IsZero() {
		t.Fatalf("the newest of none is of %v", s.Newest())
	}
	r := dated("vm-1", 3)
	r.Backfill = true
	s.Add(r, begin)
	s.State(&stream.Notice{Time: begin.Add(time.Hour), Source: "vm-1", State: stream.StateLost}, []byte("lost"))
	if at := s.Newest(); !at.Equal(begin.Add(3 * time.Second)) {
		t.Fatalf("the newest is of %v", at)
	}
}
