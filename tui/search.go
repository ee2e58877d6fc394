package tui

import (
	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/view"
)

// searchChip is the search in the pane's header.
func (p *pane) searchChip() string {
	return "/" + record.Safe(p.search.Matcher().Source) + " " + p.searchCount()
}

// searchCount is the number of matches, and which of them is under the cursor.
func (p *pane) searchCount() string {
	total, here := p.search.Count()
	number := record.Count(uint64(total))
	switch {
	case total == 0 && !p.search.Complete():
		return "searching…"
	case total == 0:
		number = "no match"
	case !p.search.Complete():
		number += "+"
	}
	if here > 0 {
		number = record.Count(uint64(here)) + "/" + number
	}
	if p.search.Matcher().AsText {
		number += " (as text)"
	}
	return number
}

// missed says once that a jump has found nothing; otherwise it is nil.
func (m *model) missed(p *pane) tea.Cmd {
	if p.search == nil {
		return nil
	}
	missed := p.search.Missed()
	if missed == view.Stay {
		return nil
	}
	if missed == view.Backward {
		if cmd := m.searchEarlier(p); cmd != nil {
			return cmd
		}
	}
	if missed == view.Forward && !p.search.Behind() {
		if cmd := m.searchOnward(p); cmd != nil {
			return cmd
		}
	}
	total, _ := p.search.Count()
	standing, looking := m.standing(p), m.looking(p)
	none := func() bool {
		now, _ := p.search.Count()
		return now == total
	}
	switch {
	case total == 0:
		return m.notifyWhile(func() bool { return looking() && none() }, "nothing that is shown matches "+p.search.Matcher().Source)
	case missed == view.Forward: // until another one comes
		return m.notifyWhile(func() bool { return standing() && none() }, "no match below this one; N goes to those above")
	case missed == view.Backward:
		return m.notifyWhile(standing, "no match above this one; n goes to those below")
	}
	return nil // as it is typed the count says so
}
