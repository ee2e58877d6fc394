package cell_test

import (
	"testing"

	"sluice/tui/cell"
)

// What terminals draw in different widths is taken out.
func TestSteady(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain",
		"👩\u200d👩\u200d👧\u200d👧 family": "👩👩👧👧 family",
		"👋🏽 hello":            "👋 hello",
		"❤\ufe0f and ☎\ufe0e": "❤ and ☎",
		"1\ufe0f\u20e3 first": "1 first",
		"می\u200cخواهم क्\u200dष Καλημέρα €": "می\u200cخواهم क्\u200dष Καλημέρα €",
		"日本語 ▒ x": "日本語 ▒ x",
	} {
		if got := cell.Steady(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if got := string(cell.AppendSteady([]byte("👩"), in)); got != "👩"+want {
			t.Errorf("%q appended: %q, want %q", in, got, "👩"+want)
		}
	}
}
