package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/tui"
)

// A box to choose from: one key chooses, or the cursor; a choice may lead to another box,
// and any other key does nothing but close it. Its words may be foreign.
func TestChoosing(t *testing.T) {
	const foreign = "\u009b31m\u202e\x1b[2J\x07"
	did := make(chan string, 3)
	does := func(what string) func() string { return func() string { did <- what; return "done: " + what } }
	s := open(t, 100, 30, tui.Config{
		Alert: func() string { return "vm-2 killed" + foreign },
		Actions: []tui.Action{{Key: "x", Help: "break something", Choose: func() []tui.Choice {
			return []tui.Choice{
				{Key: "1", Text: "vm-1", Detail: "runs" + foreign, Choose: func() []tui.Choice {
					return []tui.Choice{{Key: "k", Text: "kill vm-1", Do: does("kill")}, {Key: "h", Text: "hang vm-1" + foreign, Do: does("hang")}}
				}},
				{Key: "2", Text: "vm-2", Detail: "killed"},
			}
		}}},
	}, "system")
	done := func(what string) func() bool {
		said, last := s.says("done: "+what), ""
		return func() bool { // what is said may be of the time before
			select {
			case last = <-did:
			default:
			}
			return last == what && said()
		}
	}
	s.want("vm-2 killed")
	s.keys("x")
	s.want("break something", "vm-1", "runs", "vm-2")
	s.keys("1")
	s.want("kill vm-1", "hang vm-1")
	s.wantNot("break something")
	s.perform(s.keys("h"), done("hang"))
	s.keys("x", "q") // closes it, and leaves nothing
	s.wantNot("break something")
	s.keys("x", "enter", "down")
	s.perform(s.keys("enter"), done("hang"))
	s.keys("x", "1")
	s.perform(s.keys("k"), done("kill"))
	s.keys("x")
	for y, l := range strings.Split(s.text(), "\n") {
		if strings.Contains(l, "vm-1 ") && strings.Contains(l, "runs") {
			s.send(tea.MouseClickMsg{X: 40, Y: y, Button: tea.MouseLeft})
			break
		}
	}
	s.want("kill vm-1")
	s.send(tea.MouseClickMsg{X: 1, Y: 1, Button: tea.MouseLeft}) // beside it
	s.wantNot("kill vm-1")
	s.send(tea.WindowSizeMsg{Width: 20, Height: 5})
	s.keys("x", "1")
}
