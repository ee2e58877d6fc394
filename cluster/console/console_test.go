package console_test

import (
	"strings"
	"testing"

	"sluice/cluster/console"
)

// The last line is cut to the width that the terminal has now, makes place for
// lines, and nothing acts on the terminal.
func TestConsole(t *testing.T) {
	var out strings.Builder
	width := 12
	c := console.New(nil, console.Progress{Terminal: &out, Width: func() int { return width }})
	c.Draw("0123456789")
	c.Draw("0123456789ab\x1b[2J")
	width = 6
	c.Draw("字字字字")
	width = 1
	c.Draw("xy")
	width = 0 // one that does not know its size
	c.Draw(strings.Repeat("x", 80))
	width = 12
	c.Draw("back")
	c.Notify("news\x1b[2J\nof two lines")
	c.Done()
	const clear = "\r\x1b[K"
	want := clear + "0123456789" + clear + "0123456789…" + clear + "字字…" + clear + clear + strings.Repeat("x", 78) + "…" + clear + "back" + clear
	got, said, _ := strings.Cut(out.String(), "sluice: news")
	if got != want {
		t.Errorf("drawn %q, want %q", got, want)
	}
	if strings.Contains(said, "\x1b") || strings.Count(said, "\n") != 1 {
		t.Errorf("said %q", said)
	}
}

// Without a terminal nothing is drawn, and lines go where they are meant to.
func TestNoTerminal(t *testing.T) {
	var out strings.Builder
	c := console.New(&out, console.Progress{})
	c.Draw("0123456789")
	c.Notify("news")
	c.Done()
	if out.String() != "sluice: news\n" || c.Draws() {
		t.Errorf("got %q", out.String())
	}
	console.New(nil, console.Progress{}).Notify("to nobody")
}
