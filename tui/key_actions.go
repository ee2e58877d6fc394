package tui

import (
	"unicode"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/cell"
	"sluice/tui/query"
	"sluice/tui/rowtext"
	"sluice/tui/view"
)

// shiftBy is how far the left and right keys move a pane's text, in columns.
const shiftBy = 16

// key gives a key to whatever is on top.
func (m *model) key(msg tea.KeyPressMsg) tea.Cmd {
	if matches(msg, m.keys.interrupt) {
		m.interrupted = true
		return tea.Quit
	}
	if msg.Text == "" && matches(msg, m.keys.suspend) {
		return suspend
	}
	if plain, ok := m.escaped(msg); ok {
		return tea.Batch(m.key(tea.KeyPressMsg{Code: tea.KeyEscape}), m.key(plain))
	}
	if d := m.top(); d != nil {
		return d.key(m, msg)
	}
	return m.mainKey(msg)
}

// suspend gives the terminal back to the shell.
func suspend() tea.Msg { return suspendMsg{} }

// escaped reports whether an alt+key is rather Esc and then the key, since it does
// nothing by itself, and returns the key: terminals send the same for both, and the two
// come in one piece when they are pressed quickly, or over a slow line. Where text is
// typed, alt+key edits it.
func (m *model) escaped(msg tea.KeyPressMsg) (plain tea.KeyPressMsg, ok bool) {
	if !msg.Mod.Contains(tea.ModAlt) {
		return msg, false
	}
	plain = msg
	plain.Mod &^= tea.ModAlt
	if _, typing := m.top().(typist); typing && plain.Code != tea.KeyEscape {
		return msg, false
	}
	if _, bound := m.keys.owner(msg.String()); bound {
		return msg, false
	}
	if r := plain.Code; plain.Mod&^tea.ModShift == 0 && unicode.IsPrint(r) {
		if plain.Mod != 0 {
			r = unicode.ToUpper(r)
		}
		plain.Text = string(r)
	}
	return plain, true
}

// mainKey acts on the panes.
func (m *model) mainKey(msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch {
	case matches(msg, k.quit):
		return m.quit()
	case matches(msg, k.help):
		m.openDialog(&help{})
	case matches(msg, k.palette):
		m.openPalette()
	case matches(msg, k.bookmarks):
		return m.changeBookmarks(nil)
	case matches(msg, k.alerts):
		m.openAlerts()
		return m.tick()
	case matches(msg, k.open):
		m.openPicker(false)
	case matches(msg, k.tab):
		m.nextPane(1)
	case matches(msg, k.backTab):
		m.nextPane(-1)
	case matches(msg, k.digit):
		m.selectPane(int(msg.String()[0] - '1'))
	case matches(msg, k.more):
		m.morePanes()
	case matches(msg, k.fewer):
		m.fewerPanes()
	case matches(msg, k.moveLeft):
		m.movePane(-1)
	case matches(msg, k.moveRight):
		m.movePane(1)
	case matches(msg, k.arrange):
		m.zoom = false
		m.arrangement = (m.arrangement + 1) % arrangement(len(arrangementNames))
		return m.notify(m.arrangement.sentence())
	case matches(msg, k.clock):
		m.clock = (m.clock + 1) % clockMode(len(clockNames))
		return tea.Batch(m.tick(), m.notify(m.clock.sentence(m.config.Location, m.config.Now())))
	case matches(msg, k.status):
		m.openDialog(&statusView{})
		return m.tick()
	case matches(msg, k.suspend): // a letter that the settings chose
		return suspend
	case matches(msg, k.zoom):
		m.zoom = !m.zoom && len(m.slots) > 1
	case matches(msg, k.lock):
		return m.lockPanes()
	case matches(msg, k.closePane):
		if p := m.pane(); p != nil && p.tracing != nil {
			m.leaveTrace(p)
			return nil
		}
		m.closePane()
	default:
		for i, action := range m.config.Actions {
			if matches(msg, k.actions[i]) {
				return m.choose(action.Help, action.Key, action.Do, action.Choose)
			}
		}
		if p := m.pane(); p != nil {
			if cmd, took := m.earlierKey(p, msg); took {
				return cmd
			}
			cmd := m.paneKey(p, msg)
			return tea.Batch(cmd, m.moved(p, msg))
		}
	}
	return nil
}

// quit leaves, unless a file is still being written: then a second time.
func (m *model) quit() tea.Cmd {
	if s := m.saving; s != nil && !s.leave {
		s.leave = true
		return m.notifyWhile(func() bool { return m.saving == s }, "still saving to "+s.path+": "+m.keys.quit.Help().Key+" again leaves it unfinished")
	}
	if v := m.piping; v != nil && !v.ended() && !v.leave {
		v.leave = true
		return m.notifyWhile(func() bool { return m.piping == v && !v.ended() }, "still running "+cell.Shorten(v.command.Text(), 40)+": "+m.keys.quit.Help().Key+" again stops it")
	}
	return tea.Quit
}

