package moment

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// longest bounds a span of time: ten thousand weeks.
const longest = 10_000 * 7 * 24 * time.Hour

// parseSpan reads a moment that is a span of time from another; is tells whether it
// is meant for one.
func parseSpan(text string) (m Moment, is bool, err error) {
	m.kind = ago
	rest := text
	switch text[0] {
	case '+':
		m.kind = after
		rest = text[1:]
	case '-':
		rest = text[1:]
	default:
		if !spanned(text) {
			return Moment{}, false, nil
		}
	}
	if m.span, err = span(strings.ReplaceAll(rest, " ", "")); err != nil {
		return Moment{}, true, fmt.Errorf("%q is no time: %w", text, err)
	}
	return m, true, nil
}

// spanned reports whether a text without a sign is a span: it begins with a number
// and ends with a unit.
func spanned(text string) bool {
	unit := strings.TrimLeft(text, "0123456789.")
	if len(unit) == len(text) || unit == "" {
		return false
	}
	for _, u := range units {
		if rest, ok := strings.CutPrefix(strings.ToLower(strings.TrimLeft(unit, " ")), u.name); ok {
			return rest == "" || rest[0] == ' ' || rest[0] >= '0' && rest[0] <= '9'
		}
	}
	return false
}

// units are those of spans, none before one that it begins.
var units = []struct {
	name string
	span time.Duration
}{
	{"weeks", 7 * 24 * time.Hour},
	{"week", 7 * 24 * time.Hour},
	{"w", 7 * 24 * time.Hour},
	{"days", 24 * time.Hour},
	{"day", 24 * time.Hour},
	{"d", 24 * time.Hour},
	{"hours", time.Hour},
	{"hour", time.Hour},
	{"h", time.Hour},
	{"minutes", time.Minute},
	{"minute", time.Minute},
	{"mins", time.Minute},
	{"min", time.Minute},
	{"ms", time.Millisecond},
	{"m", time.Minute},
	{"seconds", time.Second},
	{"second", time.Second},
	{"secs", time.Second},
	{"sec", time.Second},
	{"s", time.Second},
	{"us", time.Microsecond},
	{"µs", time.Microsecond},
	{"ns", time.Nanosecond},
}

// span reads numbers with units, without blanks: 90s, 1.5h, 1d12h.
func span(text string) (time.Duration, error) {
	const example = "write a span of time such as 90s, 5m, 2h, 1d12h or 1w"
	sum := 0.0
	rest := strings.ToLower(text)
	for first := true; first || rest != ""; first = false {
		unit := strings.TrimLeft(rest, "0123456789.")
		n, err := strconv.ParseFloat(rest[:len(rest)-len(unit)], 64)
		if err != nil {
			return 0, fmt.Errorf("%s", example)
		}
		found := false
		for _, u := range units {
			if rest, found = strings.CutPrefix(unit, u.name); found {
				sum += n * float64(u.span)
				break
			}
		}
		switch {
		case unit == "":
			return 0, fmt.Errorf("%s has no unit: %s", text, example)
		case !found:
			return 0, fmt.Errorf("%q is no unit: %s", unit, example)
		case sum > float64(longest):
			return 0, fmt.Errorf("%s is longer than %d weeks", text, longest/(7*24*time.Hour))
		}
	}
	return time.Duration(sum), nil
}
