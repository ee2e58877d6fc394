package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// timeLock has the panes on the screen go to the time of the cursor in the one that has
// the focus.
type timeLock struct {
	on      bool
	at      lockPlace // where the others were last moved to
	settled bool      // their filters know all rows there, and what is loaded for them has come
}

// lockPlace is where somebody stands in the pane that has the focus.
type lockPlace struct {
	pane      *pane
	following bool
	cursor    uint64
	line      int
	panes     int
}

// lockPanes locks the panes on the screen in time, or lets them go.
func (m *model) lockPanes() tea.Cmd {
	m.lock = timeLock{on: !m.lock.on}
	switch {
	case !m.lock.on:
		return m.notify("panes go each their own way")
	case len(m.slots) < 2:
		return m.notify("panes are locked in time: those beside this one, once there are any, go where it goes")
	}
	return m.notify("panes are locked in time: they go where the one in focus goes")
}

// moveLocked moves the other panes on the screen to the time of the row under the cursor
// of the pane in focus, on the same line, and loads for them what they do not have of it.
func (m *model) moveLocked() (cmd tea.Cmd) {
	p := m.pane()
	if !m.lock.on || p == nil || len(m.slots) < 2 {
		return nil
	}
	v := p.view
	here := lockPlace{pane: p, following: v.Following(), panes: len(m.slots)}
	ord := v.CursorOrd()
	if !here.following {
		if ord < 0 {
			return nil
		}
		here.cursor, here.line = v.At(ord), ord-v.TopOrd()
	}
	if here == m.lock.at && m.lock.settled {
		return nil
	}
	m.lock.at, m.lock.settled = here, true
	var at int64
	if !here.following {
		_, e, _, _ := v.Row(ord)
		at = e.Time
	}
	for _, i := range m.slots {
		other := m.panes[i].view
		if other != v && at > 0 {
			load, waits := m.loadLocked(m.panes[i], time.UnixMilli(at))
			if cmd = tea.Batch(cmd, load); waits {
				m.lock.settled = false
				continue
			}
		}
		switch {
		case other == v:
		case here.following && !other.Paused():
			other.Resume()
		case here.following:
		default:
			other.GoToLine(other.NotAfter(time.UnixMilli(at)), here.line)
			m.lock.settled = m.lock.settled && other.Complete()
		}
	}
	m.dirty = true
	return cmd
}

// loadLocked loads what a pane does not have of a time to which it is moved, once for that
// time, and reports whether that is under way.
func (m *model) loadLocked(p *pane, at time.Time) (cmd tea.Cmd, waits bool) {
	if p.earlier.reading != nil {
		return nil, true
	}
	if p.earlier.locked.Equal(at) { // it is there, or cannot be had
		return nil, false
	}
	if cmd, waits = m.goEarlier(p, at); waits {
		p.earlier.locked = at
	}
	return cmd, waits
}
