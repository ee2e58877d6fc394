package moment

import (
	"time"
)

// Frame is what moments are relative to. All but Now may be zero.
type Frame struct {
	Now      time.Time      // of the person: its day is today
	Location *time.Location // of what has no zone; nil means Now's

	// First and Last are the bounds of what is looked at: "14:05" is looked for from
	// one to the other, and "-2h" is before Last. A zero First is long ago. Last is
	// called when its time matters, and only then; nil means that it is Now.
	First time.Time
	Last  func() (time.Time, error)

	Here  time.Time // of several moments, the nearest to this is meant; zero means Last
	After time.Time // what "+5m" is after; zero means Here
	Limit time.Time // later moments are not meant, when there are earlier ones; zero means that they are
}

// In is when a moment is. Its errors are those of Frame.Last; where the time of Last only
// serves to choose, it is unknown then.
//
// What comes again and again ("14:05", "mon 14:00", "Mar 4") is that one between First
// and Last that is nearest to Here; if there is none between them, the one that is nearest to
// them.
func (m Moment) In(f Frame) (time.Time, error) {
	location := m.zone
	if location == nil {
		location = f.Location
	}
	if location == nil {
		location = f.Now.Location()
	}
	switch m.kind {
	case ago:
		last, err := f.last()
		return last.Add(-m.span), err
	case after:
		from, err := f.after()
		return from.Add(m.span), err
	case dated:
		return m.on(m.year, m.month, m.day, location)[0], nil
	case recent:
		y, month, d := f.Now.In(location).Date()
		return m.on(y, month, d-m.daysAgo, location)[0], nil
	case daily, weekly, yearly:
		return m.nearest(f, location)
	case none:
	}
	return time.Time{}, nil
}

func (f *Frame) last() (time.Time, error) {
	if f.Last == nil {
		return f.Now, nil
	}
	return f.Last()
}

func (f *Frame) here() (time.Time, error) {
	if f.Here.IsZero() {
		return f.last()
	}
	return f.Here, nil
}

func (f *Frame) after() (time.Time, error) {
	if f.After.IsZero() {
		return f.here()
	}
	return f.After, nil
}

// on are the times at which the clock shows the moment's time of day on a day: two if
// it is set back then. A time that is skipped is as much later.
func (m Moment) on(year int, month time.Month, day int, location *time.Location) []time.Time {
	c := m.clock
	t := time.Date(year, month, day, int(c/time.Hour), int(c/time.Minute%60), int(c/time.Second%60), int(c%time.Second), time.UTC)
	// The zone's offsets before and after whatever happens to it on that day.
	_, before := t.Add(-26 * time.Hour).In(location).Zone()
	_, behind := t.Add(26 * time.Hour).In(location).Zone()
	var found []time.Time
	for i, offset := range []int{before, behind} {
		at := t.Add(-time.Duration(offset) * time.Second).In(location)
		if _, is := at.Zone(); is == offset && (i == 0 || behind != before) {
			found = append(found, at)
		}
	}
	if len(found) == 0 {
		found = append(found, t.Add(-time.Duration(before)*time.Second).In(location))
	}
	return found
}
