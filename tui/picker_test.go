package tui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/tui"
)

func TestPicker(t *testing.T) {
	s := open(t, 100, 24, tui.Config{})
	s.want("Open streams", "tenant/globex", "1,234/s")
	s.keys("tglo", "enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/globex"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	// A stream that is not live can be opened by its name; one that is open
	// is gone to.
	s.keys("o", "tenant/new", "enter", "o", "tenant/globex", "enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/globex", "tenant/new"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	// What is chosen stays chosen while streams come and go.
	s.keys("o", "down", "down")
	s.feed.live = slices.Insert(s.feed.live, 0, stream.Live{Name: "alpha"})
	s.second()
	s.keys("enter")
	if last := s.feed.tails[len(s.feed.tails)-1]; last != "tenant/acme" {
		t.Fatalf("it opened %q", last)
	}
}

func TestPickerMergesWhatIsMarked(t *testing.T) {
	s := open(t, 120, 24, tui.Config{})
	s.keys("ten", "space", "space")
	s.want("◆ tenant/acme", "enter merges 2 in one pane")
	s.keys("enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/acme", "tenant/globex"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
	s.want("tenant/acme + tenant/globex")
	s.keys("o", "space", "space", "ctrl+o")
	s.want("3 system/scheduler")
}

func TestPickerPutsTheBusiestFirst(t *testing.T) {
	s := open(t, 100, 24, tui.Config{})
	s.keys("ctrl+s")
	s.want("▌ tenant/globex")
	s.keys("enter")
	if !slices.Equal(s.feed.tails, []string{"tenant/globex"}) {
		t.Fatalf("tails are %q", s.feed.tails)
	}
}

// 100,000 streams can be chosen from: the list is as long as the screen allows,
// and a key costs no more memory than with a thousand; moving looks at no name.
func TestAHundredThousandStreams(t *testing.T) {
	volume.Check(t)
	pickerOf := func(n int) *screen {
		s := open(t, 100, 30, tui.Config{})
		s.feed.live = make([]stream.Live, n)
		for i := range s.feed.live {
			s.feed.live[i] = stream.Live{Name: fmt.Sprintf("tenant/customer-%06d", i), Rate: float64(i), Sources: 1}
		}
		s.second()
		return s
	}
	few, many := pickerOf(1000), pickerOf(100_000)
	many.want("100,000 live")
	if n := strings.Count(many.text(), "tenant/customer-"); n > 30 {
		t.Fatalf("%d streams are drawn on 30 lines", n)
	}
	cost := func(s *screen, keys ...string) float64 {
		return testing.AllocsPerRun(1, func() { s.keys(keys...) }) // runs it once before
	}
	for _, keys := range [][]string{
		{"down", "up", "pgdown", "end", "up", "home"}, // moving
		{"0", "7", "backspace", "backspace"},          // typing
		{"ctrl+s", "ctrl+s"},                          // sorting
	} {
		if one, other := cost(few, keys...), cost(many, keys...); other > 2*one+100 {
			t.Errorf("keys %q allocate %.0f times with 100,000 streams, and %.0f with 1,000", keys, other, one)
		}
	}
	scored := tui.Scored(many.model)
	many.keys("down", "pgdown", "end", "home", "up", "pgup")
	if n := tui.Scored(many.model) - scored; n != 0 {
		t.Errorf("moving looked at %d names", n)
	}
	many.keys("9")
	if n := tui.Scored(many.model) - scored; n > 100_000 {
		t.Errorf("a letter looked at %d names of 100,000", n)
	}
	many.keys("backspace", "099997", "enter")
	many.want("tenant/customer-099997")
	if len(many.feed.tails) != 1 {
		t.Fatalf("tails are %q", many.feed.tails)
	}
}

// The mouse opens a stream in the picker, or marks it, and opens the help; while one
// types, the line of the input stands still.
func TestTheMouseInThePicker(t *testing.T) {
	s := open(t, 100, 30, tui.Config{})
	input := func() int {
		return slices.IndexFunc(strings.Split(s.text(), "\n"), func(l string) bool { return strings.Contains(l, "› ") })
	}
	at := func(name string) tea.MouseClickMsg {
		t.Helper()
		for y, l := range strings.Split(s.text(), "\n") {
			if before, _, ok := strings.Cut(l+" ", name+" "); ok {
				return tea.MouseClickMsg{X: ansi.StringWidth(before), Y: y, Button: tea.MouseLeft}
			}
		}
		t.Fatalf("no %q on the screen:\n%s", name, s.text())
		return tea.MouseClickMsg{}
	}
	line := input()
	for _, key := range []string{"t", "e", "n", "/", "acme", "-", "x", "y"} {
		s.keys(key)
		if now := input(); now != line {
			t.Fatalf("after %q the input is on line %d, and was on %d", key, now, line)
		}
	}
	s.keys("ctrl+u")
	s.send(at("tenant/globex"))
	if !slices.Equal(s.feed.tails, []string{"tenant/globex"}) {
		t.Fatalf("a click opens %q", s.feed.tails)
	}
	s.keys("o")
	mark := at("tenant/acme")
	mark.X -= 2
	s.send(mark)
	s.want("◆ tenant/acme", "enter merges 1")
	s.send(at("system"))
	s.want("◆ system", "enter merges 2")
	s.send(tea.MouseClickMsg{X: 1, Y: 1, Button: tea.MouseLeft}) // beside the list
	s.want("enter merges 2")
	s.keys("esc")
	s.send(at("? help"))
	s.want("╭─ Keys")
	s.send(at("? help"))
	s.wantNot("╭─ Keys")
}
