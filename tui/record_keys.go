package tui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/view"
)

// jumpKey takes the keys that go from an open record to another one of its pane as
// they do in the pane, and those that do the same there as here. What a record has
// keys of its own for is not among them.
func (d *recordView) jumpKey(m *model, msg tea.KeyPressMsg) (cmd tea.Cmd, taken bool) {
	k, p := &m.keys, d.pane
	d.seeking = false
	switch {
	case matches(msg, k.inDetail.copyField, k.inDetail.include, k.inDetail.exclude):
		return nil, false
	case matches(msg, k.search):
		m.openSearch(p)
	case p.search != nil && matches(msg, k.next):
		cmd = m.find(p, view.Forward)
	case p.search != nil && matches(msg, k.prev):
		cmd = m.find(p, view.Backward)
	case matches(msg, k.nextError):
		cmd = m.findError(p, 1)
	case matches(msg, k.prevError):
		cmd = m.findError(p, -1)
	case matches(msg, k.nextMark):
		cmd = m.findMark(p, 1)
	case matches(msg, k.prevMark):
		cmd = m.findMark(p, -1)
	case matches(msg, k.when):
		m.openWhen(p)
	case matches(msg, k.mark):
		return m.mark(p), true
	case matches(msg, k.save):
		return m.openSaveRecord(d), true
	case matches(msg, k.pipe):
		return m.openPipeRecord(d), true
	default:
		return nil, false
	}
	d.seeking = true
	return cmd, true
}

// sync shows the record under the pane's cursor, after a key that goes to another
// one: a search arrives when it has found it.
func (d *recordView) sync() {
	v := d.pane.view
	ord := v.CursorOrd()
	if !d.seeking || ord < 0 || v.At(ord) == d.number {
		return
	}
	if other := newRecordView(d.pane); other != nil {
		*d = *other
		d.seeking = true
	}
}

// idle says of a key that it does nothing where it was pressed, rather than act on what
// lies below. where is such as "in an open record".
func (m *model) idle(msg tea.KeyPressMsg, where string) tea.Cmd {
	name := msg.String()
	desc, bound := m.keys.owner(name)
	switch {
	case bound:
		return m.notify(fmt.Sprintf("%s (%s) does nothing %s: esc leaves it", record.Safe(name), desc, where))
	case msg.Text != "":
		return m.notify(fmt.Sprintf("%s does nothing %s: ? shows the keys", record.Safe(name), where))
	}
	return nil
}
