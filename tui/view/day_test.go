package view_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/tui/query"
	"sluice/tui/view"
)

func TestBeginningsOfDays(t *testing.T) {
	night := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	repeat := func(n int, from time.Duration) (all []time.Duration) {
		for i := range n {
			all = append(all, from+time.Duration(i)*time.Millisecond)
		}
		return all
	}
	for name, c := range map[string]struct {
		after []time.Duration // since midnight
		want  []int
	}{
		"none":                {repeat(20, 0), nil},
		"midnight":            {append(repeat(20, -time.Second), repeat(20, 0)...), []int{20}},
		"at once":             {[]time.Duration{-1, 0}, []int{1}},
		"out of order":        {[]time.Duration{-3 * time.Second, -2 * time.Second, 0, -time.Second, 1, -time.Millisecond, 2, 3}, []int{2}},
		"a late row":          {slices.Concat(repeat(20, 0), repeat(1, -time.Hour), repeat(20, time.Second)), nil},
		"late rows":           {slices.Concat(repeat(5, 0), repeat(20, -time.Hour), repeat(20, time.Second)), []int{25}},
		"days with few rows":  {[]time.Duration{0, time.Hour, day, 3 * day, 4 * day}, []int{2, 3, 4}},
		"a wild row":          {slices.Concat(repeat(5, 0), repeat(1, -5*365*day), repeat(20, time.Second)), nil},
		"one to come":         {slices.Concat(repeat(5, 0), repeat(1, 5*365*day), repeat(20, time.Second)), nil},
		"one before midnight": {slices.Concat(repeat(5, -time.Second), repeat(1, 5*365*day), repeat(5, 0)), []int{6}},
		"a long gap":          {slices.Concat(repeat(5, -90*day), repeat(5, 0)), []int{5}},
		"a long gap, at last": {slices.Concat(repeat(5, -90*day), repeat(2, 0)), nil},
		"set back":            {slices.Concat(repeat(20, 0), repeat(20, -3*day)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := store(t)
			for _, after := range c.after {
				data := fmt.Appendf(nil, `{"level":30,"time":"%s","msg":"m"}`, night.Add(after).Format(time.RFC3339Nano))
				s.Add(&stream.Record{Stream: "system", Source: "vm-1", Data: data, Arrived: start.UnixNano()}, start)
			}
			v := open(t, s, query.Filter{})
			calendar := view.NewCalendar(time.UTC)
			var got []int
			for i := range v.Total() {
				if v.BeginsDay(i, calendar) {
					got = append(got, i)
				}
			}
			if v.Total() != len(c.after) || !slices.Equal(got, c.want) {
				t.Errorf("days begin at %v of %d rows, want %v", got, v.Total(), c.want)
			}
		})
	}
}

// Days are those of the place, also where the clock is set.
func TestDaysOfAPlace(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	c := view.NewCalendar(berlin)
	at := time.Date(1969, 12, 30, 0, 0, 0, 0, berlin)
	for at.Year() < 1971 {
		y, m, d := at.Date()
		if got, want := c.Day(at.UnixMilli()), time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400; got != want {
			t.Fatalf("%v is on day %d, want %d", at, got, want)
		}
		at = at.Add(31 * time.Minute)
	}
	if got := c.Day(-62135596800000); got != -719162 { // the year 1
		t.Errorf("1 January of the year 1 is day %d", got)
	}
}
