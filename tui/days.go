package tui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"sluice/tui/cell"
	"sluice/tui/rows"
	"sluice/tui/view"
)

// date is a year and the day in it.
type date struct{ year, day int }

func dayIn(t time.Time, location *time.Location) date {
	t = t.In(location)
	return date{t.Year(), t.YearDay()}
}

// The columns that a date takes: "03-01 ", and of another year "2020-03-01 ".
const (
	shortDate = 6
	longDate  = 11
)

// width is how many columns the date of a time takes, in the zone that the time has.
func (d date) width(t time.Time) int {
	switch {
	case t.Year() != d.year:
		return longDate
	case t.YearDay() != d.day:
		return shortDate
	}
	return 0
}

// appendOther appends the date of a time that is not of this day.
func (d date) appendOther(to []byte, t time.Time) []byte {
	switch d.width(t) {
	case longDate:
		return t.AppendFormat(to, "2006-01-02 ")
	case shortDate:
		return t.AppendFormat(to, "01-02 ")
	}
	return to
}

// since is when something began, for people: with its date unless it is of this day.
func (d date) since(t time.Time) string {
	return string(append(d.appendOther(nil, t), t.Format(time.TimeOnly)...))
}

// days is how a pane shows on which days its rows are.
type days struct {
	calendar *view.Calendar // of the times shown
	location *time.Location
	today    date
	date     int // columns of the widest date seen; it never shrinks, so that rows do not jump

	begin []bool // which rows of the last frame stand below a line with their day; not while they are wrapped
	bare  uint64 // the record on the top line, if there was no room for the line above it
}

// turnDays forgets the rows of the last frame when their dates may look otherwise: at
// midnight, and in another zone.
func (p *pane) turnDays(sc scene) {
	d, today := &p.days, dayIn(sc.wall, sc.location)
	if d.today == today && d.location == sc.location {
		return
	}
	d.today, d.location, d.calendar = today, sc.location, view.NewCalendar(sc.location)
	p.cache, p.tall = p.cache[:0], nil
}

// awaitDay asks for a dayMsg when the next day begins, here or in UTC.
func (m *model) awaitDay() tea.Cmd {
	now := m.config.Now()
	wait := 24 * time.Hour
	for _, location := range []*time.Location{m.config.Location, time.UTC} {
		y, month, d := now.In(location).Date()
		wait = min(wait, time.Date(y, month, d+1, 0, 0, 0, 0, location).Sub(now))
	}
	life := m.life
	return func() tea.Msg {
		timer := time.NewTimer(wait + time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
			return dayMsg{}
		case <-life.Done():
			return nil
		}
	}
}

// widen makes room for the date of a row.
func (d *days) widen(e *rows.Entry, sc scene) {
	d.date = max(d.date, d.today.width(when(e, sc.location)))
}

// fit is which rows are on the screen, and says to the view how many: as many as there
// is room for with the lines that divide their days. Such a line is above the first row
// of a day, wherever that stands. What comes later moves no row: if there is no room for the line
// of the row at the top while the pane follows, it stays away until that row has left
// the top.
func (p *pane) fit(height int) (top, n int) {
	v, d := p.view, &p.days
	v.SetHeight(height)
	total := v.Total()
	top = v.TopOrd()
	n = min(height, total-top)
	d.begin = d.begin[:0]
	divided := 0
	for ord := top; ord < top+n; ord++ {
		begins := v.BeginsDay(ord, d.calendar)
		d.begin = append(d.begin, begins)
		if begins {
			divided++
		}
	}
	if divided == 0 {
		d.bare = 0
		return top, n
	}
	if v.Following() {
		return p.fitUp(total-1, height)
	}
	if d.begin[0] && v.At(top) == d.bare {
		d.begin[0] = false
	} else {
		d.bare = 0
	}
	lines := 0
	for i, begins := range d.begin {
		if lines++; begins {
			lines++
		}
		if lines > height {
			n = i
			break
		}
	}
	if at := v.CursorOrd(); at >= top+n && at < top+height {
		// The row under the cursor is to be seen.
		top, n = p.fitUp(at, height)
		v.Anchor(v.At(top))
		return top, n
	}
	n = max(n, 1)
	d.begin = d.begin[:n]
	v.SetHeight(n)
	return top, n
}

// fitUp is fit for a last row.
func (p *pane) fitUp(last, height int) (top, n int) {
	v, d := p.view, &p.days
	d.begin, d.bare = d.begin[:0], 0
	for lines, ord := 0, last; ord >= 0 && lines < height; ord-- {
		lines++
		begins := v.BeginsDay(ord, d.calendar)
		if begins && lines == height {
			begins, d.bare = false, v.At(ord)
		}
		if begins {
			lines++
		}
		d.begin = append(d.begin, begins)
		top = ord
	}
	for i, j := 0, len(d.begin)-1; i < j; i, j = i+1, j-1 {
		d.begin[i], d.begin[j] = d.begin[j], d.begin[i]
	}
	n = len(d.begin)
	v.SetHeight(n)
	return top, n
}

// ordAt is the row that a line of the pane belongs to, or -1.
func (p *pane) ordAt(line int) int {
	if p.wrap {
		for i := range p.tall {
			if line -= len(p.tall[i].lines); line < 0 {
				return p.tall[i].ord
			}
		}
		return -1
	}
	for i, begins := range p.days.begin {
		if begins {
			line--
		}
		if line--; line < 0 {
			return p.view.TopOrd() + i
		}
	}
	return -1
}

// divider is the line above the first row of a day.
func (s *rowStyle) divider(e *rows.Entry) string {
	l := cell.NewLine(s.width, s.method)
	l.Add(s.theme.rule, "── ").Add(s.theme.dim, when(e, s.location).Format("Mon 2006-01-02")).Add(s.theme.rule, " ")
	return l.Add(s.theme.rule, strings.Repeat("─", l.Left())).String()
}
