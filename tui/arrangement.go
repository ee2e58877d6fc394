package tui

import (
	"slices"
	"strings"

	"sluice/tui/cell"
)

// sideBySide is the width from which panes stand beside each other.
const sideBySide = 120

// The smallest size of a pane that shares the screen.
const (
	minPaneWidth  = 30
	minPaneHeight = 4
	goodPaneWidth = 64 // from here on a pane has all its columns
)

// maxSlots is how many panes stand on the screen at most.
const maxSlots = 9

// arrangement is how the panes on the screen stand.
type arrangement uint8

const (
	arrangeAuto    arrangement = iota // beside each other where there is room, stacked below 120 columns
	arrangeBeside                     // beside each other
	arrangeStacked                    // above each other
	arrangeTabs                       // one at a time
)

var arrangementNames = [...]string{"auto", "beside", "stacked", "tabs"}

func (a arrangement) String() string { return arrangementNames[a] }

// sentence describes what an arrangement does.
func (a arrangement) sentence() string {
	return [...]string{
		"panes: beside each other, stacked below 120 columns",
		"panes: beside each other",
		"panes: stacked",
		"panes: one at a time",
	}[a]
}

// rect is a part of the screen.
type rect struct{ x, y, w, h int }

func (r rect) contains(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// area is where a pane stood in the last frame.
type area struct {
	rect
	pane *pane
}

// areaAt is the area with a point of the screen in it, and the slot that its pane
// is in by now. ok is false when no area has the point, or its pane has left the
// screen: a mouse event may come before the next frame.
func (m *model) areaAt(x, y int) (a area, slot int, ok bool) {
	for _, a := range m.areas {
		if a.contains(x, y) {
			slot = slices.IndexFunc(m.slots, func(i int) bool { return m.panes[i] == a.pane })
			return a, slot, slot >= 0
		}
	}
	return area{}, 0, false
}

// place lays n panes out in a part of the screen, column by column. What
// cannot be shown has an empty rect: then the one in focus has it all.
func (a arrangement) place(body rect, n, focus int, zoom bool) []rect {
	rects := make([]rect, n)
	columns := 1
	switch a {
	case arrangeAuto:
		if body.w >= sideBySide {
			columns = max(2, (body.w+2)/(goodPaneWidth+2))
		}
	case arrangeBeside:
		columns = (body.w + 2) / (minPaneWidth + 2)
	case arrangeStacked, arrangeTabs:
	}
	columns = max(1, min(columns, n))
	deepest := (n + columns - 1) / columns
	if zoom || a == arrangeTabs || n == 1 || body.h/deepest < minPaneHeight {
		rects[focus] = body
		return rects
	}
	slot, x := 0, body.x
	for c := range columns {
		// A blank column keeps a pane's text off the rule beside it.
		w := (body.w - 2*(columns-1)) / columns
		if c == columns-1 {
			w = body.x + body.w - x
		}
		rows := n / columns // later columns take what is left over
		if c >= columns-n%columns {
			rows++
		}
		y := body.y
		for r := range rows {
			h := body.h / rows
			if r == rows-1 {
				h = body.y + body.h - y
			}
			rects[slot] = rect{x, y, w, h}
			slot++
			y += h
		}
		x += w + 2
	}
	return rects
}

// drawPanes draws the panes that are on the screen.
func (m *model) drawPanes(body rect) []string {
	if m.pane() == nil {
		sc := m.scene(nil)
		text := sc.trouble
		if text == nil {
			text = []string{"No stream is open.", "Press o to see the streams that are live."}
		}
		lines := centred(body.w, body.h, sc, text)
		for len(lines) < body.h {
			lines = append(lines, cell.NewLine(body.w, m.method).String())
		}
		return lines
	}
	lines := make([]strings.Builder, body.h)
	rule := cell.NewLine(2, m.method).Space(1).Add(m.theme.rule, "│").String()
	join := cell.NewLine(2, m.method).Add(m.theme.rule, "─┬").String()
	for slot, r := range m.arrangement.place(body, len(m.slots), m.focus, m.zoom) {
		if r.w == 0 {
			continue
		}
		p := m.panes[m.slots[slot]]
		m.areas = append(m.areas, area{r, p})
		p.see()
		for i, text := range p.draw(r.w, r.h, m.scene(p)) {
			line := &lines[r.y-body.y+i]
			switch {
			case r.x == body.x:
			case r.y == body.y && i == 0:
				line.WriteString(join)
			default:
				line.WriteString(rule)
			}
			line.WriteString(text)
		}
	}
	out := make([]string, body.h)
	for i := range lines {
		out[i] = lines[i].String()
	}
	return out
}
