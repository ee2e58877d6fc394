package tui

import (
	"regexp"
	"slices"
	"strings"

	"sluice/cluster/query"
	"sluice/cluster/record"
)

// filter chooses the rows of a pane: those that pass everything in it. The
// zero filter shows all. Gaps and the states of sources always show. A filter
// never changes; its methods return others.
type filter struct {
	level record.Level
	grep  *regexp.Regexp // on the record's JSON, as --grep says
	terms []term
}

// levels is the order in which the level keys go.
var levels = []record.Level{0, record.Trace, record.Debug, record.Info, record.Warn, record.Error, record.Fatal}

// nextLevel returns the level that is step places on, around the end.
func nextLevel(level record.Level, step int) record.Level {
	for i, l := range levels {
		if l >= level {
			return levels[(i+step+len(levels))%len(levels)]
		}
	}
	return 0
}

func (f *filter) empty() bool { return f.level == 0 && f.grep == nil && len(f.terms) == 0 }

// match reports whether a row is shown.
func (f *filter) match(r *row) bool {
	if r.e.kind.told() {
		return true
	}
	// As in query.Filter, a record without a level counts as info.
	if level := record.Level(r.e.level); level < f.level && (level != 0 || f.level > record.Info) {
		return false
	}
	if f.grep != nil && !f.grep.Match(r.data) {
		return false
	}
	for i := range f.terms {
		if !f.terms[i].match(r) {
			return false
		}
	}
	return true
}

// with returns the filter with more terms; those that it has already are not
// added again.
func (f filter) with(terms ...term) filter {
	all := slices.Clone(f.terms)
	for _, t := range terms {
		if len(all) < query.MaxTerms && !slices.ContainsFunc(all, func(other term) bool { return other.Text == t.Text }) {
			all = append(all, t)
		}
	}
	f.terms = all
	return f
}

// withTerms returns the filter with other terms, as the prompt does that edits
// them all.
func (f filter) withTerms(terms []term) filter {
	f.terms = nil
	return f.with(terms...)
}

// without returns the filter without its i-th chip.
func (f filter) without(i int) filter {
	if f.level != 0 {
		if i == 0 {
			f.level = 0
			return f
		}
		i--
	}
	if f.grep != nil {
		if i == 0 {
			f.grep = nil
			return f
		}
		i--
	}
	if i >= 0 && i < len(f.terms) {
		f.terms = slices.Delete(slices.Clone(f.terms), i, i+1)
	}
	return f
}

// text is the terms as they are typed; parseFilter reads it.
func (f *filter) text() string {
	texts := make([]string, len(f.terms))
	for i := range f.terms {
		texts[i] = f.terms[i].Text
	}
	return strings.Join(texts, " ")
}

// chips are what the pane's header says about the filter, one a condition,
// sanitised.
func (f *filter) chips() []string {
	var chips []string
	if f.level != 0 {
		chips = append(chips, "level ≥ "+f.level.String())
	}
	if f.grep != nil {
		chips = append(chips, "grep "+record.Safe(f.grep.String()))
	}
	for i := range f.terms {
		chips = append(chips, record.Safe(f.terms[i].String()))
	}
	return chips
}
