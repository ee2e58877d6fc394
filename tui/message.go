package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
)

// message is what the status line says for a while. It is gone before that as soon as
// what it says does not hold any more.
type message struct {
	text  string
	id    int
	holds func() bool // nil: always, since it tells what was done
}

// messageTime is how long a message stands.
const messageTime = 4 * time.Second

// notify shows a text that tells what was done.
func (m *model) notify(text string) tea.Cmd { return m.notifyWhile(nil, text) }

// notifyWhile shows a text that tells how something is, while that holds.
func (m *model) notifyWhile(holds func() bool, text string) tea.Cmd {
	m.flash = message{text, m.flash.id + 1, holds}
	id := m.flash.id
	return tea.Tick(messageTime, func(time.Time) tea.Msg { return fadeMsg{id} })
}

// flashText is the message, sanitised, as long as it holds: an action's words may
// quote the network.
func (m *model) flashText() string {
	if m.flash.holds != nil && !m.flash.holds() {
		m.flash.text, m.flash.holds = "", nil
	}
	return record.Safe(m.flash.text)
}

// standing holds while somebody stands where they stand now in a pane, and looks at
// the same records: what was said of those above or below is true.
func (m *model) standing(p *pane) func() bool {
	type place struct {
		pane      *pane
		following bool
		cursor    uint64
	}
	at := func() place {
		here := place{pane: m.pane(), following: p.view.Following()}
		if ord := p.view.CursorOrd(); ord >= 0 && !here.following {
			here.cursor = p.view.At(ord)
		}
		return here
	}
	here, same := at(), m.looking(p)
	return func() bool { return here.pane == p && at() == here && same() }
}

// looking holds while a pane that has the focus shows what it shows now, and searches
// for the same.
func (m *model) looking(p *pane) func() bool {
	f, search := p.view.Filter(), p.search
	return func() bool {
		now := p.view.Filter()
		return m.pane() == p && p.search == search && now.Within(f) && f.Within(now)
	}
}
