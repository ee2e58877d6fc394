package tui

import (
	"slices"
	"sort"
	"time"

	"sluice/cluster/record"
)

// view is where somebody stands in a store. It follows the newest record, or
// is anchored to the record on its top line; then nothing moves it.
//
// Rows are counted by their place, from 0: first those that are held because
// they are on the screen although the store let them go, then those of the
// store that pass the filter.
type view struct {
	store  *store
	filter filter
	rows   *scan // nil when the filter is empty: all records are rows

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
	entry  entry
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

func newView(s *store, f filter) *view {
	v := &view{store: s, follow: true, height: 1}
	s.watch(v)
	v.setFilter(f)
	return v
}

func (v *view) close() { v.store.unwatch(v) }

// setFilter changes what is shown. A following view goes on following, an
// anchored one stays as near as it can.
func (v *view) setFilter(f filter) {
	from := v.store.next
	if !v.follow {
		from = v.top
	}
	v.filter = f
	v.rows = nil
	v.settled = false
	if !f.empty() {
		v.rows = newScan(v.store, from, f.probe())
	}
	kept := v.kept[:0]
	for _, k := range v.kept {
		if f.match(&row{e: &k.entry, data: k.data, names: &v.store.names}) {
			kept = append(kept, k)
		}
	}
	v.kept = kept
}

// step does the view's share of work for one frame; it reports whether there
// is more to do.
func (v *view) step(deadline time.Time, now func() time.Time) bool {
	more := false
	if v.rows != nil {
		more = v.rows.step(deadline, now)
	}
	if !v.follow {
		v.settle()
		v.count()
	}
	return more
}

// count brings what came since the view stopped following up to date.
func (v *view) count() {
	if v.rows == nil {
		for n := max(v.since.counted, v.store.first); n < v.store.next; n++ {
			v.since.add(v.store.entry(n))
		}
		v.since.counted = v.store.next
		return
	}
	v.rows.trim()
	v.rows.found.each(v.since.counted, func(n uint64) bool {
		v.since.add(v.store.entry(n))
		return true
	})
	v.since.counted = max(v.since.counted, v.rows.hi)
}

func (a *arrivals) add(e *entry) {
	if e.kind != kindRecord {
		return
	}
	a.records++
	if e.level >= uint16(record.Error) {
		a.errors++
	}
}

// lost is how many records were reported lost since the view stopped, and
// whether a gap without a number was among them.
func (v *view) lost() (uint64, bool) {
	return v.store.dropped - v.since.dropped, v.store.unknown > v.since.unknown
}

// evicting keeps what is on the screen, as [watcher].
func (v *view) evicting(upTo uint64) {
	if !v.follow {
		v.count()
		var kept []keptRow
		for ord := max(v.topOrd(), len(v.kept)); ord < min(v.topOrd()+v.height, v.total()); ord++ {
			n := v.at(ord)
			if n >= upTo {
				break
			}
			e := v.store.entry(n)
			kept = append(kept, keptRow{n, *e, v.store.source(e), append([]byte(nil), v.store.data(e)...)})
		}
		v.kept = append(v.kept, kept...)
	}
}

// keeps reports whether a record that the store let go is still on the screen.
func (v *view) keeps(n uint64) bool {
	return slices.ContainsFunc(v.kept, func(k keptRow) bool { return k.number == n })
}

// total is the number of rows.
func (v *view) total() int {
	total := len(v.kept) + v.store.held()
	if v.rows != nil {
		total = len(v.kept) + v.rows.count()
	}
	if v.paused {
		total = min(total, v.ord(v.end))
	}
	return total
}

// shownEnd is the number from which on records are not shown.
func (v *view) shownEnd() uint64 {
	if v.paused {
		return v.end
	}
	return v.store.next
}

// at returns the number of the record in a row.
func (v *view) at(ord int) uint64 {
	if ord < len(v.kept) {
		return v.kept[ord].number
	}
	ord -= len(v.kept)
	if v.rows != nil {
		return v.rows.at(ord)
	}
	return v.store.first + uint64(ord)
}

// ord returns the first row whose record has a number of n or above.
func (v *view) ord(n uint64) int {
	if n < v.store.first {
		return sort.Search(len(v.kept), func(i int) bool { return v.kept[i].number >= n })
	}
	if v.rows != nil {
		return len(v.kept) + v.rows.ord(n)
	}
	return len(v.kept) + int(min(n, v.store.next)-v.store.first)
}

// row returns what there is of a row. data is valid until the next eviction.
func (v *view) row(ord int) (n uint64, e *entry, source string, data []byte) {
	if ord < len(v.kept) {
		k := &v.kept[ord]
		return k.number, &k.entry, k.source, k.data
	}
	n = v.at(ord)
	e = v.store.entry(n)
	return n, e, v.store.source(e), v.store.data(e)
}

// topOrd is the row on the top line.
func (v *view) topOrd() int {
	if v.follow {
		return v.maxTop()
	}
	return max(0, min(v.ord(v.top), v.total()-1))
}

func (v *view) maxTop() int { return max(0, v.total()-v.height) }

// cursorOrd is the row under the cursor; -1 when there are no rows.
func (v *view) cursorOrd() int {
	if v.follow {
		return v.total() - 1
	}
	return min(v.ord(v.cursor), v.total()-1)
}
