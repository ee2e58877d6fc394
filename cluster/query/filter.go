package query

import (
	"regexp"

	"sluice/cluster/record"
)

// Filter chooses records. The zero Filter, and a nil one, match all.
type Filter struct {
	// Level is the lowest level that matches, see [record.Level.AtLeast]: a record
	// without a level counts as info, and one whose level is not understood
	// matches.
	Level record.Level
	// Grep must match the raw JSON, when not nil.
	Grep *regexp.Regexp
	// Where is what the record must meet, when not nil; texts in it are looked for in
	// the JSON.
	Where *Where
}

// Where is a filter as [Parse] reads it, for raw records.
type Where struct {
	Text    string
	terms   []Term
	leveled bool
}

// ParseWhere reads a filter; nil if there is nothing in it.
func ParseWhere(text string) (*Where, error) {
	terms, err := Parse(text)
	if err != nil || len(terms) == 0 {
		return nil, err
	}
	w := &Where{Text: text, terms: terms}
	for i := range terms {
		w.leveled = w.leveled || terms[i].Compares("level")
	}
	return w, nil
}

// Match reports whether a record, of a stream and a consolidator, meets all.
func (w *Where) Match(data []byte, stream, source string) bool {
	r := Record{Data: data, Stream: stream, Source: source}
	if w.leveled {
		r.Level = record.PeekLevel(data)
	}
	for i := range w.terms {
		if !w.terms[i].MatchRaw(&r) {
			return false
		}
	}
	return true
}

// Match reports whether a record matches, of a stream and a consolidator; "" if it has none.
func (f *Filter) Match(data []byte, stream, source string) bool {
	if f == nil {
		return true
	}
	if f.Level > 0 && !record.PeekLevel(data).AtLeast(f.Level) {
		return false
	}
	if f.Grep != nil && !f.Grep.Match(data) {
		return false
	}
	return f.Where == nil || f.Where.Match(data, stream, source)
}
