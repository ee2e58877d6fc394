package emulator_test

import (
	"strings"
	"testing"

	"sluice/internal/emulator"
)

// However the bytes are cut, the screen is the same.
func TestRunesThatAreCut(t *testing.T) {
	const text = "╭─ a漢é🎉 ─╮"
	for size := 1; size <= len(text); size++ {
		term := emulator.New(40, 2)
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if wrote, err := term.Write([]byte(rest[:n])); wrote != n || err != nil {
				t.Fatalf("Write of %d bytes returned %d, %v", n, wrote, err)
			}
			rest = rest[n:]
		}
		if line, _, _ := strings.Cut(term.String(), "\n"); strings.TrimRight(line, " ") != text {
			t.Errorf("in pieces of %d bytes: %q", size, line)
		}
	}
}
