package record

import (
	"fmt"
	"strconv"
	"strings"
)

// Level is a record's level in bunyan's numbers; 0 is none, and [Unknown] one that
// the record states in a way that nobody here understands.
type Level int

// Unknown is the level of a record that states one, and it is not known which: a
// word or number that is in no table. It may be any; so a filter for a level and
// above lets it pass, see [Level.AtLeast].
const Unknown Level = -1

// Bunyan's levels.
const (
	Trace Level = 10
	Debug Level = 20
	Info  Level = 30
	Warn  Level = 40
	Error Level = 50
	Fatal Level = 60
)

// MaxLevel is the highest level that a record may have.
const MaxLevel = 999_999_999

var levelNames = [...]struct {
	name  string
	level Level
}{
	{"trace", Trace},
	{"debug", Debug},
	{"info", Info},
	{"warn", Warn},
	{"error", Error},
	{"fatal", Fatal},
}

// ParseLevel reads a level: a word of at least three letters, as loggers write it,
// in any case, or bunyan's number. It reads what [Level.String] writes.
func ParseLevel(s string) (Level, error) {
	if len(s) >= 3 && isLetter(s[len(s)-1]) {
		if l, ok := bareLevel([]byte(s)); ok {
			return l, nil
		}
	}
	switch strings.ToLower(s) {
	case "none":
		return 0, nil
	case "unknown":
		return Unknown, nil
	}
	digits := s
	if len(s) > 3 && strings.EqualFold(s[:3], "lvl") {
		digits = s[3:]
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > MaxLevel {
		return 0, fmt.Errorf("parse level %q: want trace, debug, info, warn, error, fatal or a number such as 35", s)
	}
	return Level(n), nil
}

// String returns the level's name in lower case, "none" for 0, and "lvl35" for
// a number that has no name.
func (l Level) String() string {
	for i := range levelNames {
		if levelNames[i].level == l {
			return levelNames[i].name
		}
	}
	switch l {
	case 0:
		return "none"
	case Unknown:
		return "unknown"
	}
	return "lvl" + strconv.Itoa(int(l))
}

// AtLeast reports whether a record of this level passes a filter for a level and
// above. One without a level counts as [Info], the level that [Normalise] gives to
// what is no JSON object. One whose level is [Unknown] passes: it may be an error,
// and hiding it would say that there is none.
func (l Level) AtLeast(least Level) bool {
	switch l {
	case Unknown:
		return true
	case 0:
		return Info >= least
	}
	return l >= least
}
