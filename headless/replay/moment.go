package replay

import (
	"fmt"
	"strings"
	"time"
)

// Moment is a place in a recording. The zero Moment is none.
type Moment struct {
	kind momentKind
	time time.Time     // absolute
	by   time.Duration // since the day began, since the start, or before the end
}

type momentKind uint8

const (
	noMoment momentKind = iota
	absolute
	timeOfDay
	sinceStart
	beforeEnd
)

// IsZero reports whether it is none.
func (m Moment) IsZero() bool { return m.kind == noMoment }

// dates are the layouts of absolute times; those without a zone are local.
var dates = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

// clocks are the layouts of times of day. Parsing takes decimals of seconds,
// too.
var clocks = []string{time.TimeOnly, "15:04"}

// ParseMoment reads a moment: a time as in RFC 3339, its zone, its seconds or
// its time of day left out; a time of day, on the recording's first day, or on
// its second when it began later than that; "+5m", so long after its start; "-5m", so long before its end.
// What has no zone is in location.
func ParseMoment(text string, location *time.Location) (Moment, error) {
	for _, layout := range dates {
		if t, err := time.ParseInLocation(layout, text, location); err == nil {
			return Moment{kind: absolute, time: t}, nil
		}
	}
	for _, layout := range clocks {
		if t, err := time.Parse(layout, text); err == nil {
			day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
			return Moment{kind: timeOfDay, by: t.Sub(day)}, nil
		}
	}
	if by, ok := strings.CutPrefix(text, "+"); ok {
		if d, err := time.ParseDuration(by); err == nil && d >= 0 {
			return Moment{kind: sinceStart, by: d}, nil
		}
	}
	if by, ok := strings.CutPrefix(text, "-"); ok {
		if d, err := time.ParseDuration(by); err == nil && d >= 0 {
			return Moment{kind: beforeEnd, by: d}, nil
		}
	}
	return Moment{}, fmt.Errorf("%q is no time: give one such as 2006-01-02T15:04:05Z, 15:04, +10m (after the start) or -5m (before the end)", text)
}

// at is the moment in a recording that begins at start, in Unix milliseconds;
// end returns when it ends, and is called only when that matters.
func (m Moment) at(start int64, end func() (int64, error), location *time.Location) (int64, error) {
	switch m.kind {
	case absolute:
		return m.time.UnixMilli(), nil
	case timeOfDay:
		first := time.UnixMilli(start).In(location)
		t := m.on(first, 0, location)
		if t.Before(first) {
			// On the next day, if the recording goes on until then.
			last, err := end()
			if next := m.on(first, 1, location); err == nil && next.UnixMilli() <= last {
				return next.UnixMilli(), nil
			}
		}
		return t.UnixMilli(), nil
	case sinceStart:
		return start + m.by.Milliseconds(), nil
	case beforeEnd:
		last, err := end()
		return last - m.by.Milliseconds(), err
	}
	return 0, nil
}

// on is a time of day, so many days after the day of first. It is the clock's
// reading, and not the time since midnight: they differ on the days when summer
// time begins and ends.
func (m Moment) on(first time.Time, days int, location *time.Location) time.Time {
	by := m.by
	return time.Date(first.Year(), first.Month(), first.Day()+days,
		int(by/time.Hour), int(by/time.Minute%60), int(by/time.Second%60), int(by%time.Second), location)
}
