package view

import (
	"time"

	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// past is what a view has of what came before its store. A nil past has nothing.
type past struct {
	rows   *rows.Past
	names  *rows.Names
	loaded query.Filter // what of it was loaded
	sieve  *sieve       // nil: all that was loaded are rows
	joined uint64       // number of the store's record that comes right after it; 0: none does
	seam   rows.Entry
	text   []byte
}

// Past is what was loaded of what came before the store; nil: nothing was.
func (v *View) Past() *rows.Past {
	if v.past == nil {
		return nil
	}
	return v.past.rows
}

// SetPast has the view show what was loaded, chosen by a filter, before what the store
// holds; joined is the number of the store's record that comes right after it, 0 if others
// are between. The view frees it.
func (v *View) SetPast(p *rows.Past, loaded query.Filter, joined uint64) {
	v.DropPast()
	v.past = &past{rows: p, names: v.store.Names(), loaded: loaded, joined: joined}
	v.siftPast(&v.filter)
	v.settled = false
}

// Join notes that what was loaded leads up to a record of the store.
func (v *View) Join(joined uint64) { v.past.joined = joined }

// DropPast lets go of what was loaded.
func (v *View) DropPast() {
	if v.past == nil {
		return
	}
	v.past.rows.Free()
	v.past = nil
	if !v.follow && v.top < v.firstBelow() {
		v.top, v.cursor = v.firstBelow(), v.firstBelow()
	}
}

// Stand is how far above the first row that is kept or held the top line and the cursor
// are; 0 for what is not above it.
func (v *View) Stand() (top, cursor int) {
	if v.follow {
		return 0, 0
	}
	above := v.above()
	return max(above-v.TopOrd(), 0), max(above-v.CursorOrd(), 0)
}

// StandAgain moves top line and cursor so far above that row, if they were above it.
func (v *View) StandAgain(top, cursor int) {
	above := v.above()
	if top > 0 && v.Total() > 0 {
		v.top = v.At(max(above-top, 0))
	}
	if cursor > 0 && v.Total() > 0 {
		v.cursor = v.At(max(above-cursor, 0))
	}
}

// siftPast has rows of the past chosen by a filter.
func (v *View) siftPast(f *query.Filter) {
	p := v.past
	if p == nil {
		return
	}
	p.sieve = nil
	if !p.loaded.Within(*f) {
		p.sieve = newSieve(p.rows, p.names, f.Probe())
	}
}

// Lacks reports whether a filter shows what was not loaded, as another filter chose it.
func (v *View) Lacks(f query.Filter) bool { return v.past != nil && !f.Within(v.past.loaded) }

// Joined reports whether nothing is missing between what was loaded and what is held.
func (v *View) Joined() bool {
	return v.past != nil && v.past.joined != 0 && v.firstBelow() <= v.past.joined
}

// SeamOrd is the row of the seam between what was loaded and what is held; -1: there is none.
func (v *View) SeamOrd() int {
	if above := v.above(); above > v.past.count() {
		return above - 1
	}
	return -1
}

// firstBelow is the number of the first record behind the past: kept, or in the store.
func (v *View) firstBelow() uint64 {
	if len(v.kept.shown) > 0 {
		return v.kept.shown[0].number
	}
	return v.store.First()
}

// Seam is the number of the seam, if there is one, or of where it would be.
func (v *View) Seam() uint64 { return v.seamNumber() }

// seamNumber is the number of the seam, or of where it would be: above that of all that was
// loaded. It is 0 when nothing was.
func (v *View) seamNumber() uint64 {
	if v.past == nil {
		return 0
	}
	return v.firstBelow() - 1
}

// above is how many rows stand before those that are kept or held: what was loaded, and the
// seam.
func (v *View) above() int {
	if v.past == nil {
		return 0
	}
	n := v.past.count()
	if n > 0 && !v.Joined() {
		n++
	}
	return n
}

func (v *View) atPast(ord int) uint64 {
	if ord == v.past.count() {
		return v.seamNumber()
	}
	return v.past.at(ord)
}

func (v *View) pastRow(ord int) (n uint64, e *rows.Entry, source string, data []byte) {
	p := v.past
	n = v.atPast(ord)
	if ord < p.count() {
		e, data = p.rows.Row(n)
		return n, e, v.store.Source(e), data
	}
	_, last, _, _ := v.pastRow(ord - 1)
	p.seam = rows.Entry{Kind: rows.KindSeam, Time: last.Time, Source: last.Source, Stream: last.Stream}
	missing, unknown := v.missingPast(ord)
	if unknown {
		p.text = append(p.text[:0], "records that came between are not loaded"...)
	} else {
		p.text = rowtext.AppendSeam(p.text[:0], missing, false)
	}
	p.text = append(p.text, SeamLoads...)
	return n, &p.seam, v.store.Source(&p.seam), p.text
}

// SeamLoads ends what the seam says of what is in the archive.
const SeamLoads = ": they load as you scroll there"

// missingPast is how many rows are missing where the seam is.
func (v *View) missingPast(ord int) (n uint64, unknown bool) {
	p := v.past
	switch {
	case ord < p.count():
		return 0, false
	case p.joined != 0 && v.filter.Empty():
		return v.firstBelow() - p.joined, false
	}
	return 0, true
}

func (p *past) count() int {
	switch {
	case p == nil:
		return 0
	case p.sieve != nil:
		return p.sieve.count()
	}
	return p.rows.Held()
}

func (p *past) at(i int) uint64 {
	if p.sieve != nil {
		return p.sieve.at(i)
	}
	return p.rows.First() + uint64(i)
}

func (p *past) ord(n uint64) int {
	switch {
	case p == nil:
		return 0
	case p.sieve != nil:
		return p.sieve.ord(n)
	case n < p.rows.First():
		return 0
	}
	return int(min(n, p.rows.Next()) - p.rows.First())
}

// has reports whether a record was loaded.
func (p *past) has(n uint64) bool {
	return p != nil && n >= p.rows.First() && n < p.rows.Next()
}

func (p *past) complete() bool { return p == nil || p.sieve == nil || p.sieve.complete() }

func (p *past) step(deadline time.Time, now func() time.Time) bool {
	return p != nil && p.sieve != nil && p.sieve.step(deadline, now)
}

// snapshot is what is loaded now.
func (p *past) snapshot() *past {
	if p == nil {
		return nil
	}
	c := *p
	c.rows, c.text = p.rows.Snapshot(), nil
	if c.sieve != nil {
		c.sieve = newSieve(c.rows, p.names, p.sieve.probe)
	}
	return &c
}

// errorFrom is the next row above or below a number that is an error.
func (p *past) errorFrom(from uint64, step int) (n uint64, ok bool) {
	if p == nil {
		return 0, false
	}
	i := p.ord(from)
	if step < 0 {
		i--
	} else if p.has(from) && i < p.count() && p.at(i) == from {
		i++
	}
	for ; i >= 0 && i < p.count(); i += step {
		n = p.at(i)
		if e, _ := p.rows.Row(n); e.IsError() {
			return n, true
		}
	}
	return 0, false
}

// Bound lets go of what was loaded until no more than so many records and bytes are left: of
// what is furthest from the screen first.
func (v *View) Bound(records int, bytes int64) {
	p := v.Past()
	for p != nil && p.Pages() > 1 && (p.Held() > records || p.Bytes() > bytes) {
		top, last := v.seamNumber(), v.seamNumber()
		if total := v.Total(); !v.follow && total > 0 {
			top, last = v.At(v.TopOrd()), v.At(min(v.TopOrd()+v.height, total)-1)
		}
		above, below := beyond(p.OldestNext(), top), beyond(last, p.NewestFirst())
		if v.follow || below > 0 && below >= above {
			p.DropNewest()
			v.past.joined = 0
			continue
		}
		p.DropOldest()
	}
}

// beyond is how much the second number is above the first one; 0 when it is not.
func beyond(a, b uint64) uint64 { return max(a, b) - a }

// Narrow notes that what was loaded last was chosen by a filter, which shows no more than
// that of the rest.
func (v *View) Narrow(f query.Filter) {
	v.past.loaded = f
	v.siftPast(&v.filter)
}

// LoadedRows are the rows that were loaded, and what a search, which may be nil, has found
// among them.
type LoadedRows struct {
	view   *View
	search *Search
}

// LoadedRows are those of a view.
func (v *View) LoadedRows(s *Search) LoadedRows { return LoadedRows{v, s} }

// Rows is how many there are, At the number of one, and Row its entry.
func (l LoadedRows) Rows() int                { return l.view.past.count() }
func (l LoadedRows) At(i int) uint64          { return l.view.past.at(i) }
func (l LoadedRows) Row(n uint64) *rows.Entry { e, _ := l.view.past.rows.Row(n); return e }

// Matches is how many the search has found, and MatchAt the number of one.
func (l LoadedRows) Matches() int {
	if l.search == nil {
		return 0
	}
	if found := l.search.inPast(); found != nil {
		return found.count()
	}
	return 0
}
func (l LoadedRows) MatchAt(i int) uint64 { return l.search.inPast().at(i) }

// Bounds are the numbers of all that was loaded.
func (l LoadedRows) Bounds() (first, next uint64) {
	if p := l.view.past; p != nil {
		return p.rows.First(), p.rows.Next()
	}
	return 0, 0
}

// Loaded reports whether a row was loaded from before the store.
func (v *View) Loaded(ord int) bool { return ord < v.past.count() }

// Crosses reports whether what is not loaded lies between two records.
func (v *View) Crosses(a, b uint64) bool {
	at := v.seamNumber()
	return v.SeamOrd() >= 0 && (a < at) != (b < at)
}

// Forget lets go of the rows that are only kept by the view.
func (v *View) Forget() { v.kept.clear() }

// Spot is what rows are on the top line and under the cursor, to be found again among
// others.
type Spot struct{ top, cursor spotted }

type spotted struct {
	time   int64
	source string
	data   string
}

// Anchored is where the view stands now.
func (v *View) Anchored() Spot {
	of := func(ord int) spotted {
		if ord < 0 || ord >= v.Total() {
			return spotted{}
		}
		_, e, source, data := v.Row(ord)
		return spotted{e.Time, source, string(data)}
	}
	return Spot{of(v.TopOrd()), of(v.CursorOrd())}
}

// Reanchor goes where the same rows are among those that were loaded; false: they are not.
// Rows that only the view kept are let go.
func (v *View) Reanchor(at Spot) bool {
	find := func(s spotted) (n uint64, ok bool) {
		p := v.past.rows
		for n = p.Next(); n > p.First(); n-- {
			if e, data := p.Row(n - 1); e.Time == s.time && string(data) == s.data && v.store.Source(e) == s.source {
				return n - 1, true
			}
		}
		return 0, false
	}
	top, ok := find(at.top)
	if !ok {
		return false
	}
	cursor, ok := find(at.cursor)
	if !ok {
		cursor = top
	}
	v.kept.clear()
	v.Hold()
	v.top, v.cursor, v.settled = top, cursor, false
	return true
}
