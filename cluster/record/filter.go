package record

import "regexp"

// Filter chooses records. The zero Filter, and a nil one, match all.
type Filter struct {
	// Level is the lowest level that matches. A record without a level counts
	// as [Info], the level that [Normalise] gives to what is no JSON object.
	Level Level
	// Grep must match the raw JSON, when not nil.
	Grep *regexp.Regexp
}

// Match reports whether a record matches.
func (f *Filter) Match(data []byte) bool {
	if f == nil {
		return true
	}
	if f.Level > 0 {
		level := Peek(data).Level
		if level == 0 {
			level = Info
		}
		if level < f.Level {
			return false
		}
	}
	return f.Grep == nil || f.Grep.Match(data)
}
