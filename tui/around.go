package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/query"
)

// aroundSteps are how many records are shown around those that a filter keeps, one key
// press after the other.
var aroundSteps = []int{0, 3, query.MaxAround}

// showAround shows the next number of records around those that pass, or none.
func (m *model) showAround(p *pane) tea.Cmd {
	v := p.view
	next := 0
	for _, n := range aroundSteps {
		if n > v.Around() {
			next = n
			break
		}
	}
	v.SetAround(next)
	switch {
	case next == 0:
		return m.notify("only what passes the filter is shown")
	case v.Filter().Empty():
		return m.notify(fmt.Sprintf("%d records around each that a filter will keep; now all are shown: f filters", next))
	}
	return m.notify(fmt.Sprintf("%d records around each that passes, dimmed; %s changes it", next, m.keys.around.Help().Key))
}

// aroundChip is how many records are shown around those that pass; "": none are.
func (p *pane) aroundChip() string {
	if n := p.view.Around(); n > 0 && p.view.Filtered() {
		return fmt.Sprintf("±%d", n)
	}
	return ""
}

// lookAround finds what the rows on the screen, from that on the top line on, show of those
// around them: the time since the one above in a trace, and whether they are there for
// others. Both change with the others.
func (p *pane) lookAround(top int) {
	for i := range p.cache {
		c := &p.cache[i]
		if step, near := p.stepAt(top+i, &c.entry), p.view.Near(top+i); step != c.step || near != c.near {
			c.step, c.near, c.line = step, near, ""
		}
	}
}
