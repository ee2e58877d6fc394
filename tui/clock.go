package tui

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/cluster/moment"
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

// moments is what times that are typed are relative to, in a pane: the rows that it
// has, and the one under the cursor.
func (m *model) moments(p *pane) moment.Frame {
	now := m.config.Now()
	f := moment.Frame{Now: now, Location: m.location()}
	if m.config.RecordTime == nil {
		f.Limit = now.Add(time.Minute) // clocks differ
	}
	if v := p.view; v.Total() > 0 {
		first, last := v.Times()
		f.First, f.Here = first, v.CursorTime()
		f.Last = func() (time.Time, error) { return last, nil }
	}
	return f
}

// openWhen asks for a time and goes there.
func (m *model) openWhen(p *pane) {
	m.openDialog(&prompt{
		lead: "go to ", empty: "14:05 · mon 14:00 · 2026-03-01 · -2h before newest · +5m after this row", past: &m.times,
		done: func(text string) doneWith {
			if strings.TrimSpace(text) == "" {
				return doneWith{}
			}
			when, err := moment.Parse(text)
			if err != nil {
				return doneWith{fault: err.Error()}
			}
			at, err := when.In(m.moments(p))
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
	if cmd, goes := m.goEarlier(p, at); goes {
		return cmd
	}
	v.Hold()
	if v.Total() == 0 {
		return m.notifyWhile(func() bool { return v.Total() == 0 }, "no record is here yet")
	}
	ord := v.NotBefore(at)
	first, _ := v.Times()
	if seek := m.config.Seek; seek != nil && (at.After(m.recordTime()) || at.Before(first) && v.Store().Evicted() > 0) {
		v.Resume()
		return func() tea.Msg { return flashMsg{seek(at)} }
	}
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
