package tui

import (
	"regexp"

	"sluice/cluster/record"
)

// filter chooses the rows of a pane. The zero filter shows all. Gaps always
// show.
type filter struct {
	level record.Level
	grep  *regexp.Regexp
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

func (f *filter) empty() bool { return f.level == 0 && f.grep == nil }

func (f *filter) match(e *entry, data []byte) bool {
	if e.kind.told() {
		return true
	}
	// As in record.Filter, a record without a level counts as info.
	if level := record.Level(e.level); level < f.level && (level != 0 || f.level > record.Info) {
		return false
	}
	return f.grep == nil || f.grep.Match(data)
}

// chips are what the pane's header says about the filter.
func (f *filter) chips() []string {
	var chips []string
	if f.level != 0 {
		chips = append(chips, "level ≥ "+f.level.String())
	}
	if f.grep != nil {
		chips = append(chips, "grep "+record.Safe(f.grep.String()))
	}
	return chips
}
