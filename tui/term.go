package tui

import (
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/tui/find"
)

// term is one condition of a filter, made ready to test rows.
type term struct {
	query.Term
	matcher *matcher    // of a term with a pattern: what the row shows
	word    find.Finder // of the others: its Word
}

// parseFilter reads the terms of a filter. The error is a [*query.Error].
func parseFilter(text string) ([]term, error) {
	parsed, err := query.Parse(text)
	if err != nil {
		return nil, err
	}
	terms := make([]term, len(parsed))
	for i, t := range parsed {
		terms[i] = term{Term: t, word: find.New(t.Word, false)}
		if t.Pattern != nil {
			terms[i].matcher = newMatcher(t.Pattern)
		}
	}
	return terms, nil
}

// match reports whether a row passes.
func (t *term) match(r *row) bool {
	if t.matcher != nil {
		return t.matcher.match(r) != t.Not
	}
	if t.word.IsSet() && r.trusted() && !t.word.In(r.data) && !t.OfOrigin() {
		return t.Not
	}
	return t.Match(&query.Record{Data: r.data, Level: record.Level(r.e.level), Source: r.source(), Stream: r.stream()})
}
