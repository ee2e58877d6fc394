package tui

import (
	"strings"

	"sluice/tui/cell"
)

// titledHeight is the height of a pane that has room for titles.
const titledHeight = 5

// titled reports whether a line says what the columns are: where somebody has chosen them.
func (p *pane) titled(height int) bool { return p.columns != nil && height >= titledHeight }

// titles draws what the columns of rows are.
func (s *rowStyle) titles() string {
	l := cell.NewLine(s.width, s.method).Space(1)
	if s.since > 0 {
		l.Space(s.since + 1)
	}
	for _, c := range s.shown.list {
		l.Fixed(s.theme.faint, s.title(&c), c.width).Space(1)
	}
	return l.Add(s.theme.faint, "message").String()
}

// title is the name of a column; of a field that stands in another, which has no room for
// all of it, the end.
func (s *rowStyle) title(c *shownColumn) string {
	name := cell.Steady(c.name)
	if c.field >= 0 && cell.Width(name, s.method) > c.width {
		name = name[strings.LastIndexByte(name, '.')+1:]
	}
	return name
}
