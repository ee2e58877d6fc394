package tui

import (
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/cell"
)

// On a screen smaller than this nothing is shown.
const (
	minWidth  = 20
	minHeight = 5
)

// draw returns the screen, exactly as many lines of exactly as many columns as
// it has, and where the cursor is.
func (m *model) draw() ([]string, *tea.Cursor) {
	m.areas, m.tabs = m.areas[:0], m.tabs[:0]
	if m.width < minWidth || m.height < minHeight {
		l := cell.NewLine(m.width, m.method).Add(m.theme.dim, "too small")
		return []string{l.String()}, nil
	}
	record := dialogOf[*recordView](m)
	if record != nil {
		record.sync()
	}
	body := rect{0, 1, m.width, m.height - 2}
	var strip []string
	if v := dialogOf[*timelineView](m); v != nil {
		strip = v.strip(m, min(timelineHeight(m.height), body.h-1))
		body.h -= len(strip)
	}
	lines := make([]string, 1, m.height)
	switch {
	case record != nil && m.width >= recordBeside:
		lines = append(lines, m.drawBeside(record, body)...)
	case record != nil:
		lines = append(lines, record.page(body.w, body.h, m.scene(record.pane))...)
	default:
		lines = append(lines, m.drawPanes(body)...)
	}
	m.alertsSeen()
	lines[0] = m.drawTabs()
	lines = append(append(lines, strip...), m.drawStatus())
	return lines, m.drawDialogs(lines)
}

// opened reports whether a stream has a pane.
func (m *model) opened(name string) bool {
	return m.stores.Find(name) != nil || m.stores.FindGrowing(name) != nil
}

// recordBeside is the width from which a record is shown beside its pane.
const recordBeside = 160

// drawBeside draws the pane in focus and one of its records beside it.
func (m *model) drawBeside(record *recordView, body rect) []string {
	p := record.pane
	w := (body.w - 2) / 2
	m.areas = append(m.areas, area{rect{body.x, body.y, w, body.h}, p})
	p.see()
	left := p.draw(w, body.h, m.scene(p))
	right := record.page(body.w-w-2, body.h, m.scene(p))
	rule := cell.NewLine(2, m.method).Space(1).Add(m.theme.rule, "│").String()
	join := cell.NewLine(2, m.method).Add(m.theme.paneActive, "━").Add(m.theme.rule, "┬").String()
	for i := range left {
		if i == 0 {
			left[i] += join + right[i]
		} else {
			left[i] += rule + right[i]
		}
	}
	return left
}

// scene is how a pane is drawn now.
func (m *model) scene(p *pane) scene {
	sc := scene{theme: m.theme, method: m.method, location: m.location(), now: m.recordTime(), uncounted: m.uncounted() != "", unheard: m.unheard(), wall: m.config.Now(), lights: m.lights}
	if m.clock == clockAgo {
		sc.ago = sc.wall.Truncate(time.Second)
	}
	sc.locked = m.lock.on && len(m.slots) > 1
	sc.focused = p != nil && p == m.pane()
	if p != nil {
		sc.pulse = m.pulses[p.store()]
		sc.withheld = len(p.store().Streams()) > 0 && !slices.ContainsFunc(p.store().Streams(), func(name string) bool { return !m.refused[name] })
	}
	sc.trouble = m.trouble()
	return sc
}

// turnWheel gathers what the wheel does within 16 ms into one movement.
func (m *model) turnWheel(msg tea.MouseWheelMsg) tea.Cmd {
	by := 3
	switch msg.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
	default:
		return nil
	}
	a, _, _ := m.areaAt(msg.X, msg.Y)
	at := a.pane
	waiting := m.wheel != 0
	if at != m.wheelAt {
		m.wheel, m.wheelAt = 0, at
	}
	m.wheel += by
	if waiting {
		return nil
	}
	return tea.Tick(16*time.Millisecond, func(time.Time) tea.Msg { return wheelMsg{} })
}

// rollWheel moves what the wheel was turned over.
func (m *model) rollWheel() (cmd tea.Cmd) {
	by := m.wheel
	m.wheel = 0
	switch {
	case by == 0:
	case m.top() != nil:
		m.top().scroll(m, by)
	default:
		m.scrollPane(m.wheelAt, by)
		if slices.Contains(m.panes, m.wheelAt) {
			cmd = m.loadNear(m.wheelAt, by)
		}
	}
	m.wheelAt = nil
	return cmd
}

// scrollPane scrolls a pane, if it is still open.
func (m *model) scrollPane(p *pane, by int) {
	if slices.Contains(m.panes, p) && !(p.view.Following() && by > 0) {
		p.view.Scroll(by)
	}
}

// click focuses a pane and puts its cursor on a row, goes to a tab, or opens the help;
// a dialog that takes clicks gets them.
func (m *model) click(msg tea.MouseClickMsg) tea.Cmd {
	record := dialogOf[*recordView](m)
	if msg.Button != tea.MouseLeft {
		return nil
	}
	if _, open := m.top().(*help); !open && msg.Y == 0 && msg.X >= m.width-len(m.helpHint()) {
		if _, asked := m.top().(*prompt); !asked {
			m.openDialog(&help{})
		}
		return nil
	}
	if d, takes := m.top().(clickable); takes {
		return d.click(m, msg)
	}
	if m.top() != nil && m.top() != dialog(record) {
		return nil
	}
	m.clickScreen(record, msg)
	return nil
}

// clickScreen takes a click on the tabs or the panes. record is the open one, or nil.
func (m *model) clickScreen(record *recordView, msg tea.MouseClickMsg) {
	if msg.Y == 0 {
		for _, t := range m.tabs {
			if msg.X >= t.from && msg.X < t.to {
				m.closeRecord()
				m.selectPane(t.pane)
			}
		}
		return
	}
	a, slot, ok := m.areaAt(msg.X, msg.Y)
	if !ok {
		return
	}
	m.focus = slot
	p := a.pane
	if msg.Y == a.y {
		for _, chip := range p.chips {
			if x := msg.X - a.x; x >= chip.from && x < chip.to {
				p.dropChip(chip.pane)
				return
			}
		}
		return
	}
	if msg.Y < a.y+p.above {
		return
	}
	v := p.view
	if ord := p.ordAt(msg.Y - a.y - p.above); ord >= 0 && ord < v.Total() {
		v.Hold()
		v.Select(ord)
		if record != nil { // beside the pane
			m.closeRecord()
			m.openRecord(p)
		}
	}
}

// calmRate is how many records may come a second to a screen that is calm.
const calmRate = 100

// calm reports whether so little comes on the screen that it need not be smooth.
func (m *model) calm() bool {
	now, rate := m.recordTime(), 0.0
	for _, i := range m.slots {
		rate += m.panes[i].store().Rate(now)
	}
	return rate < calmRate
}
