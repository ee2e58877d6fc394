package tui

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// box draws the frame of what lies over the panes. Its lines have one width.
type box struct {
	theme  *theme
	method ansi.Method
	width  int
}

func frameOf(t *theme, method ansi.Method, width int) box { return box{t, method, width} }

func (b box) line() *line { return newLine(b.width, b.method, "") }

// top is the first line, with a title, and the key that opened it.
func (b box) top(title, key string) string {
	l := b.line().add(b.theme.box, "╭─ ").add(b.theme.heading, title).add(b.theme.box, " ")
	if key != "" {
		key = " " + key + " "
	}
	n := l.left - textWidth(key, b.method) - 2
	if n < 0 {
		key, n = "", max(l.left-2, 0)
	}
	return l.add(b.theme.box, strings.Repeat("─", n)).add(b.theme.faint, key).add(b.theme.box, "─╮").String()
}

// row puts a line, four columns narrower than the box, between its sides.
func (b box) row(text string) string {
	side := newLine(2, b.method, "").add(b.theme.box, "│").String()
	return side + text + newLine(2, b.method, "").space(1).add(b.theme.box, "│").String()
}

// rule is a line across.
func (b box) rule() string {
	return b.line().add(b.theme.box, "├"+strings.Repeat("─", max(b.width-2, 0))+"┤").String()
}

// bottom is the last line, with what the keys do.
func (b box) bottom(text string) string {
	if text == "" {
		return b.line().add(b.theme.box, "╰"+strings.Repeat("─", max(b.width-2, 0))+"╯").String()
	}
	text, w := fit(text, max(b.width-8, 0), b.method)
	return b.line().add(b.theme.box, "╰"+strings.Repeat("─", max(b.width-w-5, 0))).
		add(b.theme.dim, " "+text+" ").add(b.theme.box, "─╯").String()
}
