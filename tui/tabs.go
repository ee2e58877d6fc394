package tui

import (
	"fmt"
	"strconv"

	"sluice/cluster/record"
	"sluice/tui/cell"
)

// tabSpan is where a tab stands in the bar, or a chip in a header, and what it
// is of.
type tabSpan struct{ from, to, pane int }

// drawTabs draws the bar: the title, a tab for each pane, and where help is.
func (m *model) drawTabs() string {
	t := m.theme
	l := cell.NewLine(m.width, m.method)
	l.Add(t.title, " "+record.Safe(m.config.Title)+" ")
	if m.config.Alert != nil {
		if alert := m.config.Alert(); alert != "" {
			l.Add(t.bad, " "+record.Safe(alert)+" ")
		}
	}
	hint := m.helpHint()
	room := l.Left() - len(hint)
	if len(m.slots) > 0 {
		m.drawTabList(l, room)
	}
	l.FillTo(t.tab, min(len(hint), l.Left()))
	l.Add(t.tab, hint)
	return l.String()
}

// helpHint says in the bar how help is had, where there is room for it.
func (m *model) helpHint() string {
	if m.width < 60 {
		return ""
	}
	return "? help "
}

// drawTabList draws as many tabs as there is room for, the focused one always
// among them.
func (m *model) drawTabList(l *cell.Line, room int) {
	widths := make([]int, len(m.panes))
	for i := range m.panes {
		name, note, bad := m.tabText(i)
		widths[i] = cell.Width(name, m.method) + cell.Width(note, m.method) + cell.Width(bad, m.method) + 1
	}
	focus := m.slots[m.focus]
	first := 0
	for sum(widths[first:focus+1]) > room-2 && first < focus {
		first++
	}
	if first > 0 {
		l.Add(m.theme.tab, "‹")
		room--
	}
	for i := first; i < len(m.panes); i++ {
		if widths[i] > room-1 && i > focus {
			l.Add(m.theme.tab, "›")
			return
		}
		st := m.theme.tab
		if i == focus {
			st = m.theme.tabActive
		}
		name, note, bad := m.tabText(i)
		from := m.width - l.Left()
		before := l.Left()
		name, _ = cell.Fit(name, max(room-2, 0), m.method)
		l.Add(st, name).Add(m.theme.tab, note).Add(m.theme.bad.With(m.theme.tab.Background()), bad).Add(m.theme.tab, " ")
		room -= before - l.Left()
		m.tabs = append(m.tabs, tabSpan{from, m.width - l.Left(), i})
	}
}

// tabText is a tab's name and rate, and what came while it was not looked at.
func (m *model) tabText(i int) (name, note, bad string) {
	p := m.panes[i]
	s := p.store()
	name = " " + strconv.Itoa(i+1) + " " + record.Safe(p.title())
	if rate := s.Rate(m.recordTime()); rate > 0 {
		note = " " + rateText(rate)
	}
	if s.Next() > p.seen && len(m.panes) > len(m.slots) {
		note += " +" + record.Count(s.Next()-p.seen)
		if n := s.Errors() - p.seenErrors; n > 0 {
			bad = fmt.Sprintf(" !%s", record.Count(n))
		}
	}
	return name, note, bad + p.alertMark()
}

// rateText is a rate in few letters.
func rateText(rate float64) string {
	switch {
	case rate == 0:
		return "0/s"
	case rate < 0.95:
		return fmt.Sprintf("%.1f/s", rate)
	case rate < 99_950:
		return record.Count(uint64(rate+0.5)) + "/s"
	}
	return fmt.Sprintf("%.1fM/s", rate/1e6)
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
