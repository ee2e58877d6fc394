package moment

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const compactDate = "20060102"

// dates are the layouts of days with a year, and daysOfYear of those without.
var (
	dates      = []string{time.DateOnly, "2006/01/02", compactDate, "2 Jan 2006", "Jan 2 2006", "2 January 2006", "January 2 2006"}
	daysOfYear = []string{"01-02", "Jan 2", "2 Jan", "January 2", "2 January"}
)

// isCompact reports whether a word is a date of digits alone.
func isCompact(word string) bool {
	return len(word) == len(compactDate) && strings.Trim(word, "0123456789") == ""
}

// leapYear is one, so that a day without a year may be 29 February.
const leapYear = "2000 "

// parseDay reads the day of a moment; without one its kind stays none.
func (m *Moment) parseDay(text string) error {
	if text == "" {
		return nil
	}
	switch strings.ToLower(text) {
	case "today":
		m.kind = recent
		return nil
	case "yesterday":
		m.kind, m.daysAgo = recent, 1
		return nil
	case "tomorrow":
		m.kind, m.daysAgo = recent, -1
		return nil
	}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); isWeekday(strings.ToLower(text), name) {
			m.kind, m.weekday = weekly, d
			return nil
		}
	}
	for _, layout := range dates {
		t, err := time.Parse(layout, text)
		switch {
		case err == nil && t.Year() == 0:
			return errors.New("years are 1 to 9999")
		case err == nil:
			m.kind, m.year, m.month, m.day = dated, t.Year(), t.Month(), t.Day()
			return nil
		case outOfRange(layout, text, err):
			return fmt.Errorf("the calendar has no %s", text)
		}
	}
	for _, layout := range daysOfYear {
		t, err := time.Parse("2006 "+layout, leapYear+text)
		switch {
		case err == nil:
			m.kind, m.month, m.day = yearly, t.Month(), t.Day()
			return nil
		case outOfRange(layout, text, err):
			return fmt.Errorf("the calendar has no %s", text)
		}
	}
	return nil
}

// isWeekday reports whether a text is a day's name, or its first letters: three at
// least, and what people use.
func isWeekday(text, name string) bool {
	switch len(text) {
	case 3, 4, 5, len(name):
		return strings.HasPrefix(name, text)
	}
	return false
}

// outOfRange reports whether a text has the form of a layout, and a number that the
// calendar has not.
func outOfRange(layout, text string, err error) bool {
	form := func(text string) string {
		return strings.Map(func(r rune) rune {
			switch {
			case r >= '0' && r <= '9':
				return '0'
			case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
				return -1
			}
			return r
		}, text)
	}
	like := form(layout) == form(text) || strings.Contains(layout, "Jan") // its number is read last
	return like && strings.HasSuffix(err.Error(), "out of range")
}
