package view

import (
	"slices"
	"sort"
	"time"

	"sluice/cluster/record"
	"sluice/tui/query"
	"sluice/tui/rows"
)

// View is where somebody stands in a store. It follows the newest record, or
// is anchored to the record on its top line; then nothing moves it.
//
// Rows are counted by their place, from 0: first those that are held because
// they are on the screen although the store let them go, then those of the
// store that pass the filter.
type View struct {
	store  *rows.Store
	filter query.Filter
	rows   *query.Scan // nil when the filter is empty: all records are rows

	height int
	follow bool
	paused bool
	end    uint64 // while paused: records from this number on are not shown
	top    uint64 // number of the record on the top line, unless following
	cursor uint64 // number of the record under the cursor, unless following
	kept   []keptRow

	settled bool   // the rows around the screen are known, or it moved since
	jumping bool   // to the record aim, which has not been tested yet
	aim     uint64 // where a jump goes

	since arrivals // what came since it stopped following
}

// keptRow is a record that the store let go while it was on the screen.
type keptRow struct {
	number uint64
	entry  rows.Entry
	source string
	data   []byte
}

// arrivals counts what came since a view stopped following.
type arrivals struct {
	records, errors int
	counted         uint64 // records below this number are counted
	dropped         uint64 // of the store, when it stopped
	unknown         uint64
}

// New is a view that follows the newest record. It must be closed.
func New(s *rows.Store, f query.Filter) *View {
	v := &View{store: s, follow: true, height: 1}
	s.Watch(v)
	v.SetFilter(f)
	return v
}

// Close lets the store forget the view.
func (v *View) Close() { v.store.Unwatch(v) }

// SetFilter changes what is shown. A following view goes on following, an
// anchored one stays as near as it can.
func (v *View) SetFilter(f query.Filter) {
	from := v.store.Next()
	if !v.follow {
		from = v.top
	}
	v.filter = f
	v.rows = nil
	v.settled = false
	if !f.Empty() {
		v.rows = query.NewScan(v.store, from, f.Probe())
	}
	kept := v.kept[:0]
	for _, k := range v.kept {
		if f.Match(&query.Row{Entry: &k.entry, Data: k.data, Names: v.store.Names()}) {
			kept = append(kept, k)
		}
	}
	v.kept = kept
}

// Store is where the rows come from, and Filter chooses them.
func (v *View) Store() *rows.Store   { return v.store }
func (v *View) Filter() query.Filter { return v.filter }

// Filtered reports whether some records may not be rows, and Complete whether it is
// known of all.
func (v *View) Filtered() bool { return v.rows != nil }
func (v *View) Complete() bool { return v.rows == nil || v.rows.Complete() }

// Following reports whether the view follows the newest record, and Paused whether it
// shows nothing that came after it was paused.
func (v *View) Following() bool { return v.follow }
func (v *View) Paused() bool    { return v.paused }

// Height is how many rows there is room for, one at least.
func (v *View) Height() int     { return v.height }
func (v *View) SetHeight(n int) { v.height = max(n, 1) }

// Anchor puts a record on the top line of a view that does not follow.
func (v *View) Anchor(n uint64) { v.top = n }

// Kept is how many rows are only kept by the view: the store let them go.
func (v *View) Kept() int { return len(v.kept) }

// Since is what came since the view stopped following.
func (v *View) Since() (records, errors int) { return v.since.records, v.since.errors }

// Step does the view's share of work for one frame; it reports whether there
// is more to do.
func (v *View) Step(deadline time.Time, now func() time.Time) bool {
	more := false
	if v.rows != nil {
		more = v.rows.Step(deadline, now)
	}
	if !v.follow {
		v.settle()
		v.count()
	}
	return more
}

// count brings what came since the view stopped following up to date.
func (v *View) count() {
	if v.rows == nil {
		for n := max(v.since.counted, v.store.First()); n < v.store.Next(); n++ {
			v.since.add(v.store.Entry(n))
		}
		v.since.counted = v.store.Next()
		return
	}
	v.rows.Each(v.since.counted, func(n uint64) bool {
		v.since.add(v.store.Entry(n))
		return true
	})
	v.since.counted = max(v.since.counted, v.testedUpTo())
}

func (a *arrivals) add(e *rows.Entry) {
	if e.Kind != rows.KindRecord {
		return
	}
	a.records++
	if e.Level >= uint16(record.Error) {
		a.errors++
	}
}

// Lost is how many records were reported lost since the view stopped, and
// whether a gap without a number was among them.
func (v *View) Lost() (uint64, bool) {
	return v.store.Dropped() - v.since.dropped, v.store.Unknown() > v.since.unknown
}

// Evicting keeps what is on the screen, as a [rows.Watcher].
func (v *View) Evicting(upTo uint64) {
	if !v.follow {
		v.count()
		var kept []keptRow
		for ord := max(v.TopOrd(), len(v.kept)); ord < min(v.TopOrd()+v.height, v.Total()); ord++ {
			n := v.At(ord)
			if n >= upTo {
				break
			}
			e := v.store.Entry(n)
			kept = append(kept, keptRow{n, *e, v.store.Source(e), append([]byte(nil), v.store.Data(e)...)})
		}
		v.kept = append(v.kept, kept...)
	}
}

// Keeps reports whether a record that the store let go is still on the screen.
func (v *View) Keeps(n uint64) bool {
	return slices.ContainsFunc(v.kept, func(k keptRow) bool { return k.number == n })
}

// Total is the number of rows.
func (v *View) Total() int {
	total := len(v.kept) + v.store.Held()
	if v.rows != nil {
		total = len(v.kept) + v.rows.Count()
	}
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
	if ord < len(v.kept) {
		return v.kept[ord].number
	}
	ord -= len(v.kept)
	if v.rows != nil {
		return v.rows.At(ord)
	}
	return v.store.First() + uint64(ord)
}

// Ord returns the first row whose record has a number of n or above.
func (v *View) Ord(n uint64) int {
	if n < v.store.First() {
		return sort.Search(len(v.kept), func(i int) bool { return v.kept[i].number >= n })
	}
	if v.rows != nil {
		return len(v.kept) + v.rows.Ord(n)
	}
	return len(v.kept) + int(min(n, v.store.Next())-v.store.First())
}

// Row returns the record of a row. The data are valid until the next eviction.
func (v *View) Row(ord int) (n uint64, e *rows.Entry, source string, data []byte) {
	if ord < len(v.kept) {
		k := &v.kept[ord]
		return k.number, &k.entry, k.source, k.data
	}
	n = v.At(ord)
	e = v.store.Entry(n)
	return n, e, v.store.Source(e), v.store.Data(e)
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
	c.paused, c.end = true, v.ShownEnd()
	return c
}
