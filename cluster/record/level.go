package record

import (
	"fmt"
	"strconv"
	"strings"
)

// Level is a record's level in bunyan's numbers; 0 is none.
type Level int

// Bunyan's levels.
const (
	Trace Level = 10
	Debug Level = 20
	Info  Level = 30
	Warn  Level = 40
	Error Level = 50
	Fatal Level = 60
)

const maxLevel = 999_999_999

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
	{"warning", Warn},
}

// ParseLevel reads a level's name in any case, or its number. It reads what
// [Level.String] writes.
func ParseLevel(s string) (Level, error) {
	if l := levelNamed(s); l != 0 {
		return l, nil
	}
	if strings.EqualFold(s, "none") {
		return 0, nil
	}
	digits := s
	if len(s) > 3 && strings.EqualFold(s[:3], "lvl") {
		digits = s[3:]
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > maxLevel {
		return 0, fmt.Errorf("parse level %q: want trace, debug, info, warn, error, fatal or a number such as 35", s)
	}
	return Level(n), nil
}

// levelNamed returns the level that name stands for, in any case, or 0.
func levelNamed[T string | []byte](name T) Level {
	for i := range levelNames {
		if equalFold(name, levelNames[i].name) {
			return levelNames[i].level
		}
	}
	return 0
}

// equalFold reports whether s is the same as lower, which is lower-case ASCII,
// apart from the case of ASCII letters.
func equalFold[T string | []byte](s T, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(lower) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// String returns the level's name in lower case, "none" for 0, and "lvl35" for
// a number that has no name.
func (l Level) String() string {
	for i := range levelNames {
		if levelNames[i].level == l {
			return levelNames[i].name
		}
	}
	if l == 0 {
		return "none"
	}
	return "lvl" + strconv.Itoa(int(l))
}
