package query

import (
	"io"
	"regexp"
	"time"
	"unicode/utf8"
)

// How far matching goes, in steps: instructions times bytes, and one for each byte that is
// looked for a field. One takes 10 to 20 ns at most.
const (
	allowed  = 5_000_000 // whatever the time is: a busy machine ends nothing that is cheap
	together = 200_000   // between two looks at the time
)

// Deadline is when the matching of one record ends, whatever it is. The nil Deadline is
// never. It is for one goroutine.
type Deadline struct {
	at     time.Time
	steps  int // taken
	passed bool
}

// NewDeadline ends matching at a time, or a few milliseconds later. What takes less than
// 50 to 100 ms of a core is never ended.
func NewDeadline(at time.Time) Deadline { return Deadline{at: at} }

// Passed reports whether a match was ended, so that what it said means nothing.
func (d *Deadline) Passed() bool { return d != nil && d.passed }

// over notes steps, and reports whether no more may follow.
func (d *Deadline) over(steps int) bool {
	if d == nil {
		return false
	}
	d.steps += steps
	d.passed = d.passed || d.steps > allowed && !time.Now().Before(d.at)
	return d.passed
}

// matchUntil matches with an expression of so many instructions, until the deadline.
func matchUntil(re *regexp.Regexp, size int, data []byte, d *Deadline) bool {
	steps := size * (len(data) + 1) // also in no bytes at all there is a place to match at
	switch {
	case d == nil:
		return re.Match(data)
	case steps <= together:
		return !d.over(steps) && re.Match(data)
	}
	each := together/size + 1
	w := watched{data: data, deadline: d, steps: each * size, each: each, left: each}
	return re.MatchReader(&w) && !d.passed
}

// watched is data that ends at the deadline.
type watched struct {
	data     []byte
	deadline *Deadline
	steps    int // of each runes
	each     int
	left     int // runes before the next look at the time
}

// ReadRune implements [io.RuneReader], as package regexp itself reads bytes.
func (w *watched) ReadRune() (r rune, size int, err error) {
	if len(w.data) == 0 {
		return 0, 0, io.EOF
	}
	if w.left--; w.left == 0 {
		w.left = w.each
		if w.deadline.over(w.steps) {
			w.data = nil
			return 0, 0, io.EOF
		}
	}
	r, size = rune(w.data[0]), 1
	if r >= utf8.RuneSelf {
		r, size = utf8.DecodeRune(w.data)
	}
	w.data = w.data[size:]
	return r, size, nil
}
