package tui_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"sluice/tui"
	"sluice/tui/cell"
)

// colours are those of a style; -1 is the terminal's own.
func colours(s cell.Style) (front, back int) {
	front, back = -1, -1
	parts := strings.Split(string(s), ";")
	for i, p := range parts {
		if (p == "38" || p == "48") && i+4 < len(parts) && parts[i+1] == "2" {
			n := 0
			for _, channel := range parts[i+2 : i+5] {
				v, _ := strconv.Atoi(channel)
				n = n<<8 | v
			}
			if p == "38" {
				front = n
			} else {
				back = n
			}
		}
	}
	return front, back
}

// luminance is WCAG's.
func luminance(c int) float64 {
	channel := func(v int) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(c>>16) + 0.7152*channel(c>>8&0xff) + 0.0722*channel(c&0xff)
}

func contrast(a, b int) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// Everything that is read has a contrast of 4.5 to 1 at least, on the
// backgrounds that terminals usually have and on those that the theme puts
// under it.
func TestContrast(t *testing.T) {
	for name, test := range map[string]struct {
		dark    bool
		grounds []int
	}{
		"dark":  {true, []int{0x000000, 0x16181d, 0x1a1b26, 0x1e1e1e, 0x1e1e2e}},
		"light": {false, []int{0xffffff, 0xfbfbfc, 0xfafafa}},
	} {
		styles := tui.ThemeStyles(test.dark)
		if len(styles) < 30 {
			t.Fatalf("%s: only %d styles are known", name, len(styles))
		}
		_, cursor := colours(tui.CursorGround(test.dark))
		for style, c := range styles {
			front, back := colours(c)
			grounds := append([]int{cursor}, test.grounds...)
			if back >= 0 {
				grounds = []int{back}
			}
			for _, ground := range grounds {
				if got := contrast(front, ground); front >= 0 && got < 4.5 {
					t.Errorf("%s: %s, #%06x on #%06x, has a contrast of %.2f", name, style, front, ground, got)
				}
			}
		}
	}
}
