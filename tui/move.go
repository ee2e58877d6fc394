package tui

// hold anchors a following view where it is.
func (v *view) hold() {
	if !v.follow {
		return
	}
	v.top, v.cursor = v.store.next, v.store.next
	if total := v.total(); total > 0 {
		v.top, v.cursor = v.at(v.topOrd()), v.at(total-1)
	}
	v.follow, v.settled = false, false
	v.since = arrivals{counted: v.store.next, dropped: v.store.dropped, unknown: v.store.unknown}
}

// resume goes to the newest record and follows.
func (v *view) resume() {
	v.follow, v.paused, v.jumping = true, false, false
	v.kept = nil
}

// pause freezes the view, or resumes it.
func (v *view) pause() {
	if v.paused {
		v.resume()
		return
	}
	v.hold()
	v.paused, v.end = true, v.store.next
}

// setTop anchors the view with a row on the top line and forgets what it kept
// for the rows that left the screen.
func (v *view) setTop(ord int) {
	ord = min(max(ord, 0), v.maxTop())
	if v.total() == 0 {
		return
	}
	v.top = v.at(ord)
	v.kept = v.kept[min(ord, len(v.kept)):]
}

// moveCursor moves the cursor by rows; the screen goes along when it must.
func (v *view) moveCursor(by int) {
	v.hold()
	total := v.total()
	if total == 0 {
		return
	}
	cursor := min(max(v.cursorOrd()+by, 0), total-1)
	v.cursor = v.at(cursor)
	top := v.topOrd()
	switch {
	case cursor < top:
		v.setTop(cursor)
	case cursor >= top+v.height:
		v.setTop(cursor - v.height + 1)
	}
	if by > 0 && cursor == total-1 {
		v.resumeAtEnd()
	}
}

// scroll moves the screen by rows; the cursor goes along.
func (v *view) scroll(by int) {
	v.hold()
	if v.total() == 0 {
		return
	}
	cursor, top := v.cursorOrd(), v.topOrd()
	to := min(max(top+by, 0), v.maxTop())
	cursor = min(max(cursor, to), to+v.height-1, v.total()-1)
	v.cursor = v.at(cursor)
	v.setTop(to)
	if by > 0 && v.topOrd() >= v.maxTop() {
		v.resumeAtEnd()
	}
}

// page moves screen and cursor together, as less and vim do.
func (v *view) page(by int) {
	v.hold()
	total := v.total()
	if total == 0 {
		return
	}
	cursor := min(max(v.cursorOrd()+by, 0), total-1)
	top := min(max(v.topOrd()+by, 0), v.maxTop())
	cursor = min(max(cursor, top), top+v.height-1)
	v.cursor = v.at(cursor)
	v.setTop(top)
	if by > 0 && cursor == total-1 {
		v.resumeAtEnd()
	}
}

// oldest goes to the first row.
func (v *view) oldest() {
	v.hold()
	if v.total() > 0 {
		v.cursor = v.at(0)
		v.setTop(0)
	}
}

// jump puts the cursor on a record, with the rows around it on the screen. While
// the filter has not come to them yet, the record is on the top line.
func (v *view) jump(n uint64) {
	v.hold()
	v.jumping = false
	if v.tested(n) {
		if v.total() == 0 {
			return
		}
		cursor := min(v.ord(n), v.total()-1)
		n = v.at(cursor)
		if top := v.topOrd(); top <= cursor && cursor < top+v.height {
			v.cursor = n
			return
		}
	}
	v.top, v.cursor = n, n
	v.jumping, v.aim = true, n
	v.land()
}

// land ends a jump, once the rows around where it goes are known, unless
// somebody moved on.
func (v *view) land() {
	if v.top != v.aim || v.cursor != v.aim {
		v.jumping = false
		return
	}
	cursor := v.ord(v.aim)
	if v.rows != nil && !v.rows.complete() && (!v.tested(v.aim) || !v.endTested() || cursor < v.height/3) {
		return
	}
	v.jumping = false
	if v.total() > 0 {
		cursor = min(cursor, v.total()-1)
		v.cursor = v.at(cursor)
		v.setTop(cursor - v.height/3)
	}
}

// tested reports whether it is known whether a record is a row, and endTested
// whether all rows are from some record on.
func (v *view) tested(n uint64) bool {
	return v.rows == nil || n < v.store.first || v.rows.lo <= n && n < v.rows.hi
}

func (v *view) endTested() bool {
	return v.rows == nil || v.rows.hi >= min(v.shownEnd(), v.store.next)
}

// settle fills the screen while the rows above it become known: without it a
// view that was anchored early would stand on its last rows, over nothing.
func (v *view) settle() {
	if v.jumping {
		v.land()
	}
	if v.jumping || v.settled || !v.endTested() {
		return
	}
	if top := v.maxTop(); v.topOrd() > top {
		v.setTop(top)
	}
	v.settled = v.rows == nil || v.rows.complete() || v.topOrd() < v.maxTop()
}

// resumeAtEnd follows again when the end was reached. A paused view stays
// where it is.
func (v *view) resumeAtEnd() {
	if !v.paused && (v.rows == nil || v.rows.hi == v.store.next) {
		v.resume()
	}
}

// place remembers where a view stands, to come back.
type place struct {
	follow      bool
	top, cursor uint64
	since       arrivals
}

func (v *view) place() place { return place{v.follow, v.top, v.cursor, v.since} }

// back returns to a place, or as near as the store allows.
func (v *view) back(p place) {
	if p.follow && !v.paused {
		v.resume()
		return
	}
	v.follow, v.top, v.cursor = false, p.top, p.cursor
	if !p.follow {
		v.since = p.since
	}
}
