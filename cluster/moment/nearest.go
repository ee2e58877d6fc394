package moment

import "time"

// nearest is the one that is meant of all times at which a moment comes again.
func (m Moment) nearest(f Frame, location *time.Location) (time.Time, error) {
	// What follows First within half a period is meant, whether Last is after it or not.
	if !f.First.IsZero() && f.Here.Equal(f.First) && f.Limit.IsZero() {
		for _, t := range m.around(f.First, location) {
			if !t.Before(f.First) && t.Sub(f.First) <= 12*time.Hour {
				return t, nil
			}
		}
	}
	last, err := f.last()
	if err != nil && !f.Here.IsZero() {
		last, err = f.Here, nil // nobody knows where it ends
	}
	if err != nil {
		return time.Time{}, err
	}
	here, err := f.here()
	if err != nil {
		return time.Time{}, err
	}
	all := m.around(here, location)
	all = append(all, m.around(last, location)...)
	if !f.First.IsZero() {
		all = append(all, m.around(f.First, location)...)
	}
	best := all[0]
	for _, t := range all[1:] {
		if f.rank(t, last).before(f.rank(best, last), t.Sub(here).Abs(), best.Sub(here).Abs()) {
			best = t
		}
	}
	return best, nil
}

// rank is how well a time fits: those beyond the limit fit least, and those outside
// the bounds the less, the farther they are from them.
type rank struct {
	beyond  bool
	outside time.Duration
}

func (f *Frame) rank(t, last time.Time) rank {
	r := rank{beyond: !f.Limit.IsZero() && t.After(f.Limit)}
	switch {
	case t.After(last):
		r.outside = t.Sub(last)
	case t.Before(f.First):
		r.outside = f.First.Sub(t)
	}
	return r
}

func (r rank) before(s rank, near, nearS time.Duration) bool {
	switch {
	case r.beyond != s.beyond:
		return s.beyond
	case r.outside != s.outside:
		return r.outside < s.outside
	}
	return near < nearS
}

// around are the times at which a moment comes before and after another time, in order.
func (m Moment) around(t time.Time, location *time.Location) (all []time.Time) {
	y, month, d := t.In(location).Date()
	switch m.kind {
	case daily:
		for by := -2; by <= 2; by++ {
			all = append(all, m.on(y, month, d+by, location)...)
		}
	case weekly:
		d += int(m.weekday - t.In(location).Weekday())
		for by := -14; by <= 14; by += 7 {
			all = append(all, m.on(y, month, d+by, location)...)
		}
	default:
		for by := -8; by <= 8; by++ { // as far as two leap years may be from one another
			if time.Date(y+by, m.month, m.day, 0, 0, 0, 0, time.UTC).Day() == m.day {
				all = append(all, m.on(y+by, m.month, m.day, location)...)
			}
		}
	}
	return all
}
