package query

import (
	"regexp"

	"sluice/cluster/record"
)

// Filter chooses records. The zero Filter, and a nil one, match all.
type Filter struct {
	// Level is the lowest level that matches. A record without a level counts
	// as [record.Info], the level that [record.Normalise] gives to what is no
	// JSON object.
	Level record.Level
	// Grep must match the raw JSON, when not nil.
	Grep *regexp.Regexp
}

// Match reports whether a record matches.
func (f *Filter) Match(data []byte) bool {
	if f == nil {
		return true
	}
	if f.Level > 0 && orInfo(record.Peek(data).Level) < f.Level {
		return false
	}
	return f.Grep == nil || f.Grep.Match(data)
}

// orInfo is a record's level; one without counts as info.
func orInfo(level record.Level) record.Level {
	if level == 0 {
		return record.Info
	}
	return level
}
