package view

import (
	"sluice/cluster/record"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// SetAround shows so many records on either side of each that passes the filter, too,
// [query.MaxAround] at most; 0 shows none. Between two groups stands a row of kind
// [rows.KindLeft] that says how many are left out. A filter that shows all leaves nothing to
// show, and what was loaded from before the store has none around it.
func (v *View) SetAround(n int) {
	v.around = max(n, 0)
	v.settled = false
	if v.context != nil { // what it showed beside what passes goes
		v.kept.filter(&v.filter, v.store.Names(), true, v.store.First())
	}
	v.lookAround()
}

// Around is how many records are shown on either side of one that passes.
func (v *View) Around() int { return v.around }

// lookAround has rows made of what passes and what is around it.
func (v *View) lookAround() {
	v.context = nil
	if v.rows != nil && v.around > 0 {
		v.context = query.NewContext(v.rows, v.around)
	}
}

// storeCount, storeAt and storeOrd are of the rows whose records the store holds.
func (v *View) storeCount() int {
	switch {
	case v.rows == nil:
		return v.store.Held()
	case v.context != nil:
		return v.context.Count()
	}
	return v.rows.Count()
}

func (v *View) storeAt(i int) uint64 {
	switch {
	case v.rows == nil:
		return v.store.First() + uint64(i)
	case v.context != nil:
		return v.context.At(i)
	}
	return v.rows.At(i)
}

func (v *View) storeOrd(n uint64) int {
	switch {
	case v.rows == nil:
		return int(min(n, v.store.Next()) - v.store.First())
	case v.context != nil:
		return v.context.Ord(n)
	}
	return v.rows.Ord(n)
}

// storeRow is the row of a record that the store holds, which may stand for those that are
// left out.
func (v *View) storeRow(n uint64) (e *rows.Entry, source string, data []byte) {
	e = v.store.Entry(n)
	if v.context != nil {
		if _, left := v.context.Near(n); left {
			return &rows.Entry{Kind: rows.KindLeft, Time: e.Time, Source: e.Source, Stream: e.Stream, Level: int16(record.Trace)}, "", v.leftText(n)
		}
	}
	return e, v.store.Source(e), v.store.Data(e)
}

// leftText says how many records are left out up to a number.
func (v *View) leftText(n uint64) []byte {
	before := v.store.First()
	if ord := v.storeOrd(n); ord > 0 {
		before = v.storeAt(ord-1) + 1
	} else if kept := len(v.kept.shown); kept > 0 {
		before = v.kept.shown[kept-1].number + 1
	}
	return []byte(record.Plural(n+1-before, "record"))
}

// Near reports whether the record of a row does not pass the filter, and is shown since it
// is near one that does.
func (v *View) Near(ord int) bool {
	if v.context == nil {
		return false
	}
	above := v.above()
	switch {
	case ord < above:
		return false
	case ord-above < len(v.kept.shown):
		return v.kept.shown[ord-above].near
	}
	near, _ := v.context.Near(v.At(ord))
	return near
}
