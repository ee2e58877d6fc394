package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// clockMode is how rows show their time.
type clockMode uint8

const (
	clockLocal clockMode = iota
	clockUTC
	clockAgo
)

var clockNames = [...]string{"local", "utc", "ago"}

func (c clockMode) String() string { return clockNames[c] }

// sentence describes how times are shown from now on.
func (c clockMode) sentence(local *time.Location, now time.Time) string {
	switch c {
	case clockUTC:
		return "times in UTC"
	case clockAgo:
		return "times as how long ago it was"
	case clockLocal:
	}
	return "times of this place, " + now.In(local).Format("MST, -07:00")
}

// location is where the times shown are.
func (m *model) location() *time.Location {
	if m.clock == clockUTC {
		return time.UTC
	}
	return m.config.Location
}

// ago is a time that has passed, in at most 7 letters.
func ago(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm %02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh %02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	if days := int(d.Hours()) / 24; days >= 100 {
		return fmt.Sprintf("%dd", days)
	}
	return fmt.Sprintf("%dd %02dh", int(d.Hours())/24, int(d.Hours())%24)
}

// parseWhen reads a time as people write it: 14:05, 14:05:30, -5m for five
// minutes ago, with a date before it, or RFC 3339. A time of the day that is
// still to come is yesterday's.
func parseWhen(text string, now time.Time, location *time.Location) (time.Time, error) {
	text = strings.TrimSpace(text)
	now = now.In(location)
	if rest, found := strings.CutPrefix(text, "-"); found {
		d, err := parseSpan(rest)
		if err != nil || d < 0 {
			return time.Time{}, fmt.Errorf("read the time span %q: write -90s, -5m, -2h or -1d", text)
		}
		return now.Add(-d), nil
	}
	for _, layout := range []string{"15:04:05.999999999", "15:04"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), location)
		if t.After(now.Add(time.Minute)) {
			t = t.AddDate(0, 0, -1)
		}
		return t, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04Z07:00", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, location); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("read the time %q: write 14:05, 14:05:30, -5m, or 2006-01-02T15:04:05Z", text)
}

// parseSpan is time.ParseDuration with days.
func parseSpan(text string) (time.Duration, error) {
	if days, found := strings.CutSuffix(text, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(text)
}

// openWhen asks for a time and goes there.
func (m *model) openWhen(p *pane) {
	m.openDialog(&prompt{
		lead: "go to ", empty: "14:05 · 14:05:30 · -5m · 2006-01-02T15:04:05Z", past: &m.times,
		done: func(text string) doneWith {
			if strings.TrimSpace(text) == "" {
				return doneWith{}
			}
			at, err := parseWhen(text, m.recordTime(), m.location())
			if err != nil {
				return doneWith{fault: err.Error()}
			}
			return doneWith{cmd: m.goTo(p, at)}
		},
	})
}

// goTo puts the cursor on the first row that is not before a time, and that row
// on the top line if enough rows follow it.
func (m *model) goTo(p *pane, at time.Time) tea.Cmd {
	v := p.view
	v.Hold()
	if v.Total() == 0 {
		return m.notifyWhile(func() bool { return v.Total() == 0 }, "no record is here yet")
	}
	ord := v.NotBefore(at)
	v.GoTo(ord)
	switch {
	case ord == v.Total():
		return m.notifyWhile(m.standing(p), "nothing here is as new as "+at.In(m.location()).Format(time.DateTime)+": this is the newest")
	case ord == 0:
		_, e, _, _ := v.Row(0)
		if first := when(e, m.location()); first.After(at) {
			return m.notifyWhile(m.standing(p), "the oldest kept is of "+first.Format(time.DateTime))
		}
	}
	return nil
}

// recordTime is the time that rates, lag and quiet times go by: now, or where a replay
// is. It is never before the newest record that was taken.
func (m *model) recordTime() time.Time {
	if m.config.RecordTime == nil {
		return m.config.Now()
	}
	at := m.config.RecordTime()
	if at.Before(m.arrived) {
		return m.arrived
	}
	return at
}
