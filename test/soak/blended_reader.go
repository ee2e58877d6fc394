package main

import (
	"errors"
	"fmt"
	"strings"
)

// blended is what a reader got through the proxy of one stream of all machines,
// since the last quiet point. A loss at the proxy is told for all machines
// together, so that only the sum can be checked.
type blended struct {
	began     []position // by machine
	at        []position // by machine: what comes next, as far as that is known
	received  uint64
	told      uint64
	unknown   bool // a loss of unknown number was told
	restarted bool // it started over, without a position
	again     bool // and was given records that it had

	course []string // where records were missing, and what was told
}

// maxCourse is how much of its course a reader remembers.
const maxCourse = 200

// notef adds to the course.
func (b *blended) notef(format string, args ...any) {
	if len(b.course) < maxCourse {
		b.course = append(b.course, fmt.Sprintf(format, args...))
	}
}

// tell notes a loss that was told.
func (b *blended) tell(count uint64, unknown bool, why string) {
	b.told += count
	b.unknown = b.unknown || unknown
	b.notef("told %d lost, unknown %t: %s", count, unknown, why)
}

// place checks the order of one machine's records.
func (b *blended) place(machine int, at position) error {
	was := &b.at[machine]
	if was.epoch == at.epoch && at.next < was.next {
		return fmt.Errorf("a record at %v of machine %d came, and it had been read to %v", at, machine, *was)
	}
	if *was != at {
		b.notef("machine %d goes on at %v, after %v", machine, at, *was)
	}
	*was = position{at.epoch, at.next + 1}
	return nil
}

// check compares the sum with the truth.
func (b *blended) check(w *world, q *quiet, stream int, mayUnknown bool) error {
	var expected uint64
	forced := false
	for m := range w.machines {
		n, ok := w.truth.log(m, stream).expected(b.began[m], q.final[m][stream])
		expected += n
		forced = forced || !ok
	}
	got := b.received + b.told
	switch {
	case b.unknown && !forced && !mayUnknown:
		return errors.New("a loss of unknown number was told, and no consolidator was killed")
	case forced && !b.unknown && !b.restarted:
		return errors.New("a consolidator was killed, and no loss of unknown number was told")
	case forced, b.again:
		return nil // nobody knows; see docs/soak.md
	case b.unknown || b.restarted:
		if got > expected {
			return fmt.Errorf("received %d + told %d is more than the %d published", b.received, b.told, expected)
		}
	case got != expected:
		var ends []position
		for m := range w.machines {
			ends = append(ends, q.final[m][stream])
		}
		return fmt.Errorf("received %d + told %d is not %d, what was published (%d too few), from %v to %v:\n  %s",
			b.received, b.told, expected, int64(expected-got), b.began, ends, strings.Join(b.course, "\n  "))
	}
	return nil
}

// begin starts over at a quiet point.
func (b *blended) begin(q *quiet, stream int) {
	*b = blended{began: make([]position, len(q.final)), at: make([]position, len(q.final))}
	for m := range q.final {
		b.began[m] = q.final[m][stream]
		b.at[m] = b.began[m]
	}
}
