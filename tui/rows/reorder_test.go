package rows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui/rows"
)

// at adds a record with a time of its own, in milliseconds after the start, that
// arrives at another.
func at(s *rows.Store, name, source, msg string, ms, arrived int, backfill bool) {
	own := start.Add(time.Duration(ms) * time.Millisecond)
	s.Add(&stream.Record{
		Stream: name, Source: source, Backfill: backfill,
		Arrived: start.Add(time.Duration(arrived) * time.Millisecond).UnixNano(),
		Data:    fmt.Appendf(nil, `{"level":30,"time":%q,"msg":%q}`, own.Format("2006-01-02T15:04:05.000Z"), msg),
	}, start.Add(time.Duration(arrived)*time.Millisecond))
}

// order is the records of a store, those that are late with a mark.
func order(s *rows.Store) string {
	var got []string
	for n := s.First(); n < s.Next(); n++ {
		e := s.Entry(n)
		_, msg, _ := strings.Cut(string(s.Data(e)), `"msg":"`)
		msg = strings.TrimSuffix(msg, `"}`)
		if e.Late {
			msg += "!"
		}
		got = append(got, msg)
	}
	return strings.Join(got, " ")
}

func settle(all *rows.Stores, ms int) (waiting bool) {
	return all.Settle(start.Add(time.Duration(ms) * time.Millisecond))
}

// The reader's clock is set back by an hour: nothing is waited for until it is as late
// again, and what comes then is not late.
func TestClockIsSetBack(t *testing.T) {
	const hour = 3_600_000
	all := rows.NewStores(1<<30, 1<<40)
	s := open(t, all, "system")
	at(s, "system", "vm-1", "alone", hour, hour, false)
	at(s, "system", "vm-2", "old", hour+10_000, hour, false) // whose own clock is ahead
	at(s, "system", "vm-1", "b", hour+1020, hour+1020, false)
	at(s, "system", "vm-2", "a", hour+1030, hour+1030, false)
	at(s, "system", "vm-1", "c", hour+2000, 1000, false)
	at(s, "system", "vm-2", "d", hour+2010, 1010, false)
	if settle(all, 1200) || order(s) != "alone old b a c d" {
		t.Fatalf("after it was set back the order is %q", order(s))
	}
	at(s, "system", "vm-1", "e", 1990, 2000, false) // all clocks are right
	at(s, "system", "vm-2", "f", 2000, 2010, false)
	if settle(all, 2200) || order(s) != "alone old b a c d e f" {
		t.Fatalf("later the order is %q", order(s))
	}
}

// While a backfill is waited for, that does not make the wait longer.
func TestClockIsSetBackDuringBackfill(t *testing.T) {
	const hour = 3_600_000
	all := rows.NewStores(1<<30, 1<<40)
	s, _ := all.Open([]string{"a", "b"}, start.Add(hour*time.Millisecond))
	at(s, "a", "vm-1", "one", hour, hour, true)
	if !settle(all, hour+10) {
		t.Fatal("the backfill of b is not waited for")
	}
	wait := 0
	for ms := 0; settle(all, ms); ms += 100 {
		wait = ms
	}
	if wait > 2500 || order(s) != "one" {
		t.Errorf("after %d ms the order is %q", wait, order(s))
	}
}

// A live record of several sources waits for a tenth of a second; one that is later
// than that stands where it came, and is marked.
func TestRecordsOfSeveralSourcesWait(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	s := open(t, all, "system")
	at(s, "system", "vm-1", "alone", 0, 0, false)
	if got := order(s); got != "alone" {
		t.Fatalf("with one source the order is %q", got)
	}
	at(s, "system", "vm-2", "b", 1000, 1000, false)
	at(s, "system", "vm-1", "a", 990, 1010, false)
	if !settle(all, 1050) || order(s) != "alone" {
		t.Fatalf("within the window the order is %q", order(s))
	}
	if settle(all, 1200) || order(s) != "alone a b" {
		t.Fatalf("after it the order is %q", order(s))
	}
	at(s, "system", "vm-1", "late", 900, 1300, false)
	settle(all, 1500)
	if got := order(s); got != "alone a b late!" {
		t.Fatalf("with a late one the order is %q", got)
	}
}

// What waited for long, as while a consolidator was away, comes in its order, however
// long each of it has waited, and is marked.
func TestABacklogStaysInOrder(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	s := open(t, all, "system")
	at(s, "system", "vm-1", "a", 10_000, 10_000, false)
	at(s, "system", "vm-2", "b", 10_001, 10_001, false)
	at(s, "system", "vm-1", "c", 20_000, 20_000, false)
	settle(all, 20_500)
	for i, ms := range []int{12_000, 14_990, 15_010, 17_000, 19_990, 20_990} {
		at(s, "system", "vm-2", fmt.Sprint(i), ms, 21_000+i, false)
	}
	at(s, "system", "vm-1", "d", 20_995, 21_002, false)
	at(s, "system", "vm-2", "e", 21_008, 21_008, false)
	settle(all, 22_000)
	if got := order(s); got != "a b c d 0! 1! 2! 3! 4! 5 e" {
		t.Fatalf("the order is %q", got)
	}
}

