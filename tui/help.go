package tui

import (
	"strings"
)

// help is the list of keys, while it is shown. Any key closes it.
type help struct{}

// helpColumn is the width of one column of keys, where there is room for it.
const helpColumn = 38

// drawHelp draws the keys, from the bindings themselves.
func (m *model) drawHelp() (box []string, w int) {
	t := m.theme
	column := min(helpColumn, m.width-4)
	var blocks [][]string
	for _, g := range m.keys.groups() {
		block := []string{newLine(column, m.method, "").add(t.paneActive, g.title).String()}
		for _, b := range g.bindings {
			h := b.Help()
			block = append(block, newLine(column, m.method, "").fixed(t.strong, h.Key, 8).space(1).add(t.dim, h.Desc).String())
		}
		blocks = append(blocks, block)
	}
	number := max(1, min((m.width-4)/helpColumn, 3))
	columns := arrange(blocks, number)
	rows := 0
	for _, c := range columns {
		rows = max(rows, len(c))
	}
	rows = min(rows, m.height-2)
	inner := number * column
	w = inner + 3
	title := " Keys "
	box = append(box, newLine(w, m.method, "").add(t.box, "╭─").add(t.paneActive, title).add(t.box, strings.Repeat("─", max(w-3-len(title), 0))+"╮").String())
	blank := newLine(column, m.method, "").String()
	side := newLine(1, m.method, "").add(t.box, "│").String()
	for i := range rows {
		var b strings.Builder
		b.WriteString(side + " ")
		for _, c := range columns {
			if i < len(c) {
				b.WriteString(c[i])
			} else {
				b.WriteString(blank)
			}
		}
		b.WriteString(side)
		box = append(box, b.String())
	}
	foot := " any key closes "
	return append(box, newLine(w, m.method, "").add(t.box, "╰"+strings.Repeat("─", max(w-3-len(foot), 0))).add(t.faint, foot).add(t.box, "─╯").String()), w
}

// arrange puts blocks of lines into columns, in their order, so that the
// longest column is as short as that allows.
func arrange(blocks [][]string, number int) [][]string {
	total := 0
	for _, b := range blocks {
		total += len(b)
	}
	for limit := (total + number - 1) / number; ; limit++ {
		columns := make([][]string, 1, number)
		for _, b := range blocks {
			last := &columns[len(columns)-1]
			if len(*last) > 0 && len(*last)+len(b) > limit {
				columns = append(columns, nil)
				last = &columns[len(columns)-1]
			}
			*last = append(*last, b...)
		}
		fits := len(columns) <= number
		for _, c := range columns {
			fits = fits && (len(c) <= limit || len(columns) == 1)
		}
		if fits {
			for len(columns) < number {
				columns = append(columns, nil)
			}
			return columns
		}
	}
}
