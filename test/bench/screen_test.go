package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sluice/internal/emulator"
)

// What the screen shows is what a terminal emulator shows, for all that the
// client writes, however it is cut.
func TestScreenIsATerminal(t *testing.T) {
	const columns, lines = 40, 12
	rng := rand.New(rand.NewPCG(1, 2))
	s, vt := newScreen(columns, lines), emulator.New(columns, lines)
	for step := range 2000 {
		var b strings.Builder
		switch rng.IntN(9) {
		case 0:
			b.WriteString("\x1b[m\x1b[r\x1b[2J")
		case 1:
			top := rng.IntN(lines - 2)
			bottom := top + 2 + rng.IntN(lines-top-2)
			fmt.Fprintf(&b, "\x1b[%d;%dr\x1b[%d%c\x1b[r", top+1, bottom, 1+rng.IntN(3), "ST"[rng.IntN(2)])
		case 2:
			b.WriteString("\x1b[?2026h\x1b[?25l\x1b]0;title\x07\x1b[>4;2m\x1b[?25h\x1b[?2026l")
		case 3, 4: // columns that differ, within a line
			fmt.Fprintf(&b, "\x1b[?7l\x1b[%d;%dH%d\x1b[%dC\x1b[0;1m–%d\x1b[m", 1+rng.IntN(lines), 1+rng.IntN(20), step, 1+rng.IntN(10), step)
		default:
			// The client's lines fill the width, and wrapping is off.
			fmt.Fprintf(&b, "\x1b[?7l\x1b[%d;1H\x1b[K\x1b[0;38;5;245m%-*s\x1b[m", 1+rng.IntN(lines), columns, fmt.Sprintf("line %d ─ é", step))
		}
		text := b.String()
		for len(text) > 0 {
			n := 1 + rng.IntN(len(text))
			s.write([]byte(text[:n]))
			_, _ = vt.Write([]byte(text[:n]))
			text = text[n:]
		}
		if got, want := strings.TrimSuffix(s.String(), "\n"), strings.TrimSuffix(vt.String(), "\n"); got != want {
			t.Fatalf("after step %d:\n%s\nand the emulator has\n%s", step, got, want)
		}
	}
}
