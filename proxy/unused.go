package proxy

import (
	"container/list"
	"time"
)

// unused are the tails that no session reads, in the order in which their last ones
// ended. It is guarded by tails.mu.
type unused struct {
	all   list.List // of *tail
	empty list.List // of *tail: those of all that had no record by then
}

// unusedPlace is where a tail stands among the unused.
type unusedPlace struct {
	since      time.Time
	all, empty *list.Element // nil while it is not in that list
}

// add adds a tail whose last session has ended.
func (u *unused) add(t *tail, now time.Time, empty bool) {
	t.unused = unusedPlace{since: now, all: u.all.PushBack(t)}
	if empty {
		t.unused.empty = u.empty.PushBack(t)
	}
}

// remove takes a tail out that is read again, or ends. One that is read is not in it.
func (u *unused) remove(t *tail) {
	if t.unused.all != nil {
		u.all.Remove(t.unused.all)
		t.unused.all = nil
	}
	u.fill(t)
}

// fill notes that a tail is not empty any more.
func (u *unused) fill(t *tail) {
	if t.unused.empty != nil {
		u.empty.Remove(t.unused.empty)
		t.unused.empty = nil
	}
}

// firstEmpty is the tail that has had no session for the longest time of those without a
// record, or nil.
func (u *unused) firstEmpty() *tail {
	for e := u.empty.Front(); e != nil; e = u.empty.Front() {
		t := e.Value.(*tail)
		if !t.hasLog() {
			return t
		}
		u.fill(t) // one has come meanwhile
	}
	return nil
}

// first is the tail that has had no session for the longest time, or nil.
func (u *unused) first() *tail {
	if e := u.all.Front(); e != nil {
		return e.Value.(*tail)
	}
	return nil
}
