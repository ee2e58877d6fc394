package tui

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/query"
)

// lotKind is which records go out of a pane.
type lotKind uint8

const (
	lotShown  lotKind = iota // all that the pane shows
	lotMarked                // those of them that are marked
	lotRange                 // those from where a range began to the cursor
	lotGroup                 // those of a group
	lotRecord                // one that is open
)

// lot is records of a pane that are to go into a file or a command, and in which form.
type lot struct {
	pane    *pane
	kind    lotKind
	kinds   []lotKind // that there are to choose from
	asShown bool      // as rows, rather than as they were published

	one      *recordView
	filter   query.Filter // of a group, in the place of the pane's
	alike    uint64       // records of other groups that pass it, too
	from, to uint64       // of a range, the numbers of its first record and its last
}

// lots is what of a pane can go out of it. A range that was begun is what is meant.
func (m *model) lots(p *pane) *lot {
	l := &lot{pane: p, kinds: []lotKind{lotShown}}
	if at := p.view.CursorOrd(); p.ranging && at >= 0 {
		here := p.view.At(at)
		l.from, l.to = min(p.rangeFrom, here), max(p.rangeFrom, here)
		l.kind, l.kinds = lotRange, append(l.kinds, lotRange)
	}
	if len(p.marks) > 0 {
		l.kinds = append(l.kinds, lotMarked)
	}
	return l
}

// lotOf is a record that is open.
func lotOf(d *recordView) *lot {
	return &lot{pane: d.pane, kind: lotRecord, kinds: []lotKind{lotRecord}, one: d}
}

// bounds are the rows of the pane that go out of it, unless they are marked or a group's.
func (l *lot) bounds() (from, to int) {
	v := l.pane.view
	if l.kind == lotRange {
		return v.Ord(l.from), min(v.Ord(l.to+1), v.Total())
	}
	return 0, v.Total()
}

// fault says why nothing can go out; "" when something can. done is what would be done with
// it, such as "saved".
func (l *lot) fault(done string) string {
	from, to := l.bounds()
	switch {
	case l.kind == lotMarked && len(l.pane.shownMarks()) == 0:
		return "no marked record is shown: they are let go, or left out by the filter"
	case l.kind <= lotRange && from >= to:
		return "nothing is shown that could be " + done
	}
	return ""
}

// words name a kind.
func (l *lot) words(kind lotKind) string {
	switch kind {
	case lotMarked:
		shown, marks := uint64(len(l.pane.shownMarks())), uint64(len(l.pane.marks))
		if shown < marks {
			return record.Count(shown) + " of " + record.Count(marks) + " marked"
		}
		return record.Count(marks) + " marked"
	case lotRange:
		return "the range"
	case lotGroup:
		return "the group"
	case lotRecord:
		return "this record"
	case lotShown:
	}
	return "all shown"
}

// lead is what a prompt says of the records: "save 3 marked to ".
func (l *lot) lead(verb, to string) string {
	words := " " + l.words(l.kind)
	if l.kind == lotShown {
		words = ""
	}
	if l.asShown {
		words += " as shown"
	}
	return verb + words + to
}

// hint says which keys choose other records, or another form.
func (l *lot) hint() string {
	var keys []string
	if len(l.kinds) > 1 {
		keys = append(keys, "tab "+l.words(l.next()))
	}
	if l.asShown {
		keys = append(keys, "^t as published")
	} else {
		keys = append(keys, "^t as shown")
	}
	return strings.Join(keys, " · ")
}

// next is the kind that is chosen after this one.
func (l *lot) next() lotKind {
	return l.kinds[(slices.Index(l.kinds, l.kind)+1)%len(l.kinds)]
}

// ending is what the name of a file ends in that has them.
func (l *lot) ending() string {
	if l.asShown {
		return ".txt"
	}
	return ".ndjson"
}

// askLot is a prompt for where records go, in which keys choose which, and how.
func (m *model) askLot(l *lot, verb, to, empty string) *prompt {
	pr := &prompt{}
	say := func() { pr.lead, pr.empty = l.lead(verb, to), empty+" · "+l.hint() }
	say()
	pr.note = l.hint
	pr.more = func(key string) (tea.Cmd, bool) {
		switch key {
		case "tab":
			l.kind = l.next()
		case "ctrl+t":
			l.asShown = !l.asShown
		default:
			return nil, false
		}
		say()
		pr.typed()
		return nil, true
	}
	return pr
}
