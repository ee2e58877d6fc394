package query

import (
	"io"
	"regexp"
	"time"
	"unicode/utf8"
)

// How far a match goes, in steps: instructions times bytes.
const (
	unwatched = 200_000 // that is a few milliseconds: the time is looked at before it, but not within
	unlooked  = 20_000  // that is less than looking at the time is worth
)

// Deadline is when the matching of one record ends, whatever it is. The nil Deadline is
// never. It is for one goroutine.
type Deadline struct {
	at     time.Time
	passed bool
}

// NewDeadline ends matching at a time, or a few milliseconds later.
func NewDeadline(at time.Time) Deadline { return Deadline{at: at} }

// Passed reports whether a match was ended, so that what it said means nothing.
func (d *Deadline) Passed() bool { return d != nil && d.passed }

// over looks at the time.
func (d *Deadline) over() bool {
	d.passed = d.passed || !time.Now().Before(d.at)
	return d.passed
}

// matchUntil matches with an expression of so many instructions, until the deadline.
func matchUntil(re *regexp.Regexp, size int, data []byte, d *Deadline) bool {
	steps := size * len(data)
	switch {
	case d == nil || steps <= unlooked && !d.passed:
		return re.Match(data)
	case d.over():
		return false
	case steps <= unwatched:
		return re.Match(data)
	}
	return re.MatchReader(&watched{data: data, deadline: d, every: unwatched/size + 1}) && !d.passed
}

// watched is data that ends at the deadline.
type watched struct {
	data     []byte
	deadline *Deadline
	every    int // runes between two looks at the time
	read     int
}

// ReadRune implements [io.RuneReader], as package regexp itself reads bytes.
func (w *watched) ReadRune() (r rune, size int, err error) {
	if len(w.data) == 0 {
		return 0, 0, io.EOF
	}
	if w.read++; w.read >= w.every {
		w.read = 0
		if w.deadline.over() {
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
