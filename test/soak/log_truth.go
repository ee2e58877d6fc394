package main

import (
	"errors"
	"fmt"
	"sync"
)

// position is a place in the log of a stream at one machine.
type position struct {
	epoch uint64
	next  uint64
}

func (p position) String() string { return fmt.Sprintf("%016x:%d", p.epoch, p.next) }

// truth is what is known of the logs: which record has which number. Nobody can
// look into a log, but every record that a reader gets with its position says a
// piece of it, and all pieces have to agree.
type truth struct {
	streams int
	logs    []*logTruth // of each machine, of each stream
}

func newTruth(machines, streams int) *truth {
	t := &truth{streams: streams, logs: make([]*logTruth, machines*streams)}
	for i := range t.logs {
		t.logs[i] = &logTruth{byEpoch: make(map[uint64]int), numbers: make(map[int]*numbers)}
	}
	return t
}

// log is the truth of one stream at one machine.
func (t *truth) log(machine, stream int) *logTruth { return t.logs[machine*t.streams+stream] }

// logTruth is what is known of the lives of one log since the last quiet point.
type logTruth struct {
	mu      sync.Mutex
	lives   []*life // in the order in which they were first seen
	byEpoch map[uint64]int
	numbers map[int]*numbers // by publisher
}

// life is one epoch of a log.
type life struct {
	epoch  uint64
	base   uint64 // number of cells[0]: the last quiet point, or the beginning
	cells  []cell
	ended  bool   // its consolidator was told to end
	end    uint64 // the number after the last, if known
	known  bool
	killed bool
}

// cell is one record of a log, not known while owner is 0.
type cell struct {
	owner  uint32 // publisher + 1
	number uint64
}

// place is where a record stands; life is its index + 1, 0 while not known.
type place struct {
	life int
	seq  uint64
}

// maxAhead bounds how far from what is known a position may be.
const maxAhead = 50_000_000

// life returns a life by its epoch, and makes it. l.mu is held.
func (l *logTruth) life(epoch uint64) (int, *life) {
	i, ok := l.byEpoch[epoch]
	if !ok {
		i = len(l.lives)
		l.byEpoch[epoch] = i
		l.lives = append(l.lives, &life{epoch: epoch})
	}
	return i, l.lives[i]
}

// errSettled is what is from before the last quiet point.
var errSettled = errors.New("from before the last quiet point")

// saw notes that a reader got a record at a position. It returns an error when
// that contradicts what is known.
func (l *logTruth) saw(at position, id identity) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.numbers[id.publisher]
	if n == nil {
		return fmt.Errorf("publisher %d publishes to another machine", id.publisher)
	}
	i, e := l.life(at.epoch)
	switch {
	case at.next < e.base:
		return fmt.Errorf("position %v is %w, %d, and was handed on then", at, errSettled, e.base)
	case at.next-e.base > maxAhead:
		return fmt.Errorf("position %v is far beyond what was published", at)
	case id.number < n.base || id.number >= n.base+uint64(len(n.where)):
		return fmt.Errorf("number %d of publisher %d was not sent since the last quiet point, which were %d to %d", id.number, id.publisher, n.base, n.base+uint64(len(n.where)))
	}
	if k := at.next - e.base; k >= uint64(len(e.cells)) {
		e.cells = append(e.cells, make([]cell, k+1-uint64(len(e.cells)))...)
	}
	c, w := &e.cells[at.next-e.base], &n.where[id.number-n.base]
	if c.owner == 0 && w.life == 0 {
		*c, *w = cell{uint32(id.publisher) + 1, id.number}, place{i + 1, at.next}
		return nil
	}
	if c.owner != uint32(id.publisher)+1 || c.number != id.number || w.life != i+1 || w.seq != at.next {
		return fmt.Errorf("position %v was seen with number %d of publisher %d, and number %d of publisher %d at %d of life %d",
			at, c.number, int(c.owner)-1, id.number, id.publisher, w.seq, w.life)
	}
	return nil
}

// place tells where a record stands, if anybody knows. l.mu is held.
func (l *logTruth) place(id identity) (place, bool) {
	n := l.numbers[id.publisher]
	if n == nil || id.number < n.base || id.number-n.base >= uint64(len(n.where)) {
		return place{}, false
	}
	w := n.where[id.number-n.base]
	return w, w.life > 0
}

// known reports whether it is known where a record stands.
func (l *logTruth) placed(id identity) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.place(id)
	return ok
}

// stopping notes that the consolidator is about to end: by force, or cleanly.
func (t *truth) stopping(machine int, force bool) {
	for s := range t.streams {
		l := t.log(machine, s)
		l.mu.Lock()
		for _, e := range l.lives {
			if !e.ended && !e.killed {
				e.ended, e.killed = !force, force
			}
		}
		l.mu.Unlock()
	}
}

// ends notes the final position of a life, which an X-BYE told.
func (l *logTruth) ends(at position) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, e := l.life(at.epoch)
	if e.known && e.end != at.next {
		return fmt.Errorf("the final position was told as %d and as %d", e.end, at.next)
	}
	e.end, e.known = at.next, true
	return nil
}

// expected is how many records there were from a position of the last quiet
// point to the one of now. ok is false when nobody can know, as a consolidator
// was killed between them.
func (l *logTruth) expected(from, to position) (n uint64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from.epoch == to.epoch {
		return to.next - from.next, true
	}
	_, e := l.life(from.epoch)
	if !e.known {
		return 0, false
	}
	return e.end - from.next + to.next, true
}

// check compares what was sent with what stands in the logs, at a quiet point
// at which the log ends at final. Then it forgets all before that.
func (l *logTruth) check(final position, killed, restarted bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var unknown uint64
	for i, e := range l.lives {
		end := e.base + uint64(len(e.cells))
		switch {
		case e.epoch == final.epoch:
			if end > final.next {
				return fmt.Errorf("a record stands at %d of %016x, whose next is %d", end-1, e.epoch, final.next)
			}
			end = final.next
		case e.known && end > e.end:
			return fmt.Errorf("a record stands at %d of %016x, which ended at %d", end-1, e.epoch, e.end)
		case e.known:
			end = e.end
		case !e.killed:
			return fmt.Errorf("life %d, %016x, is over, but its consolidator was not killed, and no X-BYE told its end", i, e.epoch)
		}
		unknown += end - e.base - uint64(len(e.cells))
		for _, c := range e.cells {
			if c.owner == 0 {
				unknown++
			}
		}
	}
	var sum missing
	for p, n := range l.numbers {
		m, err := n.check(killed, restarted)
		if err != nil {
			return fmt.Errorf("publisher %d: %w", p, err)
		}
		sum.add(m, p)
	}
	if sum.must > unknown {
		return fmt.Errorf("%d records that were accepted stand nowhere, such as number %d of publisher %d, but only %d places are unknown", sum.must, sum.number, sum.publisher, unknown)
	}
	if unknown > sum.must+sum.may {
		return fmt.Errorf("%d places are unknown, but only %d records can stand there", unknown, sum.must+sum.may)
	}

	_, e := l.life(final.epoch)
	*e = life{epoch: final.epoch, base: final.next}
	l.lives = append(l.lives[:0], e)
	clear(l.byEpoch)
	l.byEpoch[final.epoch] = 0
	for _, n := range l.numbers {
		n.forget()
	}
	return nil
}
