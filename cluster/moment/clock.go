package moment

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

var errClock = errors.New("write a time of day from 00:00 to 23:59, as in 14:05 or 14:05:30.5")

// parseClock reads a time of day, and the zone behind it if there is one; is tells
// whether a word is meant for one. compact allows it without colons, as in 140500.
func parseClock(word string, compact bool) (clock time.Duration, zone *time.Location, is bool, err error) {
	digits := strings.IndexFunc(word, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(word)
	}
	switch {
	case digits == 0:
		return 0, nil, false, nil
	case compact && (digits == 4 || digits == 6):
		colons := word[:2] + ":" + word[2:4]
		if digits == 6 {
			colons += ":" + word[4:6]
		}
		word = colons + word[digits:]
	case digits == len(word) || word[digits] != ':':
		return 0, nil, false, nil
	}
	end := strings.IndexFunc(word, func(r rune) bool { return (r < '0' || r > '9') && r != ':' && r != '.' && r != ',' })
	if end < 0 {
		end = len(word)
	}
	if end < len(word) {
		if zone = parseZone(word[end:]); zone == nil {
			return 0, nil, true, fmt.Errorf("write a zone as Z, UTC or +01:00 (not %q)", word[end:])
		}
	}
	text := strings.Replace(word[:end], ",", ".", 1)
	for _, layout := range []string{"15:04:05.999999999", "15:04"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)), zone, true, nil
		}
	}
	return 0, nil, true, errClock
}

// parseZone reads a zone; nil when the word is none.
func parseZone(word string) *time.Location {
	switch strings.ToUpper(word) {
	case "Z", "UTC", "GMT":
		return time.UTC
	}
	for _, layout := range []string{"-07:00", "-0700", "-07"} {
		if t, err := time.Parse(layout, word); err == nil {
			_, offset := t.Zone()
			return time.FixedZone("", offset)
		}
	}
	return nil
}
