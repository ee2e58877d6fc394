package view

import (
	"slices"
	"time"
)

// Calendar says on which day a time is, quickly for times of one day.
type Calendar struct {
	location       *time.Location
	day, from, end int64 // the day that was looked up last: from its first millisecond until its end
}

// NewCalendar is a calendar of a place.
func NewCalendar(location *time.Location) *Calendar { return &Calendar{location: location} }

// Day is the number of the day of a time in milliseconds since 1970, counted from 1 January 1970.
func (c *Calendar) Day(millis int64) int64 {
	if millis < c.from || millis >= c.end {
		y, m, d := time.UnixMilli(millis).In(c.location).Date()
		c.day = time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
		c.from = time.Date(y, m, d, 0, 0, 0, 0, c.location).UnixMilli()
		c.end = time.Date(y, m, d+1, 0, 0, 0, 0, c.location).UnixMilli()
	}
	return c.day
}

const (
	// before is how many rows before one are asked which day it is.
	before = 8
	// agree is how many rows after one must agree with its time, when it is far from those
	// before it.
	agree = 2
)

// BeginsDay reports whether a row is the first of its day: of a later day than the few rows
// before it. Among these, and as this row, those do not count whose times are far from the others'. A row
// that comes late from the day before is not the end of a day, nor is the next one its
// beginning. What is far, and followed by rows that agree with it, does count: there is a gap.
//
// What comes after a row does not change the answer, but for such gaps.
func (v *View) BeginsDay(ord int, c *Calendar) bool {
	if ord == 0 {
		return false
	}
	at := v.timeOf(ord)
	day := c.Day(at)
	if c.Day(v.timeOf(ord-1)) == day {
		return false
	}
	var buf [before]int64
	times := buf[:min(before, ord)]
	for i := range times {
		times[i] = v.timeOf(ord - len(times) + i)
	}
	slices.Sort(times)
	median := times[len(times)/2]
	for _, t := range times {
		if near(t, median) && c.Day(t) >= day {
			return false
		}
	}
	if near(at, median) {
		return true
	}
	if at < median || ord+agree >= v.Total() {
		return false
	}
	for i := ord + 1; i <= ord+agree; i++ {
		if !near(v.timeOf(i), at) {
			return false
		}
	}
	return true
}

func (v *View) timeOf(ord int) int64 {
	_, e, _, _ := v.Row(ord)
	return e.Time
}

// near reports whether two times in milliseconds are not so far from one another that one
// of them may be wrong.
func near(a, b int64) bool { return max(a, b)-min(a, b) <= wild.Milliseconds() }
