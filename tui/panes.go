package tui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/stream"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// openPane shows streams, merged by time if there are several: in the pane that
// has just these already, or in a new one. Two panes share the screen by
// themselves; another one takes the place of the one in focus, unless it is
// asked for beside it. It reports false when maxPanes are open already.
func (m *model) openPane(beside bool, streams ...string) bool {
	known := m.stores.Find(streams...)
	for i, p := range m.panes {
		if p.store() == known {
			m.showPane(i, beside)
			return true
		}
	}
	if len(m.panes) == maxPanes {
		m.full = true
		return false
	}
	s, fresh := m.stores.Open(streams, m.config.Now())
	for _, name := range fresh {
		m.config.Feed.Tail(name, stream.Backfill{Last: m.config.Last})
		m.filling[name] = true
	}
	m.addPane(s, beside)
	return true
}

// addPane shows a store in a new pane.
func (m *model) addPane(s *rows.Store, beside bool) *pane {
	f := m.config.Filter
	shown := query.Filter{Level: f.Level, Grep: f.Grep}
	if f.Where != nil {
		terms, _ := query.Parse(f.Where.Text) // it was read once
		shown = shown.With(terms...)
	}
	p := newPane(s, shown)
	p.wrap = m.config.Settings.Wrap
	p.setColumns(m.config.Settings.columnsOf(s.Streams()))
	m.panes = append(m.panes, p)
	m.wake() // what it takes over from other panes waits to be merged
	m.showPane(len(m.panes)-1, beside || len(m.slots) < 2)
	return p
}

// notifyFull notifies the user if a pane could not be opened.
func (m *model) notifyFull() tea.Cmd {
	if !m.full {
		return nil
	}
	m.full = false
	return m.notifyWhile(func() bool { return len(m.panes) == maxPanes }, fmt.Sprintf("not opened: %d panes are as many as there may be; c closes one", maxPanes))
}

// showPane gives a pane the focus. If it is not on the screen, it comes beside
// the others, or in the place of the one that had the focus.
func (m *model) showPane(i int, beside bool) {
	if !beside || slices.Contains(m.slots, i) || len(m.slots) >= maxSlots {
		m.selectPane(i)
		return
	}
	m.slots = append(m.slots, i)
	m.focus = len(m.slots) - 1
	m.zoom = false
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

// morePanes puts one more pane on the screen: the next that is only a tab, or
// one that is chosen now.
func (m *model) morePanes() {
	for i := range m.panes {
		if !slices.Contains(m.slots, i) {
			m.showPane(i, true)
			return
		}
	}
	m.openPicker(true)
}

// fewerPanes leaves the pane in focus as a tab only.
func (m *model) fewerPanes() {
	if len(m.slots) < 2 {
		return
	}
	m.slots = slices.Delete(m.slots, m.focus, m.focus+1)
	m.focus = min(m.focus, len(m.slots)-1)
	m.zoom = m.zoom && len(m.slots) > 1
}

// movePane moves the pane in focus to another place among the tabs.
func (m *model) movePane(step int) {
	if m.pane() == nil {
		return
	}
	from := m.slots[m.focus]
	to := from + step
	if to < 0 || to >= len(m.panes) {
		return
	}
	m.panes[from], m.panes[to] = m.panes[to], m.panes[from]
	if other := slices.Index(m.slots, to); other >= 0 {
		m.focus = other // both are on the screen, and have changed places
		return
	}
	m.slots[m.focus] = to
}

// closePane closes the pane that has the focus. A pane that was only a tab
// takes its place.
func (m *model) closePane() {
	p := m.pane()
	if p == nil {
		return
	}
	p.forgetEarlier()
	p.view.Close()
	if p.tracing != nil {
		for _, s := range p.tracing.Close() {
			m.release(s)
		}
	} else {
		m.release(p.store())
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
	m.focus = max(0, min(m.focus, len(m.slots)-1))
	m.zoom = m.zoom && len(m.slots) > 1
	m.watchStreams()
	if len(m.panes) == 0 {
		m.openPicker(false)
	}
}

// release forgets a store, unless somebody else has it open.
func (m *model) release(s *rows.Store) {
	for _, name := range m.stores.Close(s) {
		m.forget(name)
	}
	if !m.stores.Has(s) {
		delete(m.pulses, s)
	}
}
