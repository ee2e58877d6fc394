package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/group"
	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/groups"
)

const (
	// groupsHead is the line of the screen on which the first group stands.
	groupsHead = 4
	// groupsDetail is how many lines tell more of the chosen group, and groupsTall the
	// height of a screen that has room for them.
	groupsDetail = 3
	groupsTall   = 16
	// groupsWide is the width from which on the list says when, too.
	groupsWide = 120
)

func (v *groupsView) draw(m *model, screen []string) (*tea.Cursor, bool) {
	f := frameOf(m.theme, m.method, m.width)
	inner := m.width - 4
	detail := groupsDetail + 1
	if m.height < groupsTall {
		detail = 0
	}
	v.room = max(m.height-2-4-detail, 1)
	v.top = max(0, min(max(min(v.top, v.at), v.at-v.room+1), len(v.sorted)-v.room))
	box := []string{
		f.top("Groups of "+cell.Shorten(record.Safe(v.pane.title()), 60), m.keys.fold.Help().Key),
		f.row(v.summary(m, inner)), f.row(v.columns(m, inner)),
	}
	blank := cell.NewLine(inner, m.method).String()
	for i := v.top; i < v.top+v.room; i++ {
		line := blank
		if i < len(v.sorted) {
			line = v.line(m, &v.sorted[i], i == v.at, inner)
		}
		box = append(box, f.row(line))
	}
	if detail > 0 {
		box = append(box, f.rule())
		for _, line := range v.detail(m, inner) {
			box = append(box, f.row(line))
		}
	}
	out := ""
	if m.width >= groupsWide {
		out = "s save · | pipe · "
	}
	box = append(box, f.bottom("enter only · F hide · c most · r rate · n new · t m since · y copy · "+out+"esc"))
	m.overlay(screen, box, m.width)
	return nil, true
}

// summary says what was counted, and what is new in it.
func (v *groupsView) summary(m *model, width int) string {
	t, l := m.theme, cell.NewLine(width, m.method)
	if v.list == nil {
		return l.Add(t.dim, "reading…").String()
	}
	l.Add(t.text, plural(v.list.Records, "record")+" in "+plural(uint64(len(v.sorted)), "group"))
	if n := v.pane.view.LoadedRows(nil).Rows(); n > 0 {
		l.Add(t.dim, ", without "+record.Count(uint64(n))+" loaded from the archive")
	}
	if !v.list.Complete {
		l.Add(t.wait, " so far, "+record.Count(v.list.Read)+" of "+record.Count(uint64(v.pane.store().Held()))+" read")
		return l.String()
	}
	since := v.newSince(m)
	at := m.momentText(since)
	if fresh := v.list.NewSince(since); !fresh.Known() {
		l.Add(t.dim, " · new since "+at+": unknown, nothing older is kept")
	} else {
		n := uint64(0)
		for i := range v.sorted {
			if fresh.Is(&v.sorted[i]) {
				n++
			}
		}
		st := t.dim
		if n > 0 {
			st = t.hot
		}
		l.Add(t.dim, " · ").Add(st, record.Count(n)+" new since "+at)
	}
	if v.list.Gone > 0 {
		l.Add(t.dim, " · "+record.Count(v.list.Gone)+" let go since it was opened")
	}
	return l.String()
}

// momentText is when something was, as rows say it, to the second if it was this year.
func (m *model) momentText(at time.Time) string {
	today := dayIn(m.config.Now(), m.location())
	if at = at.In(m.location()); today.width(at) == longDate {
		return at.Format("2006-01-02 15:04")
	}
	return today.since(at)
}

// columns heads the list; the column that it is ordered by stands out.
func (v *groupsView) columns(m *model, width int) string {
	l := cell.NewLine(width, m.method).Space(2)
	head := func(o groups.Order, text string, n int) {
		st := m.theme.dim
		if v.order == o {
			st = m.theme.heading
		}
		l.Fixed(st, fmt.Sprintf("%*s", n, text), n).Space(2)
	}
	head(groups.ByCount, "count", 9)
	head(groups.ByRate, "last min", 8)
	l.Fixed(m.theme.dim, "level", 7)
	if m.width >= groupsWide {
		head(groups.ByNewness, "first", 16)
		l.Fixed(m.theme.dim, fmt.Sprintf("%16s", "last"), 16).Space(2)
	}
	template := "template"
	if v.order == groups.ByNewness && m.width < groupsWide {
		template = "template, the newest first"
	}
	return l.Add(m.theme.dim, template).String()
}

