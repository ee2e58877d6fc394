package tui_test

import (
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/tui"
)

// perform runs a command as Bubble Tea does, and whatever commands follow from
// its messages, until a condition holds.
func (s *screen) perform(cmd tea.Cmd, until func() bool) {
	s.t.Helper()
	messages := make(chan tea.Msg, 64)
	var run func(tea.Cmd)
	run = func(cmd tea.Cmd) {
		if cmd == nil {
			return
		}
		go func() {
			switch msg := cmd().(type) {
			case nil:
			case tea.BatchMsg:
				for _, c := range msg {
					run(c)
				}
			default:
				messages <- msg
			}
		}()
	}
	run(cmd)
	deadline := time.After(time.Minute)
	for !until() {
		select {
		case msg := <-messages:
			run(s.send(msg))
			s.settle()
		case <-time.After(time.Millisecond): // something may have work left
			s.settle()
		case <-deadline:
			s.t.Fatalf("it never came to that:\n%s", s.text())
		}
	}
}

// raw runs a command and returns what it writes to the terminal.
func raw(t *testing.T, cmd tea.Cmd) string {
	t.Helper()
	batch, ok := cmd().(tea.BatchMsg)
	if !ok {
		t.Fatal("the command is no batch")
	}
	out := make(chan string, len(batch))
	for _, c := range batch {
		go func() {
			if msg, ok := c().(tui.RawMsg); ok {
				out <- string(msg)
			}
		}()
	}
	select {
	case text := <-out:
		return text
	case <-time.After(time.Minute):
		t.Fatal("nothing is written")
		return ""
	}
}
