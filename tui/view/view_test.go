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

// earlyView is a view of 1,000 records whose filter has looked at the newest 64
// only: 4 of its 50 rows.
func earlyView(t *testing.T) *view.View {
	t.Helper()
	all := rows.NewStores(1<<30, 1<<40)
	s, _ := all.Open([]string{"system"}, time.Time{})
	t.Cleanup(func() { all.Close(s) })
	for i := range 1000 {
		level := 30
		if i%20 == 0 {
			level = 50
		}
		data := fmt.Appendf(nil, `{"v":0,"level":%d,"name":"app","msg":"line %d"}`, level, i)
		s.Add(&stream.Record{Stream: "system", Source: "vm-1", Data: data, Backfill: true}, time.Time{})
	}
	v := view.New(s, query.Filter{Level: record.Error})
	v.SetHeight(10)
	if !late(v) {
		t.Fatal("all was tested in one step")
	}
	return v
}

func finish(v *view.View) {
	for late(v) {
	}
	late(v)
}

// A jump to a record that the filter has not come to yet ends at that record.
func TestJumpBeforeTheFilterIsThere(t *testing.T) {
	v := earlyView(t)
	v.Jump(400)
	finish(v)
	numbers, cursor := shown(v)
	if cursor != 400 || len(numbers) != 10 || !slices.Contains(numbers, 400) || numbers[0] == 400 {
		t.Fatalf("the cursor is at %d, the screen shows %v", cursor, numbers)
	}
}

// Who moves on after such a jump is not brought back to it.
func TestMovedAfterAJump(t *testing.T) {
	v := earlyView(t)
	v.Jump(400)
	v.MoveCursor(-1)
	_, at := shown(v)
	finish(v)
	if _, cursor := shown(v); cursor != at || at == 400 {
		t.Fatalf("the cursor went from %d to %d", at, cursor)
	}
}

// A view that was anchored while its filter knew a few rows is full later.
func TestAnchoredBeforeTheFilterIsThere(t *testing.T) {
	v := earlyView(t)
	v.Hold()
	finish(v)
	numbers, cursor := shown(v)
	if len(numbers) != 10 || cursor != 980 || numbers[9] != 980 {
		t.Fatalf("the cursor is at %d, the screen shows %v", cursor, numbers)
	}
}
