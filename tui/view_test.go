package tui_test

import (
	"fmt"
	"slices"
	"testing"

	"sluice/tui"
)

// earlyView is a view of 1,000 records whose filter has looked at the newest 64
// only: 4 of its 50 rows.
func earlyView(t *testing.T) tui.View {
	t.Helper()
	s := tui.NewStore("system")
	t.Cleanup(s.Free)
	for i := range 1000 {
		level := 30
		if i%20 == 0 {
			level = 50
		}
		s.Append("vm-1", fmt.Appendf(nil, `{"v":0,"level":%d,"name":"app","msg":"line %d"}`, level, i))
	}
	f, _, err := tui.ParseFilter("level>=error")
	if err != nil {
		t.Fatal(err)
	}
	v := s.View(10, f)
	if !v.StepLate() {
		t.Fatal("all was tested in one step")
	}
	return v
}

func finish(v tui.View) {
	for v.StepLate() {
	}
	v.StepLate()
}

// A jump to a record that the filter has not come to yet ends at that record.
func TestJumpBeforeTheFilterIsThere(t *testing.T) {
	v := earlyView(t)
	v.Jump(400)
	finish(v)
	shown, cursor := v.Shown()
	if cursor != 400 || len(shown) != 10 || !slices.Contains(shown, 400) || shown[0] == 400 {
		t.Fatalf("the cursor is at %d, the screen shows %v", cursor, shown)
	}
}

// Who moves on after such a jump is not brought back to it.
func TestMovedAfterAJump(t *testing.T) {
	v := earlyView(t)
	v.Jump(400)
	v.Up()
	_, at := v.Shown()
	finish(v)
	if _, cursor := v.Shown(); cursor != at || at == 400 {
		t.Fatalf("the cursor went from %d to %d", at, cursor)
	}
}

// A view that was anchored while its filter knew a few rows is full later.
func TestAnchoredBeforeTheFilterIsThere(t *testing.T) {
	v := earlyView(t)
	v.Hold()
	finish(v)
	shown, cursor := v.Shown()
	if len(shown) != 10 || cursor != 980 || shown[9] != 980 {
		t.Fatalf("the cursor is at %d, the screen shows %v", cursor, shown)
	}
}
