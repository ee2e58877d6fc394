package tui

import (
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

// missed is a text for a jump that found nothing, once; otherwise "".
func (p *pane) missed() string {
	if p.search == nil {
		return ""
	}
	missed := p.search.Missed()
	if missed == view.Stay {
		return ""
	}
	if total, _ := p.search.Count(); total == 0 {
		return "nothing that is shown matches " + p.search.Matcher().Source
	}
	switch missed {
	case view.Forward:
		return "no match below this one; N goes to those above"
	case view.Backward:
		return "no match above this one; n goes to those below"
	case view.Stay, view.Nearest: // as it is typed the count says so
	}
	return ""
}
