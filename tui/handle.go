package tui

import (
	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
)

// shiftBy is how far the left and right keys move a pane's text, in columns.
const shiftBy = 16

// key gives a key to whatever is on top.
func (m *model) key(msg tea.KeyPressMsg) tea.Cmd {
	if matches(msg, m.keys.interrupt) {
		m.interrupted = true
		return tea.Quit
	}
	switch {
	case m.prompt != nil:
		m.promptKey(msg)
		return nil
	case m.help != nil:
		m.help = nil
		return nil
	case m.picker != nil:
		return m.pickerKey(msg)
	case m.detail != nil:
		return m.detailKey(msg)
	}
	return m.mainKey(msg)
}

// mainKey acts on the panes.
func (m *model) mainKey(msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch {
	case matches(msg, k.quit):
		return tea.Quit
	case matches(msg, k.help):
		m.help = &help{}
	case matches(msg, k.open):
		m.openPicker()
	case matches(msg, k.tab):
		m.nextPane(1)
	case matches(msg, k.backTab):
		m.nextPane(-1)
	case matches(msg, k.digit):
		m.selectPane(int(msg.String()[0] - '1'))
	case matches(msg, k.zoom):
		m.zoom = !m.zoom && len(m.slots) > 1
	case matches(msg, k.closePane):
		m.closePane()
	default:
		for i, action := range m.config.Actions {
			if matches(msg, k.actions[i]) {
				return func() tea.Msg { return flashMsg{action.Do()} }
			}
		}
		if p := m.pane(); p != nil {
			return m.paneKey(p, msg)
		}
	}
	return nil
}

// paneKey acts on the pane that has the focus.
func (m *model) paneKey(p *pane, msg tea.KeyPressMsg) tea.Cmd {
	k, v := &m.keys, p.view
	switch {
	case matches(msg, k.up):
		v.moveCursor(-1)
	case matches(msg, k.down):
		m.unlessFollowing(p, func() { v.moveCursor(1) })
	case matches(msg, k.halfUp):
		v.page(-max(v.height/2, 1))
	case matches(msg, k.halfDown):
		m.unlessFollowing(p, func() { v.page(max(v.height/2, 1)) })
	case matches(msg, k.pageUp):
		v.page(-max(v.height-1, 1))
	case matches(msg, k.pageDown):
		m.unlessFollowing(p, func() { v.page(max(v.height-1, 1)) })
	case matches(msg, k.top):
		v.oldest()
	case matches(msg, k.bottom):
		v.resume()
	case matches(msg, k.left):
		p.shift = max(p.shift-shiftBy, 0)
		p.cache = p.cache[:0]
	case matches(msg, k.right):
		p.shift = min(p.shift+shiftBy, bodyOnScreen)
		p.cache = p.cache[:0]
	case matches(msg, k.pause):
		v.pause()
	case matches(msg, k.level):
		m.setLevel(p, 1)
	case matches(msg, k.levelDown):
		m.setLevel(p, -1)
	case matches(msg, k.clear):
		p.search = nil
		p.setFilter(filter{})
	case matches(msg, k.search):
		m.openPrompt(p)
	case matches(msg, k.next):
		return m.find(p, forward)
	case matches(msg, k.prev):
		return m.find(p, backward)
	case matches(msg, k.cancel):
		p.search = nil
	case matches(msg, k.detail):
		m.openDetail(p)
	case matches(msg, k.copy):
		if d := newDetail(p); d != nil {
			return m.copy(d.data, "record")
		}
	case matches(msg, k.copyMsg):
		if d := newDetail(p); d != nil {
			return m.copy(d.message(), "message")
		}
	}
	return nil
}

// unlessFollowing moves down, which a view that follows need not.
func (m *model) unlessFollowing(p *pane, move func()) {
	if !p.view.follow {
		move()
	}
}

func (m *model) setLevel(p *pane, step int) {
	f := p.view.filter
	f.level = nextLevel(f.level, step)
	p.setFilter(f)
}

func (m *model) find(p *pane, d direction) tea.Cmd {
	if p.search == nil {
		return m.say("nothing is searched for: press / first")
	}
	p.find(d)
	return nil
}

// maxCopy is the most that terminals take through OSC 52, in bytes.
const maxCopy = 74_000

// copy puts text into the clipboard, through the terminal.
func (m *model) copy(text, what string) tea.Cmd {
	if len(text) > maxCopy {
		return m.say(what + " not copied: " + count(uint64(len(text))) + " bytes are more than a terminal takes")
	}
	return tea.Batch(tea.SetClipboard(text), m.say(what+" copied: "+count(uint64(len(text)))+" bytes"))
}

// paste gives pasted text to whatever takes text.
func (m *model) paste(text string) {
	switch {
	case m.prompt != nil:
		m.prompt.input.insert(text)
		m.searchAsTyped()
	case m.picker != nil:
		m.picker.input.insert(text)
		m.picker.choose()
	}
}

// safeFlash is the flash, sanitised: an action's words may quote the network.
func (m *model) safeFlash() string { return record.Safe(m.flash) }
