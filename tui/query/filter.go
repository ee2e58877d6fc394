package query

import (
	"regexp"
	"slices"
	"strings"

	"sluice/cluster/query"
	"sluice/cluster/record"
)

// Filter chooses the rows of a pane: those that pass everything in it. The
// zero filter shows all. Gaps and the states of sources always show. A filter
// never changes; its methods return others.
type Filter struct {
	Level record.Level
	Grep  *regexp.Regexp // on the record's JSON, as --grep says
	terms []Term
}

// MaxTerms bounds a filter.
const MaxTerms = query.MaxTerms

// levels is the order in which the level keys go.
var levels = []record.Level{0, record.Trace, record.Debug, record.Info, record.Warn, record.Error, record.Fatal}

// NextLevel returns the level that is step places on, and the last one at either end:
// fatal, and 0, which is all. A level between two counts as the one above it.
func NextLevel(level record.Level, step int) record.Level {
	at := slices.IndexFunc(levels, func(l record.Level) bool { return l >= level })
	if at < 0 {
		at = len(levels) - 1
	}
	return levels[min(max(at+step, 0), len(levels)-1)]
}

// Empty reports whether the filter shows all.
func (f Filter) Empty() bool { return f.Level == 0 && f.Grep == nil && len(f.terms) == 0 }

// Match reports whether a row is shown.
func (f *Filter) Match(r *Row) bool {
	if r.Entry.Kind.Notice() {
		return true
	}
	if f.Level > 0 && !record.Level(r.Entry.Level).AtLeast(f.Level) {
		return false
	}
	if f.Grep != nil && !f.Grep.Match(r.Data) {
		return false
	}
	for i := range f.terms {
		if !f.terms[i].match(r) {
			return false
		}
	}
	return true
}

// Within reports whether everything that passes f passes other, too, as far as their
// conditions show it.
func (f Filter) Within(other Filter) bool {
	if f.Level < other.Level || other.Grep != nil && (f.Grep == nil || f.Grep.String() != other.Grep.String()) {
		return false
	}
	for i := range other.terms {
		if !slices.ContainsFunc(f.terms, func(t Term) bool { return t.Text == other.terms[i].Text }) {
			return false
		}
	}
	return true
}

// Full reports whether the filter can have no more terms.
func (f Filter) Full() bool { return len(f.terms) == MaxTerms }

// With returns the filter with more terms; those that it has already are not
// added again.
func (f Filter) With(terms ...Term) Filter {
	all := slices.Clone(f.terms)
	for _, t := range terms {
		if len(all) < MaxTerms && !slices.ContainsFunc(all, func(other Term) bool { return other.Text == t.Text }) {
			all = append(all, t)
		}
	}
	f.terms = all
	return f
}

// WithTerms returns the filter with other terms, as the prompt does that edits
// them all.
func (f Filter) WithTerms(terms []Term) Filter {
	f.terms = nil
	return f.With(terms...)
}

// Without returns the filter without its i-th chip.
func (f Filter) Without(i int) Filter {
	if f.Level != 0 {
		if i == 0 {
			f.Level = 0
			return f
		}
		i--
	}
	if f.Grep != nil {
		if i == 0 {
			f.Grep = nil
			return f
		}
		i--
	}
	if i >= 0 && i < len(f.terms) {
		f.terms = slices.Delete(slices.Clone(f.terms), i, i+1)
	}
	return f
}

// Fields are the fields that a record must have, other than those that each row has.
func (f Filter) Fields() []string {
	var fields []string
	for i := range f.terms {
		if t := &f.terms[i]; t.Pattern == nil && t.Any == nil && !t.Not && t.Field != "level" && !t.OfOrigin() {
			fields = append(fields, t.Field)
		}
	}
	return fields
}

// Text is the terms as they are typed; Parse reads it.
func (f Filter) Text() string {
	texts := make([]string, len(f.terms))
	for i := range f.terms {
		texts[i] = f.terms[i].Text
	}
	return strings.Join(texts, " ")
}

// Chips are what the pane's header says about the filter, one a condition,
// sanitised.
func (f Filter) Chips() []string {
	var chips []string
	if f.Level != 0 {
		chips = append(chips, "level ≥ "+f.Level.String())
	}
	if f.Grep != nil {
		chips = append(chips, "grep "+record.Safe(f.Grep.String()))
	}
	for i := range f.terms {
		chips = append(chips, record.Safe(f.terms[i].String()))
	}
	return chips
}
