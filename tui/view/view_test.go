package view_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/view"
)

var start = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func store(t *testing.T) *rows.Store {
	t.Helper()
	all := rows.NewStores(1<<30, 1<<40)
	s, _ := all.Open([]string{"system"}, start)
	t.Cleanup(func() { all.Close(s) })
	return s
}

// add adds n live records, a second apart; each twentieth is an error.
func add(s *rows.Store, n int) {
	for range n {
		level := 30
		if s.Next()%20 == 0 {
			level = 50
		}
		at := start.Add(time.Duration(s.Next()) * time.Second)
		data := fmt.Appendf(nil, `{"v":0,"level":%d,"name":"app","time":%q,"msg":"line %d"}`, level, at.Format("2006-01-02T15:04:05.000Z"), s.Next())
		s.Add(&stream.Record{Stream: "system", Source: "vm-1", Data: data, Arrived: at.UnixNano()}, at)
	}
}

// open is a view of ten rows, all tested.
func open(t *testing.T, s *rows.Store, f query.Filter) *view.View {
	t.Helper()
	v := view.New(s, f)
	t.Cleanup(v.Close)
	v.SetHeight(10)
	finish(v)
	return v
}

// late is a step whose time is over already.
func late(v *view.View) (more bool) { return v.Step(time.Time{}, time.Now) }

// shown is the numbers of the records on the screen, and the one under the cursor.
func shown(v *view.View) (numbers []uint64, cursor uint64) {
	top := v.TopOrd()
	for ord := top; ord < min(top+v.Height(), v.Total()); ord++ {
		numbers = append(numbers, v.At(ord))
	}
	return numbers, v.At(v.CursorOrd())
}

// want fails unless the screen shows ten records from first on, step apart.
func want(t *testing.T, v *view.View, first, step, cursor uint64) {
	t.Helper()
	var numbers []uint64
	for i := range uint64(10) {
		numbers = append(numbers, first+i*step)
	}
	if got, at := shown(v); !slices.Equal(got, numbers) || at != cursor {
		t.Fatalf("the screen shows %v, and the cursor is at %d, want %v and %d", got, at, numbers, cursor)
	}
}

func TestFollowing(t *testing.T) {
	s := store(t)
	v := open(t, s, query.Filter{})
	add(s, 100)
	want(t, v, 90, 1, 99)
	add(s, 1)
	want(t, v, 91, 1, 100)
	v.MoveCursor(-20)
	want(t, v, 80, 1, 80)
	if v.Following() {
		t.Fatal("a view that was moved follows")
	}
	add(s, 40)
	late(v)
	want(t, v, 80, 1, 80)
	if records, errors, unknown := v.Since(); records != 40 || errors != 2 || unknown {
		t.Fatalf("since then %d records and %d errors came", records, errors)
	}
	v.Page(100)
	if want(t, v, 131, 1, 140); !v.Following() {
		t.Fatal("the end was reached, and the view does not follow")
	}
	v.Oldest()
	want(t, v, 0, 1, 0)
	v.Scroll(5)
	want(t, v, 5, 1, 5)
	v.Select(7)
	want(t, v, 5, 1, 7)
	v.GoTo(50)
	want(t, v, 50, 1, 50)
}

// What is on the screen stays there although the store lets it go, until it is left.
func TestAnAnchoredViewKeepsItsRows(t *testing.T) {
	for name, test := range map[string]struct {
		filter query.Filter
		step   uint64
	}{"all": {query.Filter{}, 1}, "filtered": {query.Filter{Level: record.Error}, 20}} {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			add(s, 2000)
			v := open(t, s, test.filter)
			v.Oldest()
			want(t, v, 0, test.step, 0)
			s.EvictTo(4 * test.step)
			add(s, 100)
			finish(v)
			want(t, v, 0, test.step, 0)
			if v.Kept() != 4 || !v.Keeps(0) || v.Keeps(4*test.step) {
				t.Fatalf("%d rows are kept", v.Kept())
			}
			if n, e, source, data := v.Row(1); n != test.step || e.Level == 0 || source != "vm-1" || len(data) == 0 {
				t.Fatalf("row 1 is %d of %s: %s", n, source, data)
			}
			v.Scroll(3)
			want(t, v, 3*test.step, test.step, 3*test.step)
			if v.Kept() != 1 {
				t.Fatalf("%d rows are kept", v.Kept())
			}
			v.Resume()
			if v.Kept() != 0 {
				t.Fatalf("a view that follows keeps %d rows", v.Kept())
			}
		})
	}
}

