package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tui"
)

// A row that was kept and the next one that is held never look like neighbours.
func TestASeamIsShown(t *testing.T) {
	s := open(t, 100, 24, tui.Config{Records: 100}, "system")
	s.lines("system", 100)
	s.keys("g")
	s.lines("system", 60)
	s.keys("j", "j")
	s.keys("ctrl+d", "ctrl+d") // half a page down, twice: past what was on the screen
	s.want("line 21", "39 rows are no longer held", "line 61")
	s.lines("system", 15)
	s.want("39 rows are no longer held") // what was below it is on the screen, and kept
	for i, row := range s.rows() {
		if strings.Contains(row, "line 22") && !strings.Contains(s.rows()[i+1], "no longer held") {
			t.Fatalf("below line 22 stands %q", s.rows()[i+1])
		}
	}
	// A search finds what is shown, although it is no longer held.
	s.press("/line 21$\n")
	s.want("1/1")
	s.wantNot("nothing that is shown", "no match")
	// So does whoever saves it, and is told what is missing.
	path := filepath.Join(folder(t), "x")
	s.keys("esc", "s", "ctrl+u")
	s.press(path)
	cmd := s.keys("enter")
	s.perform(cmd, func() bool { return strings.Contains(s.text(), "saved to") })
	s.want("let go before they could be")
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), "line 21\"") {
		t.Fatalf("saved %q, %v", data, err)
	}
}
