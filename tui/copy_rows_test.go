package tui_test

import (
	"encoding/base64"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/tui"
)

// clipboard is what a command copies.
func clipboard(t *testing.T, cmd tea.Cmd) string {
	t.Helper()
	_, coded, _ := strings.Cut(raw(t, cmd), "\x1b]52;c;")
	data, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(coded, "\x07"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestRowsAreCopiedAsTheyAreShown(t *testing.T) {
	s := open(t, 80, 24, tui.Config{Getenv: func(string) string { return "" }}, "system")
	s.lines("system", 40)
	s.keys("g", "j", "R")
	s.want("a range begins here")
	s.keys("j", "j")
	s.want("┃12:00:00.200", "┃12:00:00.300", "▌12:00:00.400")
	s.wantNot("┃12:00:00.100")
	want := "12:00:00.200 INFO  vm-1 webtask line 2\n12:00:00.300 INFO  vm-1 webtask line 3\n12:00:00.400 INFO  vm-1 webtask line 4\n"
	if got := clipboard(t, s.send(tea.KeyPressMsg{Code: 'R', Text: "R"})); got != want {
		t.Errorf("the range is %q, want %q", got, want)
	}
	s.keys("R", "k", "k") // from below
	if got := clipboard(t, s.send(tea.KeyPressMsg{Code: 'R', Text: "R"})); got != want {
		t.Errorf("the range is %q, want %q", got, want)
	}
	s.keys("R", "k", "esc")
	s.wantNot("┃", "a range begins here")
	s.keys(":", "copy marked", "enter")
	s.want("nothing is marked")
	s.keys("m", "j", "j", "m", ":", "copy marked")
	s.keys("enter")
	s.want("2 of 2 marked copied")
	s.flood("system", 5000)
	s.keys("g", "R", "G", "up", "R")
	s.want("range not copied: it is more than a terminal takes")
}
