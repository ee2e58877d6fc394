package main

import "fmt"

// connection is what a reader without positions got of one stream over one
// connection: from its first record on, received + told = published.
type connection struct {
	anchored bool     // it stood at anchor before its first record: the last quiet point
	anchor   position // known by then
	items    []item
	count    uint64 // received and told
	ended    bool   // by the other side, in order
	over     bool   // in whatever way
}

// item is a record, and how far the counting had come with it.
type item struct {
	id    identity
	count uint64
}

func (c *connection) record(id identity) {
	if !c.anchored && len(c.items) == 0 {
		c.count = 0 // what is told before the first record is nobody's
	}
	c.count++
	c.items = append(c.items, item{id, c.count})
}

// check compares the counting with the truth; jumps is how often it may have
// gone over into another connection unseen. end is what follows the last
// number, if all was to be read. l.mu is held.
func (c *connection) check(l *logTruth, jumps int, end *position) error {
	begin := c.anchor
	known := c.anchored
	for _, it := range c.items {
		w, ok := l.place(it.id)
		if !ok {
			continue // nobody else saw it
		}
		at := position{l.lives[w.life-1].epoch, w.seq}
		want := position{begin.epoch, begin.next + it.count - 1}
		switch {
		case !known:
			known = true
			begin = position{at.epoch, at.next + 1 - it.count}
		case at == want:
		case jumps == 0, at.epoch == want.epoch && at.next < want.next:
			return fmt.Errorf("number %d of publisher %d stands at %v, and by what was received and told it would stand at %v", it.id.number, it.id.publisher, at, want)
		default:
			jumps--
			begin = position{at.epoch, at.next + 1 - it.count}
		}
	}
	if stand := (position{begin.epoch, begin.next + c.count}); known && end != nil && stand != *end {
		return fmt.Errorf("by what was received and told it stands at %v, and the log ended at %v", stand, *end)
	}
	return nil
}
