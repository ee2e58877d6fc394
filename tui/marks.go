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
	ord := v.CursorOrd()
	if ord < 0 {
		return nil
	}
	v.Hold()
	n, e, _, _ := v.Row(ord)
	if e.Kind.Between() {
		return nil // there is no record
	}
	if len(p.marks) == maxMarks { // those of records that were let go make room
		p.marks = slices.DeleteFunc(p.marks, func(n uint64) bool { return n < v.Store().First() && !v.Keeps(n) })
	}
	at, found := slices.BinarySearch(p.marks, n)
	switch {
	case found:
		p.marks = slices.Delete(p.marks, at, at+1)
	case len(p.marks) == maxMarks:
		return m.notifyWhile(func() bool { return len(p.marks) == maxMarks }, "not marked: "+record.Count(maxMarks)+" records are marked already")
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
	shown := p.shownMarks()
	switch {
	case len(p.marks) == 0:
		return m.notifyWhile(func() bool { return len(p.marks) == 0 }, "nothing is marked: m marks a record")
	case len(shown) == 0 && !v.Complete():
		return m.notifyWhile(func() bool { return !v.Complete() }, "no marked record has passed the filter yet: it is still looking")
	case len(shown) == 0:
		marks, looking := len(p.marks), m.looking(p)
		return m.notifyWhile(func() bool { return looking() && len(p.marks) == marks }, "no marked record is shown: they are let go, or left out by the filter")
	}
	here := v.At(v.CursorOrd())
	at, found := slices.BinarySearch(shown, here)
	switch {
	case step > 0 && found:
		at++
	case step < 0:
		at--
	}
	v.Jump(shown[(at+len(shown))%len(shown)])
	return nil
}

// findError goes to the next record of level error or above. All that are kept
// are looked at in one go, ten million in the time of a frame or two: an entry
// has its level, and only errors are tested against the filter.
func (m *model) findError(p *pane, step int) tea.Cmd {
	v := p.view
	from := v.ShownEnd() // the newest row counts, too
	if ord := v.CursorOrd(); ord >= 0 && (!v.Following() || step > 0) {
		from = v.At(ord)
	}
	if n, ok := v.ErrorFrom(from, step); ok && !v.Crosses(from, n) {
		v.Jump(n)
		return nil
	}
	elsewhere := m.errorEarlier
	if step > 0 {
		elsewhere = m.errorOnward
	}
	if cmd := elsewhere(p); cmd != nil {
		return cmd
	}
	if step > 0 {
		return m.noErrorBelow(p)
	}
	return m.noError(p, m.standing(p), "no error before this one")
}

// noErrorBelow says that no error comes after the row under the cursor.
func (m *model) noErrorBelow(p *pane) tea.Cmd {
	s, standing := p.store(), m.standing(p)
	errors := s.Errors()
	return m.noError(p, func() bool { return standing() && s.Errors() == errors }, "no error after this one; E goes to the one before")
}

// noError says that there is none, while that holds, unless it is not known yet.
func (m *model) noError(p *pane, holds func() bool, text string) tea.Cmd {
	if v, standing := p.view, m.standing(p); !v.Complete() {
		return m.notifyWhile(func() bool { return standing() && !v.Complete() }, "no error has passed the filter there yet: it is still looking")
	}
	return m.notifyWhile(holds, text)
}
