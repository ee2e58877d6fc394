package tui_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/tui"
)

// Marks of records that were let go make room for others.
func TestMarksOfWhatWasLetGo(t *testing.T) {
	s := open(t, 80, 24, tui.Config{Records: 12_000}, "system")
	s.flood("system", 12_000)
	s.keys("g")
	tui.MarkAll(s.model, 10_000)
	s.keys("G", "k", "m")
	s.want("not marked: 10,000 records are marked already")
	s.flood("system", 8000)
	s.keys("G", "k", "m")
	if n := tui.Marks(s.model); n != 2001 {
		t.Errorf("%d marks are left, want 2,001", n)
	}
}

func TestMarks(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	s.keys("'")
	s.want("nothing is marked")
	s.lines("system", 100)
	s.keys("g", "m", "j", "j", "m", "G", "'")
	if got := s.cursorLine(); !strings.Contains(got, "line 1") || strings.Contains(got, "line 100") {
		t.Fatalf("the first mark is %q", got)
	}
	s.keys("'")
	if got := s.cursorLine(); !strings.HasSuffix(got, "line 3") {
		t.Fatalf("the second mark is %q", got)
	}
	s.keys("'", "\"")
	if got := s.cursorLine(); !strings.HasSuffix(got, "line 3") {
		t.Fatalf("around the ends it is %q", got)
	}
	s.keys("m", "g", "m", "'")
	s.want("nothing is marked")
}

// cursorLine is the row with a mark on it that has the cursor's background.
func (s *screen) cursorLine() string {
	for i, line := range strings.Split(s.model.View().Content, "\n") {
		if strings.Contains(line, "48;2;38;45;61m") && strings.Contains(line, "◆") {
			return s.line(i)
		}
	}
	return ""
}

func TestErrorsAreGoneTo(t *testing.T) {
	s := open(t, 80, 24, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 100 {
		level := 30
		if i%40 == 5 {
			level = 50
		}
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":%d,"msg":"line %d"`, level, i)))
	}
	s.take(b)
	s.keys("E")
	for _, test := range [][2]string{{"E", "line 45"}, {"E", "line 5"}, {"E", "line 5"}, {"e", "line 45"}, {"e", "line 85"}, {"e", "line 85"}} {
		s.keys(test[0])
		if got := s.cursorRow(); got != test[1] {
			t.Fatalf("%s goes to %q, want %q", test[0], got, test[1])
		}
	}
	s.want("no error after this one")
	s.keys("f", "-45", "enter", "E")
	if got := s.cursorRow(); got != "line 5" {
		t.Fatalf("E goes to %q, which the filter leaves out", got)
	}
}
