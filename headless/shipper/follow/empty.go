package follow

import "time"

// empty watches a file that is empty whenever somebody looks. It may have been
// written to and truncated between two looks, which nothing but the order tells in
// which it was opened, modified and closed. A program that truncates it opens it,
// modifies it and closes it, and modifies it before it counts as having opened it
// where the system sees that so. Whatever else comes may be a writing, and so may be
// the first of two of that in quick succession. The system tells of several
// modifications in a row as of one.
type empty struct {
	state     emptiness
	truncated bool // by a program that opened it, since all was quiet
	last      time.Time
}

type emptiness uint8

const (
	emptyQuiet    emptiness = iota
	emptyOpened             // by somebody
	emptyChanged            // by somebody who has it open, or is about to
	emptyReopened           // and it was changed by that
	emptyEdited             // by somebody who opened it
)

// heard takes a change of the file, in which there is something now or not. It
// reports whether that may be the end of something that was written and is gone.
func (e *empty) heard(kind changeKind, filled bool, now time.Time) bool {
	if now.Sub(e.last) > patience {
		e.truncated = false
		if e.state == emptyOpened || e.state == emptyReopened {
			e.state = emptyQuiet
		}
	}
	e.last = now
	state := e.state
	e.state = emptyQuiet
	switch {
	case kind == changeClosed:
		e.truncated = e.truncated || state == emptyEdited
		return state == emptyChanged
	case kind == changeWritten && filled:
		return state == emptyChanged
	case kind == changeOpened && (state == emptyChanged || state == emptyReopened):
		e.state = emptyReopened
	case kind == changeOpened && state != emptyEdited:
		e.state = emptyOpened
	case kind == changeWritten && state == emptyQuiet:
		e.state = emptyChanged
	case kind == changeWritten && state == emptyOpened && !e.truncated:
		e.state = emptyEdited
	default:
		return true
	}
	return false
}

// unexplained reports whether a change was not explained by what came after it
// within some time.
func (e *empty) unexplained(after time.Duration) bool {
	if e.state != emptyChanged && e.state != emptyEdited || time.Since(e.last) <= after {
		return false
	}
	e.state = emptyQuiet
	return true
}

// heard takes what the system told of a file.
func (f *File) heard(kind changeKind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen > 0 && f.empty.state == emptyQuiet || f.look() != nil || f.excused() {
		return
	}
	if f.empty.heard(kind, f.seen > 0, time.Now()) {
		f.unseen()
	}
}

// excused reports whether a change is of a truncation that was noticed just now, or
// made room for what is not written yet. f.mu is held.
func (f *File) excused() bool {
	if !f.reserved && time.Since(f.cutAt) > patience {
		return false
	}
	f.empty = empty{}
	return true
}

// unseen notes that something may have been written and truncated. f.mu is held.
func (f *File) unseen() {
	f.noticed(0)
	f.cut.Unseen++
}

// explain notes what nothing has explained for some time. f.mu is held.
func (f *File) explain(after time.Duration) {
	if !f.excused() && f.empty.unexplained(after) {
		f.unseen()
	}
}
