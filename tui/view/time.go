package view

import (
	"slices"
	"sort"
	"time"
)

// astray is how many rows on either side are looked at, so that a few records
// with a wild time lead no jump astray.
const astray = 4

// timeAround is the median of the times of a row and as many neighbours on
// either side, in milliseconds since 1970.
func (v *View) timeAround(ord int) int64 {
	var times [2*astray + 1]int64
	n := min(astray, ord, v.Total()-1-ord)
	for i := -n; i <= n; i++ {
		times[n+i] = v.timeOf(ord + i)
	}
	slices.Sort(times[:2*n+1])
	return times[n]
}

// wild is how far a time must be from those of its neighbours to be taken for wrong.
const wild = 30 * 24 * time.Hour

// Times are the times of the oldest and of the newest row, of a view that has rows,
// where these are not far from those of the rows beside them.
func (v *View) Times() (first, last time.Time) {
	total := v.Total()
	return v.outermost(0, 1), v.outermost(total-1, -1)
}

// outermost is the time of the first row, from one on, that is not far from the median
// of it and its neighbours on one side.
func (v *View) outermost(from, step int) time.Time {
	var times [2*astray + 1]int64
	beside := times[:min(len(times), v.Total())]
	for i := range beside {
		beside[i] = v.timeOf(from + i*step)
	}
	sorted := times
	slices.Sort(sorted[:len(beside)])
	median := sorted[len(beside)/2]
	for _, t := range beside {
		if near(t, median) {
			return time.UnixMilli(t)
		}
	}
	return time.UnixMilli(median)
}

// CursorTime is the time of the row under the cursor, of a view that has rows.
func (v *View) CursorTime() time.Time {
	return time.UnixMilli(v.timeOf(v.CursorOrd()))
}

// NotBefore is the first row that is not before a time, where the times of rows
// rise on the whole.
func (v *View) NotBefore(at time.Time) int {
	from := at.UnixMilli()
	if at.After(time.UnixMilli(from)) {
		from++
	}
	return sort.Search(v.Total(), func(i int) bool { return v.timeAround(i) >= from })
}

// NotAfter is the last row that is not after a time, where the times of rows rise on the
// whole; the first row when all are after it.
func (v *View) NotAfter(at time.Time) int {
	return max(v.NotBefore(at.Truncate(time.Millisecond).Add(time.Millisecond))-1, 0)
}
