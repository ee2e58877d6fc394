package tui

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/cell"
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
		return m.say("not marked: " + cell.Count(maxMarks) + " records are marked already")
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

// findError goes to the next record of level error or above. All that are kept
// are looked at in one go, ten million in the time of a frame or two: an entry
// tells its level, and whether it is a row is asked of the errors alone.
func (m *model) findError(p *pane, step int) tea.Cmd {
	v := p.view
	from := v.shownEnd() // the newest row counts, too
	if ord := v.cursorOrd(); ord >= 0 && (!v.follow || step > 0) {
		from = v.at(ord)
	}
	if n, ok := v.errorFrom(from, step); ok {
		v.jump(n)
		return nil
	}
	if step > 0 {
		return m.say("no error after this one; E goes to the one before")
	}
	return m.say("no error before this one")
}

// errorFrom is the next row above or below a number that is an error.
func (v *view) errorFrom(from uint64, step int) (n uint64, ok bool) {
	s, end := v.store, min(v.shownEnd(), v.store.next)
	if step > 0 {
		for _, k := range v.kept {
			if k.number > from && k.entry.isError() {
				return k.number, true
			}
		}
		for n := max(from+1, s.first); n < end; n++ {
			if s.entry(n).isError() && v.has(n) {
				return n, true
			}
		}
		return 0, false
	}
	for n := min(from, end); n > s.first; n-- {
		if s.entry(n-1).isError() && v.has(n-1) {
			return n - 1, true
		}
	}
	for _, k := range slices.Backward(v.kept) {
		if k.number < from && k.entry.isError() {
			return k.number, true
		}
	}
	return 0, false
}

// has reports whether a record that the store has is known to be a row.
func (v *view) has(n uint64) bool { return v.rows == nil || v.rows.found.has(n) }

// isError reports whether an entry is a record of level error or above.
func (e *entry) isError() bool { return record.Level(e.level) >= record.Error && !e.kind.told() }
