package view_test

import (
	"fmt"
	"slices"
	"testing"

	"sluice/cluster/record"
	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/view"
)

// shownRows are the rows of the screen: numbers, those around in parentheses, and what the
// rows say that stand for others.
func shownRows(v *view.View) (shown []string) {
	for ord := v.TopOrd(); ord < min(v.TopOrd()+v.Height(), v.Total()); ord++ {
		n, e, _, data := v.Row(ord)
		switch {
		case e.Kind == rows.KindLeft, e.Kind == rows.KindSeam:
			shown = append(shown, string(data))
		case v.Near(ord):
			shown = append(shown, fmt.Sprintf("(%d)", n))
		default:
			shown = append(shown, fmt.Sprint(n))
		}
	}
	return shown
}

func wantShown(t *testing.T, v *view.View, want ...string) {
	t.Helper()
	if got := shownRows(v); !slices.Equal(got, want) {
		t.Fatalf("shown are %q, want %q", got, want)
	}
}

// Of 100 records those with numbers that end in 0 and are even tens are errors: see add.
func TestAround(t *testing.T) {
	s := store(t)
	add(s, 60)
	v := open(t, s, query.Filter{Level: record.Error})
	v.SetHeight(7)
	finish(v)
	v.SetAround(1)
	finish(v)
	v.GoTo(0)
	wantShown(t, v, "0", "(1)", "17 records", "(19)", "20", "(21)", "17 records")
	v.MoveCursor(2)
	if _, e, _, _ := v.Row(v.CursorOrd()); e.Kind != rows.KindLeft {
		t.Fatalf("the cursor is on %+v", e)
	}
	// More around, and none: what is on the top line stays there, if it is shown at all.
	v.GoTo(3)
	v.SetAround(3)
	finish(v)
	wantShown(t, v, "(19)", "20", "(21)", "(22)", "(23)", "13 records", "(37)")
	v.SetAround(0)
	finish(v)
	if v.Total() != 3 || v.At(v.TopOrd()) != 0 && v.At(v.TopOrd()) != 20 {
		t.Fatalf("%d rows, %d on top", v.Total(), v.At(v.TopOrd()))
	}
}

// What comes behind the last record that passes is shown as it comes.
func TestAroundGrows(t *testing.T) {
	s := store(t)
	add(s, 41)
	v := open(t, s, query.Filter{Level: record.Error})
	v.SetHeight(3)
	v.SetAround(3)
	for _, want := range [][]string{
		{"(38)", "(39)", "40"}, {"(39)", "40", "(41)"}, {"40", "(41)", "(42)"}, {"(41)", "(42)", "(43)"}, {"(41)", "(42)", "(43)"},
	} {
		finish(v)
		wantShown(t, v, want...)
		add(s, 1)
	}
}

// Neither what comes nor what is let go moves what somebody looks at.
func TestAroundStaysThroughEviction(t *testing.T) {
	s := store(t)
	add(s, 100)
	v := open(t, s, query.Filter{Level: record.Error})
	v.SetHeight(8)
	v.SetAround(2)
	finish(v)
	v.GoTo(4)
	before := shownRows(v)
	if !slices.Equal(before, []string{"(18)", "(19)", "20", "(21)", "(22)", "15 records", "(38)", "(39)"}) {
		t.Fatalf("shown are %q", before)
	}
	for upTo := uint64(1); upTo < 60; upTo++ {
		add(s, 1)
		s.EvictTo(upTo)
		finish(v)
		if got := shownRows(v); !slices.Equal(got, before) {
			t.Fatalf("up to %d were let go, and shown are %q, before %q", upTo, got, before)
		}
	}
	if v.Kept() != 7 {
		t.Fatalf("%d are kept", v.Kept())
	}
	snapshot := v.Snapshot()
	defer snapshot.Close()
	finish(snapshot)
	if snapshot.Total() != v.Total() {
		t.Fatalf("the snapshot has %d rows, the view %d", snapshot.Total(), v.Total())
	}
	v.SetFilter(query.Filter{Level: record.Error})
	finish(v)
	v.SetFilter(query.Filter{})
	finish(v)
}
