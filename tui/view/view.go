package view

import (
	"slices"
	"sort"
	"time"

	"sluice/tui/query"
	"sluice/tui/rows"
)

// View is where somebody stands in a store. It follows the newest record, or
// is anchored to the record on its top line; then nothing moves it.
//
// Rows are counted by their place, from 0: first those that are held because
// they are on the screen although the store let them go, then those of the
// store that pass the filter. Before all of them stand those that were loaded of what came
// before the store, and a seam unless these lead up to it.
type View struct {
	store  *rows.Store
	filter query.Filter
	rows   *query.Scan // nil when the filter is empty: all records are rows

	around  int            // records that are shown on either side of one that passes
	context *query.Context // nil: none are

	height int
	follow bool
	paused bool
	end    uint64 // while paused: records from this number on are not shown
	top    uint64 // number of the record on the top line, unless following
	cursor uint64 // number of the record under the cursor, unless following
	kept   hoard
	past   *past // nil: nothing from before the store is loaded

	settled bool   // the rows around the screen are known, or it moved since
	jumping bool   // to the record aim, which has not been tested yet
	aim     uint64 // where a jump goes

	since arrivals // what came since it stopped following
}

// New is a view that follows the newest record. It must be closed.
func New(s *rows.Store, f query.Filter) *View {
	v := &View{store: s, follow: true, height: 1}
	s.Watch(v)
	v.SetFilter(f)
	return v
}

// Close lets the store forget the view.
func (v *View) Close() {
	v.store.Unwatch(v)
	v.DropPast()
}

// SetFilter changes what is shown. A following view goes on following, an
// anchored one stays as near as it can.
func (v *View) SetFilter(f query.Filter) {
	from := v.store.Next()
	if !v.follow {
		from = v.top
	}
	v.siftPast(&f)
	v.kept.filter(&f, v.store.Names(), f.Within(v.filter), min(v.store.First(), v.ShownEnd()))
	v.filter = f
	v.rows = nil
	v.settled = false
	if !f.Empty() {
		v.rows = query.NewScan(v.store, from, f.Probe())
	}
	v.lookAround()
	v.since.again()
}

// Store is where the rows come from, and Filter chooses them.
func (v *View) Store() *rows.Store   { return v.store }
func (v *View) Filter() query.Filter { return v.filter }

// Filtered reports whether some records may not be rows, and Complete whether it is
// known of all.
func (v *View) Filtered() bool { return v.rows != nil }

func (v *View) Complete() bool {
	return (v.rows == nil || v.rows.Complete()) && v.past.complete()
}

// Following reports whether the view follows the newest record, and Paused whether it
// shows nothing that came after it was paused.
func (v *View) Following() bool { return v.follow }
func (v *View) Paused() bool    { return v.paused }

// Height is how many rows there is room for, one at least.
func (v *View) Height() int     { return v.height }
func (v *View) SetHeight(n int) { v.height = max(n, 1) }

// Anchor puts a record on the top line of a view that does not follow.
func (v *View) Anchor(n uint64) { v.top = n }

// Step does the view's share of work for one frame; it reports whether there
// is more to do.
func (v *View) Step(deadline time.Time, now func() time.Time) bool {
	more := false
	if v.rows != nil {
		more = v.rows.Step(deadline, now)
	}
	if v.context != nil {
		v.context.Step()
	}
	more = v.past.step(deadline, now) || more
	if !v.follow {
		v.settle()
		v.count()
	}
	return more
}

// Total is the number of rows.
func (v *View) Total() int {
	total := v.above() + len(v.kept.shown) + v.storeCount()
	if v.paused {
		total = min(total, v.Ord(v.end))
	}
	return total
}

// ShownEnd is the number from which on records are not shown.
func (v *View) ShownEnd() uint64 {
	if v.paused {
		return v.end
	}
	return v.store.Next()
}

// At returns the number of the record in a row.
func (v *View) At(ord int) uint64 {
	above := v.above()
	if ord < above {
		return v.atPast(ord)
	}
	ord -= above
	if ord < len(v.kept.shown) {
		return v.kept.shown[ord].number
	}
	return v.storeAt(ord - len(v.kept.shown))
}

// Ord returns the first row whose record has a number of n or above.
func (v *View) Ord(n uint64) int {
	above := v.above()
	if n <= v.seamNumber() {
		return min(v.past.ord(n), above)
	}
	if n < v.store.First() {
		return above + sort.Search(len(v.kept.shown), func(i int) bool { return v.kept.shown[i].number >= n })
	}
	return above + len(v.kept.shown) + v.storeOrd(n)
}

// Row returns the record of a row. The data are valid until the next eviction.
func (v *View) Row(ord int) (n uint64, e *rows.Entry, source string, data []byte) {
	above := v.above()
	if ord < above {
		return v.pastRow(ord)
	}
	if ord-above < len(v.kept.shown) {
		k := &v.kept.shown[ord-above]
		return k.number, &k.entry, k.source, k.data
	}
	n = v.At(ord)
	e, source, data = v.storeRow(n)
	return n, e, source, data
}

// TopOrd is the row on the top line.
func (v *View) TopOrd() int {
	if v.follow {
		return v.maxTop()
	}
	return max(0, min(v.Ord(v.top), v.Total()-1))
}

func (v *View) maxTop() int { return max(0, v.Total()-v.height) }

// CursorOrd is the row under the cursor; -1 when there are no rows.
func (v *View) CursorOrd() int {
	if v.follow {
		return v.Total() - 1
	}
	return min(v.Ord(v.cursor), v.Total()-1)
}

// Snapshot is a view of what another one shows now, from the oldest on.
func (v *View) Snapshot() *View {
	c := New(v.store, v.filter)
	c.kept = hoard{shown: slices.Clone(v.kept.shown), all: slices.Clone(v.kept.all)}
	c.paused, c.end = true, v.ShownEnd()
	c.past = v.past.snapshot()
	c.around = v.around
	c.lookAround()
	return c
}

// Scan is which records pass the filter; nil: all do.
func (v *View) Scan() *query.Scan { return v.rows }
