package view

import (
	"sluice/tui/rows"
)

// arrivals counts what came since a view stopped following, and passes the filter.
type arrivals struct {
	records, errors  uint64
	begin            uint64 // number of the first record that came then
	counted          uint64 // records below this number are counted
	partial          bool   // some were let go before it was known whether they pass
	had, hadErrors   uint64 // of the store, when it stopped
	dropped, unknown uint64 // likewise
}

// begins counts from now on.
func (a *arrivals) begins(s *rows.Store) {
	*a = arrivals{begin: s.Next(), counted: s.Next(), dropped: s.Dropped(), unknown: s.Unknown()}
	a.had, a.hadErrors = s.Lives()
}

// again counts from the beginning, as another filter wants it.
func (a *arrivals) again() {
	a.records, a.errors, a.counted, a.partial = 0, 0, a.begin, false
}

func (a *arrivals) add(e *rows.Entry) {
	if e.Kind != rows.KindRecord {
		return
	}
	a.records++
	if e.IsError() {
		a.errors++
	}
}

// Since is what came since the view stopped following, and passes its filter.
// unknown: and a number that is not known, since records were let go before they were
// tested, or are still to be.
func (v *View) Since() (records, errors uint64, unknown bool) {
	if v.rows == nil {
		records, errors = v.store.Lives()
		return records - v.since.had, errors - v.since.hadErrors, false
	}
	return v.since.records, v.since.errors, v.since.partial || v.early()
}

// early reports whether the filter, which there is, has not come back to where the view
// stopped following: it goes forward from the screen first.
func (v *View) early() bool {
	lo, _ := v.rows.Tested()
	return lo > max(v.since.counted, v.store.First())
}

// count brings what came since the view stopped following, and passes its filter, up to
// date.
func (v *View) count() {
	if v.rows == nil {
		return // the store has counted it
	}
	if first := v.store.First(); v.since.counted < first {
		v.since.counted, v.since.partial = first, true
	}
	if v.early() {
		return
	}
	v.rows.Each(v.since.counted, func(n uint64) bool {
		v.since.add(v.store.Entry(n))
		return true
	})
	v.since.counted = max(v.since.counted, v.testedUpTo())
}

// Lost is how many records were reported lost since the view stopped, and
// whether more may be: there was a gap without a number, or a source was away.
func (v *View) Lost() (uint64, bool) {
	return v.store.Dropped() - v.since.dropped, v.store.Unknown() > v.since.unknown
}
