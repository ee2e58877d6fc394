package query

import (
	"sluice/cluster/jsonscan"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/tui/find"
)

// Term is one condition of a filter, made ready to test rows.
type Term struct {
	query.Term
	any     [][]Term    // of a group or a set: its alternatives
	matcher *Matcher    // of a term with a pattern: what the row shows
	word    find.Finder // of the others: its Word
	key     string      // its Key, and with its quotes
	quoted  find.Finder
}

// Parse reads the terms of a filter. The error is a [*query.Error].
func Parse(text string) ([]Term, error) {
	parsed, err := query.Parse(text)
	if err != nil {
		return nil, err
	}
	return ready(parsed), nil
}

// ready makes terms ready to test rows.
func ready(parsed []query.Term) []Term {
	terms := make([]Term, len(parsed))
	for i, t := range parsed {
		terms[i] = Term{Term: t, word: find.New(t.Word, false)}
		for _, all := range t.Any {
			terms[i].any = append(terms[i].any, ready(all))
		}
		if t.Pattern != nil {
			terms[i].matcher = matcherOf(t.Pattern)
		}
		if terms[i].key = t.Key(); terms[i].key != "" {
			terms[i].quoted = find.New(`"`+terms[i].key+`"`, false)
		}
	}
	return terms
}

// match reports whether a row passes.
func (t *Term) match(r *Row) bool {
	if t.matcher != nil {
		return t.matcher.Match(r) != t.Not
	}
	if t.key != "" && r.trusted() {
		if f := r.known(); f != nil {
			if passes, known := f.term(t); known {
				return passes
			}
		}
	}
	if t.word.IsSet() && r.trusted() && !t.word.Same(r.has) && !t.word.In(r.Data) && !t.OfOrigin() {
		return t.Not
	}
	if t.key != "" && r.trusted() {
		if value := t.valueIn(r.Data); value != nil {
			return t.MatchValue(value)
		}
	}
	if t.any != nil {
		return t.matchAny(r) != t.Not
	}
	return t.Match(&query.Record{Data: r.Data, Level: record.Level(r.Entry.Level), Source: r.source(), Stream: r.stream()})
}

// matchAny reports whether a row passes all terms of an alternative.
func (t *Term) matchAny(r *Row) bool {
	for _, all := range t.any {
		passes := true
		for i := range all {
			if passes = all[i].match(r); !passes {
				break
			}
		}
		if passes {
			return true
		}
	}
	return false
}

// valueIn is the value of the term's key in a record that spells its words plainly. It
// is nil when there is none, or when it stands there twice: then the last counts, as Match has it.
func (t *Term) valueIn(data []byte) []byte {
	value, rest := jsonscan.First(data, t.key)
	if value == nil || t.quoted.In(rest) {
		return nil
	}
	return value
}

// Quote writes a text in quotes, as a term has it.
func Quote(text string) string { return query.Quote(text) }
