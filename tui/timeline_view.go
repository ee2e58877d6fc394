package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/timeline"
)

// timelineView is a strip below the panes: the rows of the pane that has the focus, by
// their time. Keys that it does not have go to that pane.
type timelineView struct {
	pane   *pane
	line   *timeline.Timeline
	axis   timeline.Axis
	zoomed bool      // axis is one that somebody chose; else it shows all
	fitted time.Time // when it was made to show all

	shown *timeline.Chart // the newest, when it was looked at last
	hasty bool            // the next one is what a key has asked for

	height  int // of the strip, in lines
	archive archivedView

	moved bool  // the cursor is where somebody put it; else where the pane's row is
	at    int64 // when that is, Unix milliseconds
}

// fitEvery is how often the axis is made to show all.
const fitEvery = 100 * time.Millisecond

// openTimeline opens the timeline of a pane.
func (m *model) openTimeline(p *pane) tea.Cmd {
	v := &timelineView{}
	v.look(m, p)
	m.openDialog(v)
	return tea.Batch(m.tick(), v.countArchive(m))
}

// look makes the timeline that of a pane.
func (v *timelineView) look(m *model, p *pane) {
	v.close()
	*v = timelineView{hasty: true, pane: p, line: timeline.New(p.store(), m.wake)}
}

func (v *timelineView) close() {
	v.archive.stop()
	if v.line != nil {
		v.line.Close()
	}
}

func (v *timelineView) leave(m *model) {
	v.close()
	m.closeDialog(v)
}

// work does a frame's share of work.
func (v *timelineView) work(m *model) {
	p := m.pane()
	switch {
	case p == nil:
		v.leave(m)
		return
	case p != v.pane:
		v.look(m, p)
	}
	ask := v.asks()
	columns := timelineColumns(m.width)
	if v.zoomed {
		v.axis.Width = columns
	} else if now := time.Now(); now.Sub(v.fitted) >= fitEvery {
		first, last, ok := v.span()
		if !ok {
			return
		}
		v.axis = timeline.Fit(first, last, columns)
		v.fitted = now
	}
	ask.Axis = v.axis
	v.line.Step(ask)
	if v.archive.loaded.Step(v.axis, p.view.LoadedRows(p.search)) {
		m.wake()
	}
	if c := v.line.Chart(); c != v.shown {
		if v.shown = c; v.hasty {
			m.hurry() // it is what a key has asked for
		}
		v.hasty = false
	}
}

// asks is what is asked for, without the axis.
func (v *timelineView) asks() timeline.Ask {
	ask := timeline.Ask{End: v.pane.view.ShownEnd()}
	if rows := v.pane.view.Scan(); rows != nil {
		ask.Rows = rows
	}
	if s := v.pane.search; s != nil {
		ask.Matches = s.Scan()
	}
	return ask
}

// place is when the row under the pane's cursor was; ok: there is one.
func (v *timelineView) place() (at int64, ok bool) {
	ord := v.pane.view.CursorOrd()
	if ord < 0 {
		return 0, false
	}
	_, e, _, _ := v.pane.view.Row(ord)
	return e.Time, true
}

// cursor is when the cursor is; ok: there is one.
func (v *timelineView) cursor() (at int64, ok bool) {
	if v.moved {
		return v.at, true
	}
	if at, ok = v.place(); !ok && v.axis.Step != 0 {
		return v.axis.To() - 1, true // of a pane without rows
	}
	return at, ok
}

func (v *timelineView) changes() bool { return true }

// scroll zooms by the wheel.
func (v *timelineView) scroll(_ *model, by int) {
	switch {
	case by < 0:
		v.zoom(1)
	case by > 0:
		v.zoom(-1)
	}
}