// paneKey acts on the pane that has the focus.
func (m *model) paneKey(p *pane, msg tea.KeyPressMsg) tea.Cmd {
	k, v := &m.keys, p.view
	switch {
	case matches(msg, k.up):
		v.MoveCursor(-1)
	case matches(msg, k.down):
		m.unlessFollowing(p, func() { v.MoveCursor(1) })
	case matches(msg, k.halfUp):
		v.Page(-max(v.Height()/2, 1))
	case matches(msg, k.halfDown):
		m.unlessFollowing(p, func() { v.Page(max(v.Height()/2, 1)) })
	case matches(msg, k.pageUp):
		v.Page(-max(v.Height()-1, 1))
	case matches(msg, k.pageDown):
		m.unlessFollowing(p, func() { v.Page(max(v.Height()-1, 1)) })
	case matches(msg, k.top):
		v.Oldest()
	case matches(msg, k.bottom):
		v.Resume()
	case matches(msg, k.left):
		p.shift = max(p.shift-shiftBy, 0)
		p.cache = p.cache[:0]
	case matches(msg, k.right):
		p.shift = min(p.shift+shiftBy, rowtext.OnScreen)
		p.cache = p.cache[:0]
	case matches(msg, k.pause):
		v.Pause()
	case matches(msg, k.level):
		return m.setLevel(p, 1)
	case matches(msg, k.levelDown):
		return m.setLevel(p, -1)
	case matches(msg, k.dropLast):
		p.dropChip(len(p.view.Filter().Chips()) - 1)
	case matches(msg, k.clear):
		p.search = nil
		p.setFilter(query.Filter{})
	case matches(msg, k.nextError):
		return m.findError(p, 1)
	case matches(msg, k.prevError):
		return m.findError(p, -1)
	case matches(msg, k.when):
		m.openWhen(p)
	case matches(msg, k.mark):
		return m.mark(p)
	case matches(msg, k.nextMark):
		return m.findMark(p, 1)
	case matches(msg, k.prevMark):
		return m.findMark(p, -1)
	case matches(msg, k.centre):
		v.Centre()
	case matches(msg, k.wrap):
		p.setWrap(!p.wrap)
	case matches(msg, k.columns):
		m.openColumns(p)
	case matches(msg, k.copyRange):
		return m.copyRange(p)
	case matches(msg, k.bookmark):
		return m.askBookmark(p)
	case matches(msg, k.save):
		m.openSave(m.lots(p))
	case matches(msg, k.pipe):
		m.openPipe(m.lots(p))
	case matches(msg, k.filter):
		m.openFilter(p)
	case matches(msg, k.search):
		m.openSearch(p)
	case matches(msg, k.next):
		return m.find(p, view.Forward)
	case matches(msg, k.prev):
		return m.find(p, view.Backward)
	case matches(msg, k.fold):
		return m.openGroups(p)
	case matches(msg, k.timeline):
		return m.openTimeline(p)
	case matches(msg, k.cancel) && p.ranging:
		p.ranging = false
	case matches(msg, k.cancel):
		if p.tracing == nil && p.search == nil {
			return m.backToGroups(p)
		}
		if p.tracing != nil && p.search == nil {
			m.leaveTrace(p)
			return nil
		}
		p.search = nil
	case matches(msg, k.around):
		return m.showAround(p)
	case matches(msg, k.follow):
		return m.followRow(p)
	case matches(msg, k.detail):
		m.openRecord(p)
	case matches(msg, k.copy):
		if d := newRecordView(p); d != nil {
			return m.copy(d.data, "record")
		}
	case matches(msg, k.copyMsg):
		if d := newRecordView(p); d != nil {
			return m.copy(d.message(), "message")
		}
	}
	return nil
}

// unlessFollowing moves down, which a view that follows need not.
func (m *model) unlessFollowing(p *pane, move func()) {
	if !p.view.Following() {
		move()
	}
}

// setLevel shows the next level and above, or the one before it; it stops at the last
// one, and says so.
func (m *model) setLevel(p *pane, step int) tea.Cmd {
	f := p.view.Filter()
	was := f.Level
	f.Level = query.NextLevel(was, step)
	if f.Level != was {
		p.setFilter(f)
		return nil
	}
	looking, text := m.looking(p), "all levels are shown: "+m.keys.level.Help().Key+" raises the level"
	if step > 0 {
		text = "fatal is the highest level: " + m.keys.levelDown.Help().Key + " lowers it, " + m.keys.clear.Help().Key + " shows all"
	}
	return m.notifyWhile(looking, text)
}

func (m *model) find(p *pane, d view.Direction) tea.Cmd {
	if p.search == nil {
		return m.notifyWhile(func() bool { return p.search == nil }, "nothing is searched for: press / first")
	}
	p.search.Find(d)
	return nil
}

// paste gives pasted text to whatever takes text.
func (m *model) paste(text string) {
	if t, ok := m.top().(typist); ok {
		t.paste(text)
	}
}
