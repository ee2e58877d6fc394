package view_test

import (
	"slices"
	"testing"

	"sluice/cluster/record"
	"sluice/tui/query"
	"sluice/tui/view"
)

// earlyView is a view of 1,000 records whose filter has looked at the newest 64
// only: 4 of its 50 rows.
func earlyView(t *testing.T) *view.View {
	t.Helper()
	s := store(t)
	add(s, 1000)
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
