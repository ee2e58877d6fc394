package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
	"sluice/tui/timeline"
)

// timelineColumns is how many columns a strip has on a screen.
func timelineColumns(width int) int { return max(width-2, 1) }

// timelineHeight is how many lines of a screen the strip takes.
func timelineHeight(height int) int { return max(5, min(height/3, 12)) }

// leastTimeline is the lowest strip that shows anything: a head, a bar, signs and times.
const leastTimeline = 4

// draw draws nothing over the screen: the strip stands below the panes.
func (v *timelineView) draw(*model, []string) (*tea.Cursor, bool) { return nil, false }

// strip draws the timeline.
func (v *timelineView) strip(m *model, height int) []string {
	v.height = height
	lines := make([]string, 0, height)
	c := v.chart()
	if height < leastTimeline {
		c = nil
	}
	lines = append(lines, v.head(m, c))
	if c == nil {
		for len(lines) < height {
			lines = append(lines, cell.NewLine(m.width, m.method).String())
		}
		return lines
	}
	found := v.pane.search != nil && height > leastTimeline
	bars := height - 3
	if found {
		bars--
	}
	at, here := v.cursor()
	cursor := -1
	if column, ok := c.Column(at); here && ok {
		cursor = column
	}
	filtered, searched := v.unsearched()
	most := max(c.MostOfAll(), 1)
	if filtered { // what the archive has is no number of rows
		most = max(c.Most(), 1)
	}
	unknown := func(i int) bool { return c.InArchive(i) > 0 }
	for row := bars - 1; row >= 0; row-- {
		lines = append(lines, v.each(m, c, cursor, func(i int) (cell.Style, string) {
			far := c.InArchive(i)
			if filtered {
				far = 0
			}
			return bar(m.theme, &c.Columns[i], far, row, bars, most)
		}))
	}
	if found {
		lines = append(lines, v.each(m, c, cursor, func(i int) (cell.Style, string) {
			if c.Columns[i].Matches > 0 {
				return m.theme.found, "▪"
			}
			if unknown(i) {
				return m.theme.dim, "?"
			}
			return "", " "
		}))
	}
	lines = append(lines, v.each(m, c, cursor, func(i int) (cell.Style, string) {
		st, text := sign(m.theme, &c.Columns[i])
		switch {
		case text != " " && text != "─":
		case c.LostThere(i):
			return m.theme.hot, "!"
		case unknown(i) && (filtered || searched && !found):
			return m.theme.dim, "?"
		case unknown(i) && text == " ":
			return m.theme.dim, "╌"
		}
		return st, text
	}))
	return append(lines, v.scale(m, c))
}

// each draws a line of one cell for each column.
func (v *timelineView) each(m *model, c *timeline.Chart, cursor int, of func(i int) (cell.Style, string)) string {
	l := cell.NewLine(m.width, m.method).Space(1)
	for i := range min(len(c.Columns), timelineColumns(m.width)) {
		st, text := of(i)
		if i == cursor {
			st = st.With(m.theme.cursor)
		}
		l.Add(st, text)
	}
	return l.String()
}

// bar is a cell of a column's bar: the worst of its records at the bottom, however few
// they are, and above them those that the archive alone has.
func bar(t *theme, c *timeline.Column, far uint64, row, rows int, most uint64) (cell.Style, string) {
	const eighths = 8
	n := c.Records() + far
	if n == 0 {
		return "", " "
	}
	whole := uint64(rows * eighths)
	height := max(int(n*whole/most), 1) - row*eighths
	if height <= 0 {
		return "", " "
	}
	share := func(n uint64) int {
		if n == 0 {
			return 0
		}
		return max(int(n*uint64(rows)/most), 1)
	}
	errors, warnings := share(c.Errors()), share(c.Warnings())
	st := t.spark
	switch {
	case row >= share(c.Records()) && far > 0:
		st = t.faint
	case row < errors:
		st = t.sparkBad
	case row < errors+warnings:
		st = t.wait
	}
	return st, string([]rune("▁▂▃▄▅▆▇█")[min(height, eighths)-1])
}

// sign says in a letter what a column has that counts most.
func sign(t *theme, c *timeline.Column) (cell.Style, string) {
	switch {
	case c.Gaps > 0:
		return t.hot, "!"
	case c.Away > 0:
		return t.wait, "◌"
	case c.Levels[5] > 0:
		return t.bad, "F"
	case c.Levels[4] > 0:
		return t.err, "E"
	case c.Records() > 0:
		return t.rule, "─"
	}
	return "", " "
}