// line is a group in the list.
func (v *groupsView) line(m *model, t *group.Template, here bool, width int) string {
	th := m.theme
	l := cell.NewLine(width, m.method)
	if here {
		l.On(th.cursor)
	}
	mark := " "
	if v.list.NewSince(v.newSince(m)).Is(t) {
		mark = "●"
	}
	l.Add(th.hot, mark).Space(1)
	level, several := worstOf(t)
	name := levelWord(level)
	if several {
		name += "+"
	}
	recent := ""
	if t.Recent > 0 {
		recent = record.Count(t.Recent)
	}
	l.Fixed(th.text, fmt.Sprintf("%9s", record.Count(t.Count)), 9).Space(2)
	l.Fixed(th.text, fmt.Sprintf("%8s", recent), 8).Space(2)
	l.Fixed(th.level(level), name, 6).Space(1)
	if m.width >= groupsWide {
		first, last := v.times(m, t)
		l.Fixed(th.dim, fmt.Sprintf("%16s", first), 16).Space(2).Fixed(th.dim, fmt.Sprintf("%16s", last), 16).Space(2)
	}
	text, _ := cell.Fit(record.Safe(t.Text), l.Left(), m.method)
	addTemplate(l, th, level, text)
	return l.String()
}

// addTemplate appends a template, in which the words stand out from the holes.
func addTemplate(l *cell.Line, th *theme, level record.Level, text string) {
	for i, words := range strings.Split(text, group.Hole) {
		if i > 0 {
			l.Add(th.faint, group.Hole)
		}
		l.Add(th.message(level), words)
	}
}

// times are when the first and the last record of a group were; the first of those that
// are kept, if others are not any more.
func (v *groupsView) times(m *model, t *group.Template) (first, last string) {
	if t.First == 0 {
		return "", ""
	}
	first = m.momentText(time.UnixMilli(t.First))
	if t.Dropped {
		first = "‹ " + first
	}
	return first, m.momentText(time.UnixMilli(t.Last))
}

// detail tells of the chosen group all that its line has no room for.
func (v *groupsView) detail(m *model, width int) []string {
	th := m.theme
	lines := make([]string, groupsDetail)
	for i := range lines {
		lines[i] = cell.NewLine(width, m.method).String()
	}
	if v.at >= len(v.sorted) {
		return lines
	}
	t := &v.sorted[v.at]
	level, _ := worstOf(t)
	text := record.Safe(t.Text)
	for i := range groupsDetail - 1 {
		part, used, _ := cell.Take(text, width, m.method)
		if i == groupsDetail-2 {
			part, _ = cell.Fit(text, width, m.method)
		}
		l := cell.NewLine(width, m.method)
		addTemplate(l, th, level, part)
		lines[i] = l.String()
		text = text[used:]
	}
	l := cell.NewLine(width, m.method)
	for i := len(t.Levels) - 1; i >= 0; i-- { // the worst first
		if n := t.Levels[i]; n > 0 {
			l.Add(th.level(levelAt(i)), record.Count(n)+" "+levelWord(levelAt(i))).Space(2)
		}
	}
	if first, last := v.times(m, t); first != "" {
		l.Add(th.dim, "first "+first+"  last "+last)
	}
	if t.Rest {
		l.Add(th.dim, "  what fits none of the groups, of which there are too many")
	}
	lines[groupsDetail-1] = l.String()
	return lines
}

var bunyanLevels = [...]record.Level{record.Trace, record.Debug, record.Info, record.Warn, record.Error, record.Fatal}

// levelAt is the level that is counted at a place of [group.Template.Levels].
func levelAt(i int) record.Level {
	if i < len(bunyanLevels) {
		return bunyanLevels[i]
	}
	return record.Unknown
}

func levelWord(l record.Level) string {
	if l == record.Unknown {
		return "other"
	}
	return l.String()
}

// worstOf is the highest level of a group, and whether it has others.
func worstOf(t *group.Template) (worst record.Level, several bool) {
	for i := len(t.Levels) - 1; i >= 0; i-- {
		if t.Levels[i] == 0 {
			continue
		}
		if worst != 0 {
			return worst, true
		}
		worst = levelAt(i)
	}
	return worst, false
}
