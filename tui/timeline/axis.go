package timeline

import (
	"slices"
	"time"
)

// Axis divides time into columns, from From on. Times and widths are in milliseconds.
type Axis struct {
	From  int64 // a multiple of Step
	Step  int64 // the width of a column
	Width int   // in columns
}

// steps are the widths that a column may have.
var steps = func() (list []int64) {
	for _, unit := range []int64{1, 10, 100} {
		list = append(list, unit, 2*unit, 5*unit)
	}
	for _, unit := range []time.Duration{time.Second, time.Minute} {
		for _, n := range []int64{1, 2, 3, 5, 10, 15, 20, 30} {
			list = append(list, n*unit.Milliseconds())
		}
	}
	for _, hours := range []int64{1, 2, 3, 4, 6, 8, 12, 24, 2 * 24, 7 * 24, 30 * 24, 90 * 24, 365 * 24} {
		list = append(list, hours*time.Hour.Milliseconds())
	}
	for _, years := range []int64{2, 5, 10, 20, 50, 100, 200, 500, 1000} {
		list = append(list, years*365*24*time.Hour.Milliseconds())
	}
	return list
}()

// Fit is the axis of at most so many columns that shows times from first to last, with
// the narrowest columns that do.
func Fit(first, last int64, columns int) Axis {
	columns = max(columns, 1)
	for _, step := range steps {
		a := Axis{From: floor(first, step), Step: step}
		if n := (last-a.From)/step + 1; n <= int64(columns) {
			a.Width = int(n)
			return a
		}
	}
	step := steps[len(steps)-1]
	return Axis{From: floor(first, step), Step: step, Width: columns}
}

func floor(at, step int64) int64 {
	n := at / step
	if at < n*step {
		n--
	}
	return n * step
}

// Column is the column of a time; ok: there is one.
func (a Axis) Column(at int64) (column int, ok bool) {
	if at < a.From || a.Step == 0 {
		return 0, false
	}
	n := (at - a.From) / a.Step
	return int(min(n, int64(a.Width))), n < int64(a.Width)
}

// To is the time up to which the axis reaches.
func (a Axis) To() int64 { return a.From + int64(a.Width)*a.Step }

// At is when a column begins.
func (a Axis) At(column int) int64 { return a.From + int64(column)*a.Step }

// Zoom returns the axis with columns that are by so many widths narrower, or wider if
// by is negative, of which one, with this time in it, stands where it stood. It has so many
// columns.
func (a Axis) Zoom(by int, at int64, columns int) Axis {
	i, _ := slices.BinarySearch(steps, a.Step)
	step := steps[max(0, min(i-by, len(steps)-1))]
	column := (at - a.From) / max(a.Step, 1)
	return Axis{From: floor(at, step) - column*step, Step: step, Width: columns}
}

// Moved returns the axis so that a time has a column: as it is, or moved by half of it.
func (a Axis) Moved(at int64) Axis {
	half := max(int64(a.Width)/2, 1) * a.Step
	if _, ok := a.Column(at); !ok {
		a.From = floor(at-half, a.Step)
	}
	return a
}
