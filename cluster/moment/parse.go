package moment

import (
	"fmt"
	"strings"
	"time"
)

// maxLength bounds what is read, in bytes.
const maxLength = 64

// Examples are moments to show to whoever wrote something else.
const Examples = "14:05, mon 14:00, yesterday, 2026-03-01 14:05, 2026-03-01T14:05:00Z, -2h or +5m"

// Moment is a time as somebody wrote it. The zero Moment is none.
type Moment struct {
	kind kind
	span time.Duration // of ago and after

	year, day int // day of the month
	month     time.Month
	weekday   time.Weekday
	daysAgo   int

	clock time.Duration  // of the day, by the clock's reading
	zone  *time.Location // nil: the Frame's
}

type kind uint8

const (
	none   kind = iota
	ago         // so long before the newest
	after       // so long after a place
	dated       // a year, month and day
	recent      // so many of the person's days ago
	daily       // a time of day
	weekly      // a day of the week
	yearly      // a month and day
)

// IsZero reports whether it is none.
func (m Moment) IsZero() bool { return m.kind == none }

// Ahead reports whether it is written as so long after a place: "+5m".
func (m Moment) Ahead() bool { return m.kind == after }

// Parse reads a moment. Its errors are for the person who wrote it, and name what is
// possible.
func Parse(text string) (Moment, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Moment{}, fmt.Errorf("no time is given: write %s", Examples)
	}
	if len(text) > maxLength {
		return Moment{}, fmt.Errorf("a text of %d bytes is no time: write %s", len(text), Examples)
	}
	if m, span, err := parseSpan(text); span {
		return m, err
	}
	var m Moment
	var day []string
	clocked := false
	for _, word := range words(text) {
		switch clock, zone, is, err := parseClock(word, len(day) == 1 && isCompact(day[0])); {
		case err != nil:
			return Moment{}, fmt.Errorf("%q is no time: %w", text, err)
		case is && clocked:
			return Moment{}, fmt.Errorf("%q has two times of day: write one, as in mon 14:00", text)
		case is:
			m.clock, m.zone, clocked = clock, zone, true
		default:
			if zone := parseZone(word); zone != nil && clocked && m.zone == nil {
				m.zone = zone
				continue
			}
			day = append(day, word)
		}
	}
	switch err := m.parseDay(strings.Join(day, " ")); {
	case err != nil:
		return Moment{}, fmt.Errorf("%q is no time: %w", text, err)
	case m.kind == none && !clocked, m.kind == none && len(day) > 0:
		return Moment{}, fmt.Errorf("%q is no time: write %s", text, Examples)
	case m.kind == none:
		m.kind = daily
	}
	return m, nil
}

// words divides a text at blanks and commas, and at the T between a date and a time of
// day.
func words(text string) []string {
	b := []byte(text)
	digit := func(i int) bool { return i >= 0 && i < len(b) && b[i] >= '0' && b[i] <= '9' }
	for i, c := range b {
		switch {
		case (c == 'T' || c == 't') && digit(i-1) && digit(i+1):
			b[i] = ' '
		case c == ',' && !digit(i+1):
			b[i] = ' ' // "Mar 4, 2026"; otherwise before decimals
		}
	}
	return strings.Fields(string(b))
}
