package view

// Hold anchors a following view where it is.
func (v *View) Hold() {
	if !v.follow {
		return
	}
	v.top, v.cursor = v.store.Next(), v.store.Next()
	if total := v.Total(); total > 0 {
		v.top, v.cursor = v.At(v.TopOrd()), v.At(total-1)
	}
	v.follow, v.settled = false, false
	v.since.begins(v.store)
}

// Resume goes to the newest record and follows.
func (v *View) Resume() {
	v.follow, v.paused, v.jumping = true, false, false
	v.kept.clear()
}

// Pause freezes the view, or resumes it.
func (v *View) Pause() {
	if v.paused {
		v.Resume()
		return
	}
	v.Hold()
	v.paused, v.end = true, v.store.Next()
}

// setTop anchors the view with a row on the top line and forgets what it kept
// for the rows that left the screen.
func (v *View) setTop(ord int) {
	ord = min(max(ord, 0), v.maxTop())
	if v.Total() == 0 {
		return
	}
	v.top = v.At(ord)
	switch above := v.above(); {
	case ord >= above:
		v.kept.drop(min(ord-above, len(v.kept.shown)))
	case ord+v.height <= above:
		v.kept.clear() // they have left the screen below
	}
}

// MoveCursor moves the cursor by rows; the screen goes along when it must.
func (v *View) MoveCursor(by int) {
	v.Hold()
	total := v.Total()
	if total == 0 {
		return
	}
	cursor := min(max(v.CursorOrd()+by, 0), total-1)
	v.cursor = v.At(cursor)
	top := v.TopOrd()
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

// Scroll moves the screen by rows; the cursor goes along.
func (v *View) Scroll(by int) {
	v.Hold()
	if v.Total() == 0 {
		return
	}
	cursor, top := v.CursorOrd(), v.TopOrd()
	to := min(max(top+by, 0), v.maxTop())
	cursor = min(max(cursor, to), to+v.height-1, v.Total()-1)
	v.cursor = v.At(cursor)
	v.setTop(to)
	if by > 0 && v.TopOrd() >= v.maxTop() {
		v.resumeAtEnd()
	}
}

// Page moves screen and cursor together, as less and vim do.
func (v *View) Page(by int) {
	v.Hold()
	total := v.Total()
	if total == 0 {
		return
	}
	cursor := min(max(v.CursorOrd()+by, 0), total-1)
	top := min(max(v.TopOrd()+by, 0), v.maxTop())
	cursor = min(max(cursor, top), top+v.height-1)
	v.cursor = v.At(cursor)
	v.setTop(top)
	if by > 0 && cursor == total-1 {
		v.resumeAtEnd()
	}
}

// Oldest goes to the first row.
func (v *View) Oldest() {
	v.Hold()
	if v.Total() > 0 {
		v.cursor = v.At(0)
		v.setTop(0)
	}
}

// Select puts the cursor on a row that is on the screen.
func (v *View) Select(ord int) { v.cursor = v.At(ord) }

// GoToLine puts the cursor on a row, and that row on a line of the screen, from 0, if enough
// rows are above and below.
func (v *View) GoToLine(ord, line int) {
	v.Hold()
	if total := v.Total(); total > 0 {
		v.jumping = false
		v.cursor = v.At(min(ord, total-1))
		v.setTop(ord - min(line, v.height-1))
	}
}

// GoTo puts the cursor on a row, or on the last one, and that row on the top line as
// far as there are rows below it.
func (v *View) GoTo(ord int) {
	v.Hold()
	if total := v.Total(); total > 0 {
		v.cursor = v.At(min(ord, total-1))
		v.setTop(ord)
	}
}

// Centre puts the row under the cursor in the middle of the screen, as far as there are
// rows around it.
func (v *View) Centre() {
	v.Hold()
	if v.Total() > 0 {
		v.jumping = false
		v.setTop(v.CursorOrd() - (v.height-1)/2)
	}
}

// Jump puts the cursor on a record, with the rows around it on the screen. While
// the filter has not come to them yet, the record is on the top line.
func (v *View) Jump(n uint64) {
	v.Hold()
	v.jumping = false
	if v.tested(n) {
		if v.Total() == 0 {
			return
		}
		cursor := min(v.Ord(n), v.Total()-1)
		n = v.At(cursor)
		if top := v.TopOrd(); top <= cursor && cursor < top+v.height {
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
func (v *View) land() {
	if v.top != v.aim || v.cursor != v.aim {
		v.jumping = false
		return
	}
	cursor := v.Ord(v.aim)
	if v.rows != nil && !v.rows.Complete() && (!v.tested(v.aim) || !v.endTested() || cursor < v.height/3) {
		return
	}
	v.jumping = false
	if v.Total() > 0 {
		cursor = min(cursor, v.Total()-1)
		v.cursor = v.At(cursor)
		v.setTop(cursor - v.height/3)
	}
}

// tested reports whether it is known whether a record is a row, and endTested
// whether all rows are from some record on.
func (v *View) tested(n uint64) bool {
	if v.rows == nil || n < v.store.First() {
		return true
	}
	lo, hi := v.rows.Tested()
	return lo <= n && n < hi
}

func (v *View) testedUpTo() uint64 {
	_, hi := v.rows.Tested()
	return hi
}

func (v *View) endTested() bool {
	return v.rows == nil || v.testedUpTo() >= min(v.ShownEnd(), v.store.Next())
}

// settle fills the screen while the rows above it become known: without it a
// view that was anchored early would stand on its last rows, over nothing.
func (v *View) settle() {
	if v.jumping {
		v.land()
	}
	if v.jumping || v.settled || !v.endTested() {
		return
	}
	switch top, above := v.maxTop(), v.above(); {
	case v.TopOrd() <= top:
	case top >= above || v.rows == nil || v.rows.Complete() || v.Total() <= above:
		v.setTop(top)
	default: // rows are yet to be found below what was loaded
		v.top = v.At(above)
	}
	v.settled = v.rows == nil || v.rows.Complete() || v.TopOrd() < v.maxTop()
	if cursor, top := v.CursorOrd(), v.TopOrd(); v.settled && (cursor < top || cursor >= top+v.height) {
		v.setTop(cursor - v.height/2)
	}
}

// resumeAtEnd follows again when the end was reached. A paused view stays
// where it is.
func (v *View) resumeAtEnd() {
	if !v.paused && (v.rows == nil || v.testedUpTo() == v.store.Next()) {
		v.Resume()
	}
}

// Place remembers where a view stands, to come back.
type Place struct {
	follow      bool
	top, cursor uint64
	since       arrivals
}

// Place is where the view stands.
func (v *View) Place() Place { return Place{v.follow, v.top, v.cursor, v.since} }

// Back returns to a place, or as near as the store allows.
func (v *View) Back(p Place) {
	if p.follow && !v.paused {
		v.Resume()
		return
	}
	if !p.follow && v.follow {
		v.since = p.since
	}
	v.follow, v.top, v.cursor = false, p.top, p.cursor
}
