package tui

import (
	"fmt"
	"strconv"

	"sluice/cluster/record"
)

// tabSpan is where a tab stands in the bar, or a chip in a header, and what it
// is of.
type tabSpan struct{ from, to, pane int }

// drawTabs draws the bar: the title, a tab for each pane, and where help is.
func (m *model) drawTabs() string {
	t := m.theme
	l := newLine(m.width, m.method, "")
	l.add(t.title, " "+record.Safe(m.config.Title)+" ")
	hint := "? help "
	if m.width < 60 {
		hint = ""
	}
	room := l.left - len(hint)
	if len(m.slots) > 0 {
		m.drawTabList(l, room)
	}
	l.fillTo(t.tab, min(len(hint), l.left))
	l.add(t.tab, hint)
	return l.String()
}

// drawTabList draws as many tabs as there is room for, the focused one always
// among them.
func (m *model) drawTabList(l *line, room int) {
	widths := make([]int, len(m.panes))
	for i := range m.panes {
		name, note, bad := m.tabText(i)
		widths[i] = textWidth(name, m.method) + textWidth(note, m.method) + textWidth(bad, m.method) + 1
	}
	focus := m.slots[m.focus]
	first := 0
	for sum(widths[first:focus+1]) > room-2 && first < focus {
		first++
	}
	if first > 0 {
		l.add(m.theme.tab, "‹")
		room--
	}
	for i := first; i < len(m.panes); i++ {
		if widths[i] > room-1 && i > focus {
			l.add(m.theme.tab, "›")
			return
		}
		st := m.theme.tab
		if i == focus {
			st = m.theme.tabActive
		}
		name, note, bad := m.tabText(i)
		from := m.width - l.left
		before := l.left
		name, _ = fit(name, max(room-2, 0), m.method)
		l.add(st, name).add(m.theme.tab, note).add(m.theme.bad.with(m.theme.tab.background()), bad).add(m.theme.tab, " ")
		room -= before - l.left
		m.tabs = append(m.tabs, tabSpan{from, m.width - l.left, i})
	}
}

// tabText is a tab's name and rate, and what came while it was not looked at.
func (m *model) tabText(i int) (name, note, bad string) {
	p := m.panes[i]
	s := p.store()
	name = " " + strconv.Itoa(i+1) + " " + record.Safe(p.title())
	if rate := s.rate.perSecond(m.config.Now()); rate > 0 {
		note = " " + rateText(rate)
	}
	if s.next > p.seen && len(m.panes) > len(m.slots) {
		note += " +" + count(s.next-p.seen)
		if n := s.errors - p.seenErrors; n > 0 {
			bad = fmt.Sprintf(" !%s", count(n))
		}
	}
	return name, note, bad
}

// rateText is a rate in few letters.
func rateText(rate float64) string {
	switch {
	case rate == 0:
		return "0/s"
	case rate < 0.95:
		return fmt.Sprintf("%.1f/s", rate)
	case rate < 99_950:
		return count(uint64(rate+0.5)) + "/s"
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
