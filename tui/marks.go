package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
)

// maxMarks bounds the marks of one pane.
const maxMarks = 10_000

// mark marks the record under the cursor, or takes its mark away.
func (m *model) mark(p *pane) tea.Cmd {
	v := p.view
	ord := v.cursorOrd()
	if ord < 0 {
		return nil
	}
	v.hold()
	n := v.at(ord)
	if len(p.marks) == maxMarks { // those of records that were let go make room
		p.marks = slices.DeleteFunc(p.marks, func(n uint64) bool { return n < v.store.first && !v.keeps(n) })
	}
	at, found := slices.BinarySearch(p.marks, n)
	switch {
	case found:
		p.marks = slices.Delete(p.marks, at, at+1)
	case len(p.marks) == maxMarks:
		return m.say("not marked: " + count(maxMarks) + " records are marked already")
	default:
		p.marks = slices.Insert(p.marks, at, n)
	}
	return nil
}

// marked reports whether a record is marked.
func (p *pane) marked(n uint64) bool {
	if len(p.marks) == 0 {
		return false
	}
	_, found := slices.BinarySearch(p.marks, n)
	return found
}

// findMark goes to the next marked record that is shown, around the ends.
func (m *model) findMark(p *pane, step int) tea.Cmd {
	v := p.view
	var shown []uint64
	for _, n := range p.marks {
		if ord := v.ord(n); ord < v.total() && v.at(ord) == n {
			shown = append(shown, n)
		}
	}
	switch {
	case len(p.marks) == 0:
		return m.say("nothing is marked: m marks a record")
	case len(shown) == 0:
		return m.say("no marked record is shown: they are let go, or left out by the filter")
	}
	here := v.at(v.cursorOrd())
	at, found := slices.BinarySearch(shown, here)
	switch {
	case step > 0 && found:
		at++
	case step < 0:
		at--
	}
	v.jump(shown[(at+len(shown))%len(shown)])
	return nil
}

// maxErrorRows is how many rows are looked at for the next error with one key.
const maxErrorRows = 2_000_000

// findError goes to the next record of level error or above.
func (m *model) findError(p *pane, step int) tea.Cmd {
	v := p.view
	ord, total := v.cursorOrd(), v.total()
	if step < 0 && v.follow {
		ord = total // the newest row counts, too
	}
	for i := range maxErrorRows {
		ord += step
		if ord < 0 || ord >= total {
			break
		}
		if _, e, _, _ := v.row(ord); record.Level(e.level) >= record.Error && !e.kind.told() {
			v.jump(v.at(ord))
			return nil
		}
		if i == maxErrorRows-1 {
			return m.say("no error among the next " + count(maxErrorRows) + " records")
		}
	}
	if step > 0 {
		return m.say("no error after this one; E goes to the one before")
	}
	return m.say("no error before this one")
}
