package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
)

// mark marks the chosen stream, or takes its mark away, and goes on to the
// next one.
func (p *picker) mark(m *model) tea.Cmd {
	if p.at >= len(p.items) {
		return nil
	}
	name := p.items[p.at].Name
	if i := slices.Index(p.marked, name); i >= 0 {
		p.marked = slices.Delete(p.marked, i, i+1)
	} else {
		if len(p.marked) == maxMerged {
			return m.notifyWhile(func() bool { return m.top() == dialog(p) && len(p.marked) == maxMerged }, fmt.Sprintf("not marked: one pane merges %d streams at most", maxMerged))
		}
		p.marked = append(p.marked, name)
	}
	p.move(1)
	return nil
}

// markAll marks all live streams that match what was typed, as many as a pane merges, or
// takes their marks away when all are marked.
func (p *picker) markAll(m *model) tea.Cmd {
	var fresh []string
	matching := 0
	for i := range p.items {
		if item := &p.items[i]; !item.typed && !item.pattern {
			matching++
			if !slices.Contains(p.marked, item.Name) {
				fresh = append(fresh, item.Name)
			}
		}
	}
	if len(fresh) == 0 {
		p.marked = slices.DeleteFunc(p.marked, func(name string) bool {
			return slices.ContainsFunc(p.items, func(item pick) bool { return item.Name == name })
		})
		return nil
	}
	room := maxMerged - len(p.marked)
	p.marked = append(p.marked, fresh[:min(room, len(fresh))]...)
	if room >= len(fresh) {
		return nil
	}
	marked := len(p.marked)
	return m.notifyWhile(func() bool { return m.top() == dialog(p) && len(p.marked) == marked },
		fmt.Sprintf("%d are marked, of %s: one pane merges no more; a pattern such as tenant/* follows all", maxMerged, record.Count(uint64(matching))))
}

// openChosen opens what is marked, merged in one pane or each in its own; or
// the stream that is chosen.
func (p *picker) openChosen(m *model, merged bool) {
	names := p.marked
	if len(names) == 0 {
		if p.at >= len(p.items) {
			return
		}
		if chosen := p.items[p.at]; chosen.pattern {
			m.closePicker()
			m.closeRecord()
			m.openSelection(p.beside, chosen.Name)
			return
		}
		names = []string{p.items[p.at].Name}
	}
	m.closePicker()
	m.closeRecord()
	if merged {
		m.openPane(p.beside, names...)
		return
	}
	for _, name := range names {
		m.openPane(p.beside, name)
	}
}

// click opens the stream that is clicked on, as enter does. In front of its name, or
// when others are marked, the click marks it.
func (p *picker) click(m *model, msg tea.MouseClickMsg) tea.Cmd {
	i := msg.Y - p.area.y
	if i < 0 || i >= p.area.h || msg.X < p.area.x || msg.X >= p.area.x+p.area.w {
		return nil
	}
	p.choice(p.top + i)
	if msg.X < p.area.x+2 || len(p.marked) > 0 {
		return tea.Batch(p.mark(m), m.tick())
	}
	p.openChosen(m, true)
	return tea.Batch(m.tick(), m.notifyFull())
}