// head says what the strip shows, and what is under its cursor.
func (v *timelineView) head(m *model, c *timeline.Chart) string {
	t := m.theme
	l := cell.NewLine(m.width, m.method).Add(t.rule, "─ ").Add(t.heading, "Timeline")
	word, waits := v.archiveWord(m)
	if waits {
		word, _ = cell.Fit(word, max(l.Left()-3, 0), m.method)
		l.Add(t.wait, "  "+word)
		word = ""
	}
	switch at, ok := v.cursor(); {
	case c == nil && v.pane.view.Total() == 0:
		l.Add(t.dim, "  no record is here yet")
	case c == nil:
		l.Add(t.dim, "  counting…")
	case ok:
		column, in := c.Column(at)
		if in {
			text := v.columnText(m, c, column)
			if word != "" {
				text += " · " + word
			}
			said, _ := cell.Fit(text, max(l.Left()-3, 0), m.method)
			l.Add(t.text, "  "+said)
		}
	}
	l.Space(1)
	for _, keys := range timelineKeys {
		if room := l.Left() - cell.Width(keys, m.method) - 1; room >= 0 {
			l.Add(t.rule, strings.Repeat("─", room)).Add(t.faint, keys).Add(t.rule, "─")
			break
		}
	}
	return l.String()
}

// timelineKeys is what the keys do, in as many words as there is room for.
var timelineKeys = []string{" ← → · + - zoom · 0 all · enter goes there · esc ", " + - zoom · 0 all · enter goes · esc ", " + - 0 enter esc ", " esc ", ""}

// columnText is what is in a column, in words.
func (v *timelineView) columnText(m *model, c *timeline.Chart, column int) string {
	k := &c.Columns[column]
	text := m.columnTime(c.At(column), c.Step) + " +" + widthText(c.Step) + ": "
	far := c.InArchive(column)
	filtered, searched := v.unsearched()
	if far == 0 || k.Records() > 0 {
		text += plural(k.Records(), "record")
	} else if filtered {
		text += "unknown"
	}
	for _, part := range []struct {
		n    uint64
		name string
	}{
		{uint64(k.Levels[5]), "fatal"},
		{uint64(k.Levels[4]), "error"},
		{k.Warnings(), "warn"},
		{uint64(k.Matches), "match"},
		{uint64(k.Gaps), "lost here"},
		{uint64(k.Away), "away"},
	} {
		switch {
		case part.n == 0:
		case part.name == "lost here":
			text += ", records lost"
		case part.name == "away":
			text += ", a source away"
		default:
			text += ", " + record.Count(part.n) + " " + part.name
		}
	}
	if far > 0 {
		if k.Records() > 0 || filtered {
			text += ", "
		}
		if c.Archived.Coarse {
			text += "about "
		}
		text += record.Count(far) + " in the archive"
		switch {
		case filtered && k.Records() == 0:
			text += ", not filtered: enter loads them"
		case filtered:
			text += ", not filtered"
		case searched:
			text += ", not searched"
		default:
			text += ", all levels"
		}
	}
	if c.Before+c.After > 0 {
		text += " · " + record.Count(c.Before+c.After) + " outside"
	}
	if !c.Complete {
		text += " · so far"
	}
	return text
}

// plural is a number of things, in words.
func plural(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return record.Count(n) + " " + thing + "s"
}

// widthText is the width of a column.
func widthText(step int64) string {
	const minute, hour, day = 60_000, 3_600_000, 86_400_000
	switch {
	case step < 1000:
		return fmt.Sprintf("%dms", step)
	case step < minute:
		return fmt.Sprintf("%ds", step/1000)
	case step < hour:
		return fmt.Sprintf("%dm", step/minute)
	case step < day:
		return fmt.Sprintf("%dh", step/hour)
	}
	return fmt.Sprintf("%dd", step/day)
}

// columnTime is when a column begins, as exactly as its width wants it, with its date
// unless it is of this day.
func (m *model) columnTime(at, step int64) string {
	when, form := time.UnixMilli(at).In(m.location()), "15:04"
	switch {
	case step < 1000:
		form = "15:04:05.000"
	case step < 60_000:
		form = "15:04:05"
	case step >= 24*3_600_000:
		return when.Format("2006-01-02")
	}
	return string(when.AppendFormat(dayIn(m.config.Now(), m.location()).appendOther(nil, when), form))
}

// scale draws times below the columns, and where the pane's row is among them: no time is
// cut by that.
func (v *timelineView) scale(m *model, c *timeline.Chart) string {
	columns := min(len(c.Columns), timelineColumns(m.width))
	line := []rune(strings.Repeat(" ", timelineColumns(m.width)))
	place, ok := v.place()
	column, in := c.Column(place)
	if !ok || !in || column >= columns {
		column = -1
	}
	const apart = 3
	for i := 0; i < columns; {
		label := []rune("╵" + m.columnTime(c.At(i), c.Step))
		if i < column && column < i+len(label) {
			i = column + 1
			continue
		}
		if i+len(label) > len(line) {
			break
		}
		copy(line[i:], label)
		i += max(len(label)+apart, 16)
	}
	l := cell.NewLine(m.width, m.method).Space(1)
	if column < 0 {
		return l.Add(m.theme.dim, string(line)).String()
	}
	return l.Add(m.theme.dim, string(line[:column])).Add(m.theme.heading, "▲").Add(m.theme.dim, string(line[column+1:])).String()
}
