package tui

import (
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/record"
	"sluice/tui/query"
)

// filter is the filter of the pane with the chosen group, with its records alone or without
// them; alike is how many records of other groups look the same to it.
func (v *groupsView) filter(not bool) (f query.Filter, alike uint64, err error) {
	t := &v.sorted[v.at]
	if t.Rest {
		return f, 0, errors.New("no filter tells these from others: they are what fits none of the groups")
	}
	but, alike := v.groups.Alike(t.Text)
	f, err = groupFilter(v.pane.view.Filter(), t.Text, but, not)
	return f, alike, err
}

// narrow filters the pane by the chosen group: only its records, or all others.
func (v *groupsView) narrow(m *model, not bool) tea.Cmd {
	if v.at >= len(v.sorted) {
		return nil
	}
	before := v.pane.view.Filter()
	f, more, err := v.filter(not)
	if err != nil {
		return m.notify(err.Error())
	}
	v.pane.setFilter(f)
	var said tea.Cmd
	if more > 0 {
		said = m.notify(fmt.Sprintf("%s records of other groups look the same to a filter", record.Count(more)))
	}
	if not {
		v.chosen = ""
		v.fold(m)
		return said
	}
	v.entered, v.before, v.within = f, before, true
	v.leave(m)
	return said
}

// give asks where the records of the chosen group go.
func (v *groupsView) give(m *model, ask func(*lot)) tea.Cmd {
	if v.at >= len(v.sorted) {
		return m.notify("no group is here")
	}
	f, alike, err := v.filter(false)
	if err != nil {
		return m.notify(err.Error())
	}
	ask(&lot{pane: v.pane, kind: lotGroup, kinds: []lotKind{lotGroup}, filter: f, alike: alike})
	return nil
}

// backToGroups goes from the records of a group back to the groups, if the pane's filter
// is the one that the group made.
func (m *model) backToGroups(p *pane) tea.Cmd {
	v := p.groups
	if now := p.view.Filter(); v == nil || !v.within || !now.Within(v.entered) || !v.entered.Within(now) {
		return nil
	}
	p.setFilter(v.before)
	return m.openGroups(p)
}

// groupFilter is a filter with a group: with its records alone, or without them. but are
// templates of other groups that its template stands for, too.
func groupFilter(f query.Filter, text string, but []string, not bool) (query.Filter, error) {
	terms := []string{"msg like " + query.Quote(text)}
	for _, other := range but {
		terms = append(terms, "msg not like "+query.Quote(other))
	}
	written := strings.Join(terms, " ")
	switch {
	case not && len(but) > 0:
		written = "-(" + written + ")"
	case not:
		written = "msg not like " + query.Quote(text)
	}
	parsed, err := query.Parse(written)
	if err != nil {
		return f, fmt.Errorf("filter by the group: %w", err)
	}
	return extended(f, parsed, "the group", "a word of it")
}
