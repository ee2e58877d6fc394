package tui_test

import (
	"testing"

	"sluice/cluster/stream"
	"sluice/tui"
)

// An empty message is not copied over what the clipboard has.
func TestNothingIsCopied(t *testing.T) {
	s := open(t, 100, 24, tui.Config{}, "system")
	s.take(&stream.Batch{Records: []stream.Record{s.record("system", "vm-1", `"level":30,"msg":""`)}})
	s.keys("Y")
	s.want("not copied: the message is empty")
}

func TestCopying(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a terminal":    {nil, "\x1b]52;c;bGluZSAx\x07"},
		"screen":        {map[string]string{"STY": "1.x"}, "\x1bP\x1b]52;c;bGluZSAx\x07\x1b\\"},
		"tmux, by ssh":  {map[string]string{"TERM": "tmux-256color"}, "\x1b]52;c;bGluZSAx\x07\x1bPtmux;\x1b\x1b]52;c;bGluZSAx\x07\x1b\\"},
		"tmux, but not": {map[string]string{"TERM": "screen-256color"}, "\x1b]52;c;bGluZSAx\x07"},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, 80, 24, tui.Config{Getenv: func(name string) string { return test.env[name] }}, "system")
			s.lines("system", 1)
			if got := raw(t, s.keys("Y")); got != test.want {
				t.Fatalf("Y wrote %q, want %q", got, test.want)
			}
		})
	}
}
