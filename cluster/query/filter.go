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
}

// Match reports whether a record matches.
func (f *Filter) Match(data []byte) bool {
	if f == nil {
		return true
	}
	if f.Level > 0 && !record.PeekLevel(data).AtLeast(f.Level) {
		return false
	}
	return f.Grep == nil || f.Grep.Match(data)
}
