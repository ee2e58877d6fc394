package timeline_test

import (
	"testing"
	"time"

	"sluice/tui/timeline"
)

const hour = 3_600_000

func TestAnAxisIsRound(t *testing.T) {
	at := func(text string) int64 {
		when, err := time.Parse("2006-01-02 15:04:05", text)
		if err != nil {
			t.Fatal(err)
		}
		return when.UnixMilli()
	}
	for _, test := range []struct {
		first, last string
		columns     int
		step        int64 // milliseconds
		width       int
	}{
		{"2026-03-01 12:00:03", "2026-03-01 12:00:03", 80, 1, 1},
		{"2026-03-01 12:00:03", "2026-03-01 12:01:20", 80, 1000, 78},
		{"2026-03-01 12:00:03", "2026-03-01 13:14:52", 80, 60_000, 75},
		{"2026-03-01 12:00:03", "2026-03-08 13:14:52", 80, 3 * hour, 57},
		{"1969-12-31 23:59:50", "1970-01-01 00:00:10", 21, 1000, 21},
		{"0001-01-01 00:00:00", "9999-12-31 00:00:00", 40, 500 * 365 * 24 * hour, 21},
		{"0001-01-01 00:00:00", "9999-12-31 00:00:00", 1, 1000 * 365 * 24 * hour, 1},
	} {
		first, last := at(test.first), at(test.last)
		a := timeline.Fit(first, last, test.columns)
		if a.Step != test.step || a.Width != test.width || a.From > first || a.From%a.Step != 0 {
			t.Errorf("from %s to %s in %d columns is %+v", test.first, test.last, test.columns, a)
		}
		if i, ok := a.Column(first); i != 0 || !ok {
			t.Errorf("the first is in column %d, %v", i, ok)
		}
		if i, ok := a.Column(last); ok != (test.columns > 1) || ok && i != a.Width-1 {
			t.Errorf("the last is in column %d of %d, %v", i, a.Width, ok)
		}
	}
}

// What is looked at stays in its column while it is zoomed, in and out to the ends.
func TestZoom(t *testing.T) {
	a := timeline.Fit(0, 3_600_000, 80)
	const at = 1_234_567
	column, _ := a.Column(at)
	for range 60 {
		a = a.Zoom(1, at, 80)
		if i, ok := a.Column(at); i != column || !ok {
			t.Fatalf("%+v has it in column %d, want %d", a, i, column)
		}
	}
	if a.Step != 1 {
		t.Fatalf("the narrowest column is %d ms", a.Step)
	}
	for range 60 {
		a = a.Zoom(-1, at, 80)
		if i, ok := a.Column(at); i != column || !ok {
			t.Fatalf("%+v has it in column %d, want %d", a, i, column)
		}
	}
	a = timeline.Fit(0, 79_000, 80)
	if a.Moved(40_000) != a {
		t.Error("an axis moves although the time is there")
	}
	for _, at := range []int64{-5000, 200_000} {
		if i, ok := a.Moved(at).Column(at); !ok || i < 39 || i > 41 {
			t.Errorf("%d is in column %d, %v", at, i, ok)
		}
	}
}
