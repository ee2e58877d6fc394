package tui

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/cluster/record"
	"sluice/tui/query"
)

// openFilter asks for the pane's terms, beginning with those that it has. They
// are tried as they are typed, and undone when the prompt is left.
func (m *model) openFilter(p *pane) {
	before, place := p.view.Filter(), p.view.Place()
	// What few records pass while a term is half typed leads away from where one was.
	try := func(f query.Filter) {
		p.view.Back(place)
		p.setFilter(f)
	}
	pr := &prompt{lead: "filter ", empty: `timeout  -health  tenant=acme  status>=500  level>=warn  req.url~^/api  "two words"  /regexp/`, past: &m.filters}
	if offered := m.config.Settings.offered(); offered != "" {
		pr.empty = offered + " · " + pr.empty
	}
	pr.input.set(before.Text())
	if pr.input.text() != "" {
		pr.input.insert(" ") // for the next term
	}
	pr.changed = func() {
		if terms, err := query.Parse(pr.input.text()); err == nil {
			try(before.WithTerms(terms))
		}
	}
	pr.more = m.filterKeys(pr)
	pr.note = func() string {
		if _, err := query.Parse(pr.input.text()); err != nil {
			return err.Error()
		}
		return p.shownText()
	}
	pr.left = func() { try(before) }
	pr.done = func(text string) doneWith {
		terms, err := query.Parse(text)
		if err != nil {
			return doneWith{fault: err.Error()}
		}
		try(before.WithTerms(terms))
		return doneWith{}
	}
	m.openDialog(pr)
}

// shownText is how many of the pane's records the filter shows.
func (p *pane) shownText() string {
	v := p.view
	held := record.Count(uint64(v.Store().Held()))
	switch {
	case v.Filter().Empty():
		return "all " + held + " shown"
	case !v.Complete():
		return record.Count(uint64(v.Total())) + "+ of " + held + " shown"
	}
	return fmt.Sprintf("%s of %s shown", record.Count(uint64(v.Total())), held)
}

// narrow adds a term to the pane's filter: only records whose field has a value,
// or only those whose field has not.
func (p *pane) narrow(field, value string, not bool) error {
	operator := "="
	if not {
		operator = "!="
	}
	terms, err := query.Parse(field + operator + quoted(value))
	if err != nil || len(terms) != 1 {
		return fmt.Errorf("filter by %q: its name cannot be written in a filter", field)
	}
	f, err := extended(p.view.Filter(), terms, "the field "+strconv.Quote(field), field+"~…")
	if err != nil {
		return err
	}
	p.setFilter(f)
	return nil
}

// extended is a filter with more terms, if the prompt can show them: what it could not
// show as it is would be another filter after it. what they are of, and a part that
// could be filtered by instead, are for the error.
func extended(before query.Filter, terms []query.Term, what, part string) (query.Filter, error) {
	f := before.With(terms...)
	var typed input
	typed.set(f.Text())
	switch {
	case before.Full():
		return f, fmt.Errorf("filter by %s: the filter has %d terms already: take one away", what, query.MaxTerms)
	case len([]rune(f.Text())) > maxInput:
		return f, fmt.Errorf("filter by %s: that is too long: filter by a part of it, as in %s", what, part)
	case typed.text() != f.Text():
		return f, fmt.Errorf("filter by %s: its value has line breaks or bad characters: filter by a part of it, as in %s", what, part)
	}
	return f, nil
}

// quoted is a value as a filter reads it.
func quoted(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\"\\") {
		return value
	}
	return query.Quote(value)
}