func TestPaused(t *testing.T) {
	s := store(t)
	add(s, 100)
	v := open(t, s, query.Filter{})
	v.Pause()
	add(s, 50)
	s.Gap(&stream.Notice{Kind: stream.KindGap, Time: start, Stream: "system", Count: 7}, []byte("7 records lost"))
	late(v)
	want(t, v, 90, 1, 99)
	if lost, unknown := v.Lost(); lost != 7 || unknown || v.ShownEnd() != 100 {
		t.Fatalf("%d were lost, unknown %v; %d is the end", lost, unknown, v.ShownEnd())
	}
	v.MoveCursor(1)
	if !v.Paused() || v.Following() {
		t.Fatal("a paused view follows at its end")
	}
	c := v.Snapshot()
	defer c.Close()
	if v.Pause(); v.Paused() || !v.Following() || v.Total() != 151 {
		t.Fatal("the view does not go on")
	}
	if c.Total() != 100 || c.At(0) != 0 {
		t.Fatalf("a snapshot has %d rows", c.Total())
	}
}

// A filter that is changed leaves an anchored view as near as it can, and Back takes
// it where it was.
func TestFilterAndBack(t *testing.T) {
	s := store(t)
	add(s, 2000)
	v := open(t, s, query.Filter{})
	v.Jump(1003)
	place := v.Place()
	v.SetFilter(query.Filter{Level: record.Error})
	finish(v)
	if numbers, _ := shown(v); numbers[0] != 1000 {
		t.Fatalf("the screen shows %v", numbers)
	}
	v.SetFilter(query.Filter{})
	v.Resume()
	v.Back(place)
	if _, cursor := shown(v); cursor != 1003 || v.Following() {
		t.Fatalf("the cursor is at %d", cursor)
	}
}

func TestErrorsAndTimes(t *testing.T) {
	s := store(t)
	add(s, 1000)
	v := open(t, s, query.Filter{})
	if n, ok := v.ErrorFrom(500, 1); !ok || n != 520 {
		t.Errorf("after 500 the next error is %d", n)
	}
	if n, ok := v.ErrorFrom(500, -1); !ok || n != 480 {
		t.Errorf("before 500 the next error is %d", n)
	}
	if n, ok := v.ErrorFrom(980, 1); ok {
		t.Errorf("after the last error there is %d", n)
	}
	for ord, at := range map[int]time.Duration{0: -time.Hour, 500: 500 * time.Second, 501: 500*time.Second + time.Nanosecond, 1000: time.Hour} {
		if got := v.NotBefore(start.Add(at)); got != ord {
			t.Errorf("not before %v is row %d, want %d", at, got, ord)
		}
	}
}

// While the rows above who looks become known, little by little, they do not go to what was
// loaded above all of them.
func TestAFilterStaysBelowThePast(t *testing.T) {
	all := rows.NewStores(1<<30, 1<<40)
	all.KeepPositions()
	s, _ := all.Open([]string{"system"}, start)
	defer all.Close(s)
	add(s, 2000)
	v := open(t, s, query.Filter{})
	past, page := s.NewPast(nil), rows.NewPage([]string{"system"})
	page.Say(start, "the beginning")
	past.Older(page, nil)
	v.SetPast(past, query.Filter{}, s.First())
	v.Pause()
	v.MoveCursor(-1)
	v.SetFilter(query.Filter{Level: record.Error})
	for more := true; more; {
		more = late(v)
		if n := v.At(v.TopOrd()); n < s.Next()-300 {
			t.Fatalf("record %d, of %d to %d, is on the top line", n, s.First(), s.Next())
		}
	}
	if v.TopOrd() != v.Total()-v.Height() {
		t.Errorf("row %d of %d is on the top line", v.TopOrd(), v.Total())
	}
}
