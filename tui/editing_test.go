package tui_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"sluice/tui"
)

// A prompt is edited as a line in a shell. "|" stands where the next text goes.
func TestEditingALine(t *testing.T) {
	for _, test := range []struct {
		name string
		keys []string
		want string
	}{
		{"left", []string{"left"}, "one two  thre|e"},
		{"left and right", []string{"ctrl+b", "ctrl+b", "ctrl+f"}, "one two  thre|e"},
		{"home", []string{"home"}, "|one two  three"},
		{"home and end", []string{"ctrl+a", "ctrl+e"}, "one two  three|"},
		{"a word back", []string{"alt+b"}, "one two  |three"},
		{"words back", []string{"alt+left", "ctrl+left"}, "one |two  three"},
		{"words on", []string{"home", "alt+f", "ctrl+right"}, "one two|  three"},
		{"backspace", []string{"ctrl+h"}, "one two  thre|"},
		{"delete", []string{"home", "ctrl+d", "delete"}, "|e two  three"},
		{"the words before", []string{"ctrl+w", "alt+backspace"}, "one |"},
		{"to the start", []string{"alt+b", "ctrl+u"}, "|three"},
		{"to the end", []string{"alt+b", "ctrl+k"}, "one two  |"},
		{"keys that edit nothing", []string{"left", "alt+d", "right", "ctrl+v", "tab"}, "one two  three|"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{}, "system")
			s.keys("/")
			s.send(tea.PasteMsg{Content: "one two  three"})
			s.keys(test.keys...)
			s.send(tea.PasteMsg{Content: "|"})
			s.want(" /" + test.want + " ")
		})
	}
}

// What is typed is bounded, and what is pasted into its middle leaves what stands
// behind it.
func TestALineIsBounded(t *testing.T) {
	s := open(t, 120, 24, tui.Config{}, "system")
	s.keys("/", "z", "home")
	s.send(tea.PasteMsg{Content: strings.Repeat("é", 5000)})
	s.keys("x", "end", "ctrl+b", "ctrl+w")
	s.want(" /z ")
	s.send(tea.PasteMsg{Content: "a\u009b\x1b\x00\x7fb"})
	s.want(" /abz ")
}
