package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/group"
	"sluice/tui/groups"
	"sluice/tui/query"
)

// groupsView is the groups of what a pane shows. What is chosen in it outlives it, so
// that it opens again as it was left.
type groupsView struct {
	pane   *pane
	groups *groups.Groups
	order  groups.Order
	since  sinceWhen
	marked time.Time // by the records, when since is sinceMark

	list   *groups.List     // that sorted is of
	sorted []group.Template // in the order in which they stand
	chosen string           // the template that stays under the cursor; "": the first
	at     int
	top    int
	room   int // of the list, in lines

	entered query.Filter // that a group made; it is left again with esc
	before  query.Filter // that was there before
	within  bool         // entered is the pane's filter
}

// sinceWhen is from when on a group is new.
type sinceWhen uint8

const (
	since5m sinceWhen = iota
	since15m
	since1h
	since1m
	sinceMark
)

var sinceSpans = [...]time.Duration{since5m: 5 * time.Minute, since15m: 15 * time.Minute, since1h: time.Hour, since1m: time.Minute}

// openGroups opens the groups of a pane.
func (m *model) openGroups(p *pane) tea.Cmd {
	v := p.groups
	if v == nil {
		v = &groupsView{pane: p}
		p.groups = v
	}
	v.within = false
	v.fold(m)
	m.openDialog(v)
	return m.tick()
}

// fold begins to fold what the pane shows now.
func (v *groupsView) fold(m *model) {
	v.close()
	v.groups, v.list, v.sorted = groups.New(v.pane.store(), v.pane.view.Filter(), m.wake), nil, nil
}

func (v *groupsView) close() {
	if v.groups != nil {
		v.groups.Close()
		v.groups = nil
	}
}

// leave closes the view.
func (v *groupsView) leave(m *model) {
	v.close()
	m.closeDialog(v)
}

// work does a frame's share of work.
func (v *groupsView) work(m *model) {
	v.groups.Step(v.pane.view.ShownEnd(), m.recordTime())
	if list := v.groups.List(); list != v.list {
		v.list = list
		v.sort()
	}
}

// sort puts the groups in order; the chosen one stays chosen.
func (v *groupsView) sort() {
	if v.list == nil {
		return
	}
	v.sorted = v.list.Sorted(v.order)
	if v.chosen != "" {
		if at := slices.IndexFunc(v.sorted, func(t group.Template) bool { return t.Text == v.chosen }); at >= 0 {
			v.at = at
		}
	}
	v.at = max(0, min(v.at, len(v.sorted)-1))
}

// newSince is from when on a group is new.
func (v *groupsView) newSince(m *model) time.Time {
	if v.since == sinceMark {
		return v.marked
	}
	return m.recordTime().Add(-sinceSpans[v.since])
}

// moment is that of the row at which the pane was left, such as that of a deploy, or now if
// it follows.
func (v *groupsView) moment(m *model) time.Time {
	if rows := v.pane.view; !rows.Following() {
		if at := rows.CursorTime(); at.UnixMilli() > 0 {
			return at
		}
	}
	return m.recordTime()
}

func (v *groupsView) changes() bool { return true }

func (v *groupsView) scroll(_ *model, by int) { v.move(by / 3) }

func (v *groupsView) move(by int) {
	v.at = max(0, min(v.at+by, len(v.sorted)-1))
	if v.chosen = ""; v.at > 0 {
		v.chosen = v.sorted[v.at].Text
	}
}

// click chooses the group that it is on.
func (v *groupsView) click(_ *model, msg tea.MouseClickMsg) tea.Cmd {
	if at := v.top + msg.Y - groupsHead; msg.Y >= groupsHead && msg.Y < groupsHead+v.room && at < len(v.sorted) {
		v.move(at - v.at)
	}
	return nil
}

func (v *groupsView) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	switch {
	case matches(msg, k.down):
		v.move(1)
	case matches(msg, k.up):
		v.move(-1)
	case matches(msg, k.pageDown, k.halfDown), msg.String() == "space":
		v.move(max(v.room-1, 1))
	case matches(msg, k.pageUp, k.halfUp):
		v.move(-max(v.room-1, 1))
	case matches(msg, k.top):
		v.move(-len(v.sorted))
	case matches(msg, k.bottom):
		v.move(len(v.sorted))
	case matches(msg, k.cancel, k.quit, k.fold):
		v.leave(m)
	case matches(msg, k.detail):
		return v.narrow(m, false)
	case matches(msg, k.inDetail.exclude):
		return v.narrow(m, true)
	case matches(msg, k.copy, k.copyMsg):
		if v.at < len(v.sorted) {
			return m.copy(clean(v.sorted[v.at].Text), "template")
		}
	case matches(msg, k.save):
		return v.give(m, m.openSave)
	case matches(msg, k.pipe):
		return v.give(m, m.openPipe)
	case matches(msg, k.help):
		m.openDialog(&help{})
	default:
		return v.arrange(m, msg)
	}
	return nil
}

// arrange takes the keys that say what stands first, and what is new.
func (v *groupsView) arrange(m *model, msg tea.KeyPressMsg) tea.Cmd {
	switch msg.String() {
	case "c":
		v.order = groups.ByCount
	case "r":
		v.order = groups.ByRate
	case "n":
		v.order = groups.ByNewness
	case "t":
		v.since = (v.since + 1) % (since1m + 1)
	case "m":
		v.since, v.marked = sinceMark, v.moment(m)
	default:
		return m.notify(msg.String() + " does nothing here: what does stands below the groups")
	}
	v.sort()
	return nil
}
