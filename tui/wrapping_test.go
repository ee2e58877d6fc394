package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui"
)

func TestWrapping(t *testing.T) {
	s := open(t, 80, 12, tui.Config{}, "system")
	s.lines("system", 30)
	s.take(&stream.Batch{Records: []stream.Record{
		s.record("system", "vm-1", `"level":30,"msg":"first\nsecond, `+strings.Repeat("and on ", 10)+`\nthird"`),
		s.record("system", "vm-1", `"level":30,"msg":"line last"`),
	}})
	s.want("first ⏎ second")
	s.keys("w")
	lines := strings.Split(s.text(), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return strings.HasSuffix(l, " first") })
	if at < 0 {
		t.Fatalf("the record is not there:\n%s", s.text())
	}
	indent := strings.Index(lines[at], "first")
	for i, want := range []string{"first", "second, and on", "", "third"} {
		if got := lines[at+i]; len(got) < indent || !strings.HasPrefix(got[indent:], want) {
			t.Fatalf("line %d of the record is %q, want %q in column %d", i, got, want, indent)
		}
	}
	if !strings.HasSuffix(lines[at+4], "line last") || !strings.HasPrefix(lines[at+5], " ●") {
		t.Fatalf("the newest record is not at the bottom:\n%s", s.text())
	}
	// A click finds the record that a line belongs to.
	s.send(tea.MouseClickMsg{X: 40, Y: at + 2, Button: tea.MouseLeft})
	s.keys("enter")
	s.want("one record", "second, and on")
	s.keys("esc", "G", "w")
	s.want("first ⏎ second")
}

// A record that is larger than the screen, and the cursor, stay on it.
func TestWrappingMoves(t *testing.T) {
	s := open(t, 60, 12, tui.Config{}, "system")
	b := &stream.Batch{}
	for i := range 40 {
		b.Records = append(b.Records, s.record("system", "vm-1", fmt.Sprintf(`"level":30,"msg":"line %d%s"`, i, strings.Repeat(" more", i*3))))
	}
	s.take(b)
	s.keys("w", "g")
	for i := range 39 {
		if got := s.cursorRow(); !strings.HasPrefix(got, fmt.Sprintf("line %d", i)) {
			t.Fatalf("after %d keys the cursor is on %q:\n%s", i, got, s.text())
		}
		s.keys("j")
	}
	s.want("following")
	for range 39 {
		s.keys("k")
	}
	s.want("line 0")
}
