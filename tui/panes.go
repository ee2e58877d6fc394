package tui

import (
	"slices"

	"sluice/cluster/stream"
)

// openPane shows streams, merged by time if there are several: in the pane that
// has just these already, or in a new one.
func (m *model) openPane(streams ...string) {
	name := joinStreams(streams)
	for i, p := range m.panes {
		if p.store().name == name {
			m.selectPane(i)
			return
		}
	}
	s, fresh := m.archive.open(streams)
	for _, name := range fresh {
		m.config.Feed.Tail(name, stream.Backfill{Last: m.config.Last})
	}
	f := m.config.Filter
	m.panes = append(m.panes, newPane(s, filter{level: f.Level, grep: f.Grep}))
	if len(m.slots) < 2 {
		m.slots = append(m.slots, len(m.panes)-1)
		m.focus = len(m.slots) - 1
		return
	}
	m.selectPane(len(m.panes) - 1)
}

// selectPane gives a pane the focus. If it is not on the screen, it comes in
// the place of the one that had the focus.
func (m *model) selectPane(i int) {
	if i < 0 || i >= len(m.panes) {
		return
	}
	if slot := slices.Index(m.slots, i); slot >= 0 {
		m.focus = slot
		return
	}
	m.slots[m.focus] = i
}

// nextPane moves the focus over all panes, in the order of their tabs.
func (m *model) nextPane(step int) {
	if n := len(m.panes); n > 0 {
		m.selectPane((m.slots[m.focus] + step + n) % n)
	}
}

// closePane closes the pane that has the focus. A pane that was only a tab
// takes its place.
func (m *model) closePane() {
	p := m.pane()
	if p == nil {
		return
	}
	p.view.close()
	for _, name := range m.archive.close(p.store()) {
		m.config.Feed.Stop(name)
	}
	gone := m.slots[m.focus]
	m.panes = slices.Delete(m.panes, gone, gone+1)
	m.slots = slices.Delete(m.slots, m.focus, m.focus+1)
	for i := range m.slots {
		if m.slots[i] > gone {
			m.slots[i]--
		}
	}
	for i := range m.panes {
		if len(m.slots) < 2 && !slices.Contains(m.slots, i) {
			m.slots = append(m.slots, i)
		}
	}
	slices.Sort(m.slots)
	m.focus = max(0, min(m.focus, len(m.slots)-1))
	m.zoom = m.zoom && len(m.slots) > 1
	if len(m.panes) == 0 {
		m.openPicker()
	}
}