// A source whose clock has always been far behind is late by its clock alone.
func TestAClockThatIsBehind(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	s := open(t, all, "system")
	at(s, "system", "vm-1", "a", 60_000, 60_000, false)
	at(s, "system", "vm-2", "b", 0, 60_001, false)
	at(s, "system", "vm-1", "c", 60_002, 60_002, false)
	at(s, "system", "vm-2", "d", 2, 60_003, false)
	settle(all, 61_000)
	if got := order(s); got != "a b c d" {
		t.Fatalf("the order is %q", got)
	}
}

// The backfill of several streams waits until that of all is there, but not for ever.
func TestBackfillOfSeveralStreamsWaits(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	s := open(t, all, "a", "b")
	at(s, "a", "vm-1", "2", 200, 1000, true)
	at(s, "a", "vm-1", "4", 400, 1000, true)
	s.Filled("a")
	if !settle(all, 1500) || s.Held() != 0 {
		t.Fatalf("without the other backfill the order is %q", order(s))
	}
	at(s, "b", "vm-1", "1", 100, 1500, true)
	at(s, "b", "vm-1", "3", 300, 1500, true)
	s.Filled("b")
	if settle(all, 1600) || order(s) != "1 2 3 4" {
		t.Fatalf("the order is %q", order(s))
	}

	late := open(t, all, "c", "d")
	at(late, "c", "vm-1", "x", 0, 2000, true)
	settle(all, 3000)
	if settle(all, 4100); order(late) != "x" {
		t.Fatalf("a backfill that never comes holds back %q", order(late))
	}
}

// A store of a stream that another one has begins with its newest records, as
// backfill, and their gaps, and asks for nothing.
func TestAStreamInTwoStores(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	one, fresh := all.Open([]string{"system"}, start)
	if len(fresh) != 1 {
		t.Fatalf("fresh are %q", fresh)
	}
	at(one, "system", "vm-1", "a", 0, 0, false)
	one.Gap(&stream.Notice{Kind: stream.KindGap, Time: start, Stream: "system", Count: 5}, []byte("5 records lost"))
	both, fresh := all.Open([]string{"system", "other"}, start)
	if len(fresh) != 1 || fresh[0] != "other" {
		t.Fatalf("fresh are %q", fresh)
	}
	both.Filled("other")
	settle(all, 1000)
	if order(both) != "a " || both.Entry(0).Kind != rows.KindBackfill {
		t.Fatalf("it begins with %q", order(both))
	}
	if again, fresh := all.Open([]string{"system", "other"}, start); again != both || len(fresh) > 0 {
		t.Fatalf("opened again, fresh are %q", fresh)
	}
	if got := len(all.Of("system")); got != 2 {
		t.Fatalf("%d stores have the stream", got)
	}
	if unread := all.Close(both); len(unread) > 0 || all.Find("system", "other") != both {
		t.Fatalf("closed once of twice, unread are %q", unread)
	}
	if unread := all.Close(both); len(unread) != 1 || unread[0] != "other" || all.Find("system", "other") != nil {
		t.Fatalf("closed, unread are %q", unread)
	}
	if unread := all.Close(one); len(unread) != 1 || unread[0] != "system" {
		t.Fatalf("closed, unread are %q", unread)
	}
}

// What happened stands between the records, and is counted.
func TestNotices(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	s := open(t, all, "system")
	at(s, "system", "vm-1", "a", 0, 0, false)
	s.Gap(&stream.Notice{Kind: stream.KindGap, Time: start, Stream: "system", Count: 5, Unknown: true}, []byte("lost"))
	s.State(&stream.Notice{Kind: stream.KindState, Time: start, Source: "vm-1", State: stream.StateLost}, []byte("vm-1 lost"))
	at(s, "system", "vm-1", "b", 1, 1, false)
	if s.Held() != 4 || s.Dropped() != 5 || s.Unknown() != 1 {
		t.Fatalf("%d rows, %d dropped, %d unknown", s.Held(), s.Dropped(), s.Unknown())
	}
	for n, want := range []bool{false, true, true, false} {
		if e := s.Entry(uint64(n)); e.Kind.Notice() != want || want && e.IsError() {
			t.Errorf("row %d is a notice: %v", n, !want)
		}
	}
	if got := string(s.Data(s.Entry(2))); got != "vm-1 lost" {
		t.Errorf("a notice says %q", got)
	}
	if e := s.Entry(0); e.Time != start.UnixMilli() || !e.Own || e.Level != 30 || !e.Plain || s.Source(e) != "vm-1" || s.StreamOf(e) != "system" {
		t.Errorf("the entry is %+v", e)
	}
}
