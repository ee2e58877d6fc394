package tui

import (
	"io"
	"sync/atomic"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/tui/rows"
	"sluice/tui/view"
)

// outSlice is how many bytes go to the writer at once, and outAhead how many such slices
// may wait for it: a slow disk or command stalls neither the keys nor the sources.
const (
	outSlice = 256 << 10
	outAhead = 4

	// rowsBetween is how many rows are copied between two looks at the clock.
	rowsBetween = 64
)

// outgoing is records on their way out of a pane. They are copied from a view of their
// own, so the pane may go on, or be closed.
type outgoing struct {
	lot   lot
	pane  *pane      // of the view of what is left; nil when it is one record
	style rowStyle   // of the rows, when they go out as shown
	marks []uint64   // that are left, when the marked go out
	view  *view.View // of what is left to copy; nil when it is one record

	open     bool        // there is a writer
	over     bool        // everything is with it
	declined atomic.Bool // it takes no more
	wake     func()      // asks for another step

	slices  chan []byte
	records uint64
	lost    uint64 // let go before they could go out
	unknown bool   // and a number that cannot be known
	first   uint64 // the oldest record that the store had at the start
	next    uint64 // number of the next record
	until   uint64 // number of the last one
	expect  int    // rows left; -1 until they are all found
}

// send begins to send what there is now.
func (m *model) send(l *lot) *outgoing {
	o := &outgoing{lot: *l, wake: m.wake, slices: make(chan []byte, outAhead), expect: -1}
	p := l.pane
	o.style = p.rowStyle(copiedWidth, m.scene(p))
	o.style.shift = 0
	if l.one != nil {
		return o
	}
	o.first, o.until = p.store().First(), p.view.ShownEnd()-1
	switch l.kind {
	case lotMarked:
		o.marks = p.shownMarks()
	case lotRange:
		o.next, o.until = l.from, l.to
		p.ranging = false
	case lotShown, lotGroup, lotRecord:
	}
	if from, to := l.bounds(); l.kind != lotGroup && p.view.Complete() && p.view.Around() == 0 {
		o.expect = to - from
	}
	o.view = p.view.Snapshot()
	if l.kind == lotGroup {
		o.view.SetAround(0)
		o.view.SetFilter(l.filter)
	}
	o.pane = &pane{view: o.view, columns: p.columns}
	return o
}

// close lets go of what is left; more than once is as once.
func (o *outgoing) close() {
	if o.view != nil {
		o.view.Close()
		o.view = nil
	}
}

// begin is for when there is a writer.
func (o *outgoing) begin() {
	o.open = true
	o.wake()
}

// writeTo writes what comes, until that is all, or the writer fails. It is for a
// goroutine of its own.
func (o *outgoing) writeTo(w io.Writer) error {
	var failed error
	for data := range o.slices {
		if failed == nil {
			if _, failed = w.Write(data); failed != nil {
				o.declined.Store(true)
			}
		}
		o.wake()
	}
	return failed
}

// step copies records for the writer until the deadline. It reports whether it can go
// on at once.
func (o *outgoing) step(deadline time.Time) (more bool) {
	switch {
	case !o.open || o.over:
		return false
	case o.declined.Load():
		return o.end()
	case o.lot.one != nil:
		d := o.lot.one
		o.slices <- o.append(nil, &d.entry, d.source, []byte(d.data))
		o.records = 1
		return o.end()
	case o.view.Step(deadline, time.Now):
		return true
	case o.lot.kind == lotMarked:
		return o.stepMarked()
	}
	for len(o.slices) < cap(o.slices) {
		ord := o.view.Ord(o.next)
		total := min(o.view.Ord(o.until+1), o.view.Total())
		if o.expect < 0 {
			o.expect = total - ord
			o.unknown = o.unknown || o.lot.pane.store().First() > o.first // nobody knows which of them passed
		}
		if gone := o.expect - (total - ord); gone > 0 {
			o.lost += uint64(gone)
			o.expect -= gone
		}
		var data []byte
		late := false
		for n := 0; ord < total && len(data) < outSlice && !late; ord++ {
			number, e, source, raw := o.view.Row(ord)
			o.next = number + 1
			o.expect--
			missing, unknown := o.view.Missing(ord)
			o.lost += missing
			o.unknown = o.unknown || unknown
			data = o.append(data, e, source, raw)
			if n++; n%rowsBetween == 0 {
				late = !time.Now().Before(deadline)
			}
		}
		if len(data) > 0 {
			o.slices <- data
		}
		if ord >= total {
			return o.end()
		}
		if late || !time.Now().Before(deadline) {
			return len(o.slices) < cap(o.slices)
		}
	}
	return false // the writer wakes
}

// stepMarked copies the marked records, which are few.
func (o *outgoing) stepMarked() (more bool) {
	for len(o.slices) < cap(o.slices) {
		var data []byte
		for len(o.marks) > 0 && len(data) < outSlice {
			n := o.marks[0]
			o.marks = o.marks[1:]
			ord := o.view.Ord(n)
			if ord >= o.view.Total() || o.view.At(ord) != n {
				o.lost++
				continue
			}
			_, e, source, raw := o.view.Row(ord)
			data = o.append(data, e, source, raw)
		}
		if len(data) > 0 {
			o.slices <- data
		}
		if len(o.marks) == 0 {
			return o.end()
		}
	}
	return false
}

// append adds a row. What is no record has no form in which it was published.
func (o *outgoing) append(dst []byte, e *rows.Entry, source string, raw []byte) []byte {
	if !e.Kind.Notice() && o.view != nil {
		o.records++
	}
	if o.lot.asShown {
		p := o.pane
		if p == nil {
			p = o.lot.pane
		}
		return append(append(dst, p.plainRow(&o.style, e, source, raw)...), '\n')
	}
	if e.Kind.Notice() {
		return dst
	}
	return append(append(dst, raw...), '\n')
}

// end tells the writer that this was all, and lets go of what is left.
func (o *outgoing) end() (more bool) {
	if !o.over {
		close(o.slices)
		o.over = true
	}
	o.close()
	return false
}

// rest says what did not go out of what should have, and what did besides.
func (o *outgoing) rest() (text string) {
	if o.lost > 0 || o.unknown {
		text = "; " + loss.Summary(o.lost, o.unknown, "let go before they could be")
	}
	if o.lot.alike > 0 {
		text += "; with them " + record.Count(o.lot.alike) + " of other groups, which look the same to a filter"
	}
	return text
}