// zoom makes the columns narrower, or wider.
func (v *timelineView) zoom(by int) {
	at, ok := v.cursor()
	if !ok || v.axis.Step == 0 {
		return
	}
	v.axis, v.zoomed, v.hasty = v.axis.Zoom(by, at, v.axis.Width), true, true
	a := &v.archive
	whole := a.whole
	a.whole = a.whole || a.first != 0 // as wide as the archive is
	if first, last, ok := v.span(); ok && v.axis.Step >= timeline.Fit(first, last, v.axis.Width).Step {
		v.zoomed, v.fitted = false, time.Time{} // wider than everything is
		return
	}
	a.whole = whole
}

// move moves the cursor by columns.
func (v *timelineView) move(by int) {
	at, ok := v.cursor()
	if !ok || v.axis.Step == 0 {
		return
	}
	v.at, v.moved = at+int64(by)*v.axis.Step, true
	if _, in := v.axis.Column(v.at); in {
		return
	}
	if v.zoomed {
		v.axis = v.axis.Moved(v.at)
		return
	}
	v.at = max(v.axis.From, min(v.at, v.axis.To()-1))
}

// all shows everything again: what is held, or, if that is shown, what the archive has, too.
func (v *timelineView) all() {
	a := &v.archive
	if !v.zoomed || !a.whole {
		a.whole = !a.whole && a.first != 0
	}
	if !a.known {
		a.asked, a.word, a.halted = time.Time{}, "", false
	}
	v.zoomed, v.moved, v.fitted = false, false, time.Time{}
}

// jump goes to the first row of the cursor's column, or of the nearest that has one.
func (v *timelineView) jump(m *model) tea.Cmd {
	c := v.chart()
	at, ok := v.cursor()
	if c == nil || !ok {
		return nil
	}
	column, _ := c.Column(at)
	column, ok = c.Nearest(column)
	if !ok {
		return m.notify("no record is here: 0 shows all of them")
	}
	switch n, here := c.Columns[column].First(); {
	case here:
		v.pane.view.Jump(n)
	case v.pane.earlier.reading != nil:
		return m.notify("records are being loaded: esc stops that")
	default:
		return m.loadAround(v.pane, time.UnixMilli(c.At(column)), false)
	}
	return nil
}

// click goes to a time in the strip; above it, it does what it does without it.
func (v *timelineView) click(m *model, msg tea.MouseClickMsg) tea.Cmd {
	if msg.Y < m.height-1-v.height || msg.Y >= m.height-1 {
		m.clickScreen(nil, msg)
		return nil
	}
	c := v.chart()
	if column := msg.X - 1; c != nil && column >= 0 && column < len(c.Columns) {
		v.at, v.moved = c.At(column), true
		return v.jump(m)
	}
	return nil
}

func (v *timelineView) key(m *model, msg tea.KeyPressMsg) tea.Cmd {
	k := &m.keys
	if matches(msg, k.cancel) { // what goes on is stopped first
		if cmd, took := m.earlierKey(v.pane, msg); took || v.archive.stopped(v.axis) {
			return cmd
		}
	}
	switch {
	case msg.String() == "h" || matches(msg, k.left):
		v.move(-1)
	case msg.String() == "l" || matches(msg, k.right):
		v.move(1)
	case matches(msg, k.more):
		v.zoom(1)
	case matches(msg, k.fewer):
		v.zoom(-1)
	case matches(msg, k.clear):
		v.all()
	case matches(msg, k.detail):
		return v.jump(m)
	case matches(msg, k.cancel, k.quit):
		v.leave(m)
	case matches(msg, k.up, k.down, k.pageUp, k.pageDown, k.halfUp, k.halfDown, k.top, k.bottom, k.when,
		k.nextError, k.prevError, k.mark, k.nextMark, k.prevMark, k.search, k.next, k.prev):
		v.moved = false // the cursor goes along
		return m.mainKey(msg)
	case matches(msg, k.pause, k.filter, k.dropLast, k.tab, k.backTab, k.digit, k.help, k.status, k.palette):
		return m.mainKey(msg)
	default:
		return m.notify(msg.String() + " does nothing here: esc leaves the timeline")
	}
	return nil
}
