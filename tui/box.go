package tui

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"sluice/tui/cell"
)

// border is what boxes are drawn with.
var border = lipgloss.RoundedBorder()

// box draws the frame of what lies over the panes. Its lines have one width.
type box struct {
	theme  *theme
	method ansi.Method
	width  int
}

func frameOf(t *theme, method ansi.Method, width int) box { return box{t, method, width} }

func (b box) line() *cell.Line { return cell.NewLine(b.width, b.method) }

// top is the first line, with a title, and the key that opened it.
func (b box) top(title, key string) string {
	l := b.line().Add(b.theme.box, border.TopLeft+border.Top+" ").Add(b.theme.heading, title).Add(b.theme.box, " ")
	if key != "" {
		key = " " + key + " "
	}
	n := l.Left() - cell.Width(key, b.method) - 2
	if n < 0 {
		key, n = "", max(l.Left()-2, 0)
	}
	return l.Add(b.theme.box, strings.Repeat(border.Top, n)).Add(b.theme.faint, key).Add(b.theme.box, border.Top+border.TopRight).String()
}

// row puts a line, four columns narrower than the box, between its sides.
func (b box) row(text string) string {
	side := cell.NewLine(2, b.method).Add(b.theme.box, border.Left).String()
	return side + text + cell.NewLine(2, b.method).Space(1).Add(b.theme.box, border.Right).String()
}

// rule is a line across.
func (b box) rule() string {
	return b.line().Add(b.theme.box, border.MiddleLeft+strings.Repeat(border.Top, max(b.width-2, 0))+border.MiddleRight).String()
}

// bottom is the last line, with what the keys do. Of those for which there is no room the
// last stays: it tells the way out.
func (b box) bottom(text string) string {
	if text == "" {
		return b.line().Add(b.theme.box, border.BottomLeft+strings.Repeat(border.Bottom, max(b.width-2, 0))+border.BottomRight).String()
	}
	items := strings.Split(text, " · ")
	for len(items) > 1 && cell.Width(strings.Join(items, " · "), b.method) > b.width-8 {
		items = slices.Delete(items, len(items)-2, len(items)-1)
	}
	text, w := cell.Fit(strings.Join(items, " · "), max(b.width-8, 0), b.method)
	return b.line().Add(b.theme.box, border.BottomLeft+strings.Repeat(border.Bottom, max(b.width-w-5, 0))).
		Add(b.theme.dim, " "+text+" ").Add(b.theme.box, border.Bottom+border.BottomRight).String()
}
