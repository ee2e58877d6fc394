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
		_, e, _, _ := v.Row(ord + i)
		times[n+i] = e.Time
	}
	slices.Sort(times[:2*n+1])
	return times[n]
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
