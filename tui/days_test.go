package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
)

// day takes n records a second apart from a time on: "line 1" and so on.
func (s *screen) day(from time.Time, n int) {
	s.t.Helper()
	b := &stream.Batch{}
	for i := range n {
		r := s.record("system", "vm-1", "")
		at := from.Add(time.Duration(i) * time.Second)
		r.Data = fmt.Appendf(nil, `{"level":30,"name":"app","time":"%s","msg":"line %d"}`, at.Format(time.RFC3339Nano), s.number)
		b.Records = append(b.Records, r)
	}
	s.take(b)
}

// body is the screen without the lines around the pane's rows.
func (s *screen) body() []string {
	lines := strings.Split(s.text(), "\n")
	return lines[2 : len(lines)-1]
}

// midnight is the beginning of the day that is today when the tests begin.
var midnight = start.Add(-12 * time.Hour)

const dividesToday = "── Wed 2026-03-04 ──"

// Rows of another day show it, and those of another year their year; rows stay in columns.
func TestRowsOfAnotherDayShowIt(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.day(start, 2)
	s.want(" 12:00:00.000 INFO  vm-1 app line 1")
	s.day(midnight.Add(-2*time.Hour), 1)
	s.want(" 03-03 22:00:00.000 INFO  vm-1 app line 3", "       12:00:01.000 INFO  vm-1 app line 2")
	s.day(time.Date(2020, 3, 4, 12, 0, 0, 0, time.UTC), 1)
	s.want(
		"            12:00:00.000 INFO  vm-1 app line 1",
		"      03-03 22:00:00.000 INFO  vm-1 app line 3",
		" 2020-03-04 12:00:00.000 INFO  vm-1 app line 4")
	s.wantNot("──  ", "── Wed") // nothing of that is midnight
	s.keys("t", "t")
	s.want(" 0.0s INFO  vm-1 app line 1")
	s.wantNot("03-03")
	s.keys("t", "w")
	s.want("      03-03 22:00:00.000 INFO  vm-1 app line 3")
	s.keys("w")
	s.send(tea.WindowSizeMsg{Width: 48, Height: 24})
	s.want(" 2020-03-04 12:00:00 INF line 4")
}

// At midnight what was today is yesterday, also when nothing comes.
func TestMidnightPasses(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.day(start, 1)
	s.now = midnight.Add(24*time.Hour - time.Second)
	s.second()
	s.want("\n 12:00:00.000 INFO")
	s.now = s.now.Add(time.Second)
	if again := s.send(tui.DayMsg); again == nil {
		t.Error("the day after is not waited for")
	}
	s.want(" 03-04 12:00:00.000 INFO")
	s.day(s.now, 1)
	s.want("── Thu 2026-03-05 ──", "       00:00:00.000 INFO")
}

// The zone of the times decides which day it is.
func TestDaysOfTheZoneShown(t *testing.T) {
	s := open(t, 100, 24, tui.Config{Location: time.FixedZone("JST", 9*60*60)}, "system")
	s.day(midnight.Add(-2*time.Hour), 1)
	s.day(midnight.Add(2*time.Hour), 1)
	s.want("\n 07:00:00.000 INFO", "\n 11:00:00.000 INFO")
	s.wantNot("──  ", dividesToday)
	s.keys("t")
	s.want(" 03-03 22:00:00.000 INFO", "       02:00:00.000 INFO", dividesToday)
}

// A line stands above the first row of a day, and moves nothing: neither what is
// clicked, nor marks, nor what is counted and copied.
func TestMidnightIsALine(t *testing.T) {
	for _, wrapped := range []bool{false, true} {
		s := open(t, 80, 24, tui.Config{}, "system")
		s.day(midnight.Add(-30*time.Second), 60)
		if wrapped {
			s.keys("w")
		}
		s.keys("T", "00:00", "enter")
		if got := s.body(); !strings.HasPrefix(got[0], dividesToday) || !strings.Contains(got[1], "line 31") {
			t.Fatalf("wrapped %v: midnight is not at the top:\n%s", wrapped, s.text())
		}
		for range 5 {
			s.keys("k")
		}
		got := s.body()
		for i, want := range []string{"line 26", "line 27", "line 28", "line 29", "line 30", dividesToday, "line 31"} {
			if !strings.Contains(got[i], want) {
				t.Fatalf("wrapped %v: line %d is %q, want %q", wrapped, i, got[i], want)
			}
		}
		for line, want := range map[int]string{4: "line 30", 5: "line 31", 6: "line 31", 7: "line 32", 20: "line 45"} {
			s.send(tea.MouseClickMsg{Button: tea.MouseLeft, X: 5, Y: 2 + line})
			if got := s.cursorRow(); got != want {
				t.Errorf("wrapped %v: a click on line %d selects %q, want %q", wrapped, line, got, want)
			}
		}
		// All that comes below moves nothing.
		before := s.body()
		s.day(midnight.Add(time.Minute), 100)
		s.want("100 new")
		if after := s.body(); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Errorf("wrapped %v: the rows have moved:\n%s", wrapped, s.text())
		}
		// The cursor is always seen, and goes over every row once.
		s.keys("g")
		for i := 1; i < 160; i++ {
			if got, want := s.cursorRow(), fmt.Sprintf("line %d", i); got != want {
				t.Fatalf("wrapped %v: the cursor is on %q, want %q:\n%s", wrapped, got, want, s.text())
			}
			s.keys("j")
		}
	}
}

// Whatever is at the top of a pane that follows stays there when it is held, and every
// row comes by.
func TestMidnightScrollsBy(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.day(midnight.Add(-20*time.Second), 20)
	for i := range 45 {
		s.day(midnight.Add(time.Duration(i)*time.Second), 1)
		rows := s.body()
		if last := rows[len(rows)-1]; !strings.Contains(last, fmt.Sprintf("line %d", 21+i)) {
			t.Fatalf("the newest row is not the last:\n%s", s.text())
		}
		s.keys("space")
		if held := s.body(); strings.ReplaceAll(strings.Join(held, "\n"), "▌", " ") != strings.Join(rows, "\n") {
			t.Fatalf("holding moves the rows:\n%s\n\n%s", strings.Join(rows, "\n"), s.text())
		}
		s.keys("space")
	}
	// Up again, over the line, and down to the end.
	for range 64 {
		s.keys("k")
	}
	if got := s.cursorRow(); got != "line 1" {
		t.Fatalf("the cursor is on %q", got)
	}
	s.keys("G")
	s.want("following", "line 65")
}
