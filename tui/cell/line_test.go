package cell_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"sluice/tui/cell"
)

var methods = map[string]ansi.Method{"code points": ansi.WcWidth, "graphemes": ansi.GraphemeWidth}

// A line has its width, whatever is put into it, and no style goes on behind it.
func FuzzLine(f *testing.F) {
	f.Add("plain", "text", 20, 5)
	f.Add("東京", "e\u0301\u0301 👩‍👩‍👧‍👦", 7, 3)
	f.Add("a"+strings.Repeat("\u0301", 40)+"b", "ก\u0e33", 11, 2)
	f.Fuzz(func(t *testing.T, a, b string, width, column int) {
		width, column = abs(width)%100, abs(column)%50
		a, b = cell.Steady(a), cell.Steady(b)
		for name, method := range methods {
			line := cell.NewLine(width, method).On("48;5;236").Add("1", a).Fixed("31", b, column).Space(1).Add("", a)
			left := line.Left()
			text := line.FillTo("4", 2).String()
			if got := method.StringWidth(text); got != width {
				t.Fatalf("by %s the line has %d columns, want %d: %q", name, got, width, text)
			}
			if left < 0 || left > width {
				t.Fatalf("by %s %d of %d columns are left", name, left, width)
			}
			if !strings.HasSuffix(text, ansi.ResetStyle) {
				t.Fatalf("the line does not end its style: %q", text)
			}
		}
	})
}

func abs(n int) int { return max(n, -(n + 1)) }

func TestLine(t *testing.T) {
	for _, test := range []struct {
		name string
		line *cell.Line
		want string
	}{
		{"text and what is missing", line(6).Add("1", "ab").Add("", "c"), "ab" + "c" + "   "},
		{"what does not fit", line(4).Add("", "abcdef"), "abcd"},
		{"a column", line(8).Fixed("", "abcdef", 4).Add("", "|"), "abc…|   "},
		{"a short column", line(8).Fixed("", "ab", 4).Add("", "|"), "ab  |   "},
		{"filled to the end", line(8).Add("", "ab").FillTo("", 2).Add("", "cd"), "ab    cd"},
		{"half of a wide letter", line(3).Add("", "日本"), "日 "},
		{"an ellipsis", line(3).Add("", "ab").Ellipsis(), "ab…"},
	} {
		if got := ansi.Strip(test.line.String()); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if got, want := line(2).On("48").Add("1", "a").Add("2", "b").String(), "\x1b[0;48;1ma\x1b[0;48;2mb\x1b[m"; got != want {
		t.Errorf("over a background: %q, want %q", got, want)
	}
	if got, want := ansi.Strip(line(5).Add("", "ab").FillTo("", 3).Join(line(3).Add("", "xyz"))), "abxyz"; got != want {
		t.Errorf("joined: %q, want %q", got, want)
	}
}

func line(width int) *cell.Line { return cell.NewLine(width, ansi.WcWidth) }

func TestCutting(t *testing.T) {
	if text, used, width := cell.Take("a日本語", 4, ansi.WcWidth); text != "a日" || used != 4 || width != 3 {
		t.Errorf("taken: %q, %d bytes, %d columns", text, used, width)
	}
	if text, width := cell.Fit("abcdef", 4, ansi.WcWidth); text != "abc…" || width != 4 {
		t.Errorf("fit: %q, %d columns", text, width)
	}
	if text, width := cell.Fit("abcd", 4, ansi.WcWidth); text != "abcd" || width != 4 {
		t.Errorf("what fits: %q, %d columns", text, width)
	}
	if text := cell.Skip("a日本語", 3, ansi.WcWidth); text != "本語" {
		t.Errorf("behind three columns: %q", text)
	}
	if text := cell.Shorten("aéx", 2); text != "a…" {
		t.Errorf("two bytes: %q", text)
	}
}

func TestOverlay(t *testing.T) {
	lines := []string{"aaaaaa", "bbbbbb", "cccccc"}
	cell.Overlay(lines, []string{"XX", "YY", "ZZ"}, 2, 1, 2, ansi.WcWidth)
	want := []string{"aaaaaa", "bbXXbb", "ccYYcc"}
	for i := range lines {
		if got := ansi.Strip(lines[i]); got != want[i] {
			t.Errorf("line %d: %q, want %q", i, got, want[i])
		}
	}
}
