package view

import (
	"slices"
	"sort"

	"sluice/tui/query"
	"sluice/tui/rows"
	"sluice/tui/rowtext"
)

// keptRow is a record that the store let go while it was on the screen, or a seam.
type keptRow struct {
	number uint64 // of a seam: of the last record that it stands for
	entry  rows.Entry
	source string
	data   []byte

	from    uint64 // of a seam: the first record that it stands for
	missing uint64 // of a seam: rows between its neighbours that are no longer held
	unknown bool   // of a seam: and a number that cannot be known
	near    bool   // it does not pass the filter, and is shown since it is near one that does
}

func (k *keptRow) seam() bool { return k.entry.Kind == rows.KindSeam }

// hoard is the rows that a view keeps although the store let them go. Where rows are
// missing between two that stand beside each other, a seam stands in between.
type hoard struct {
	shown   []keptRow // those that pass the filter, and the seams
	all     []keptRow // without seams: those that a later filter may show, too
	version int       // changes with shown
}

// clear forgets all.
func (h *hoard) clear() {
	if len(h.all) > 0 || len(h.shown) > 0 {
		*h = hoard{version: h.version + 1}
	}
}

// drop forgets the first n rows that are shown, and what is above the others.
func (h *hoard) drop(n int) {
	if n == 0 {
		return
	}
	if n >= len(h.shown) {
		h.clear()
		return
	}
	h.shown = h.shown[n:]
	h.version++
	at := sort.Search(len(h.all), func(i int) bool { return h.all[i].number >= h.shown[0].number })
	h.all = h.all[at:]
}

// add keeps a row below all others.
func (h *hoard) add(k keptRow) {
	h.shown = append(h.shown, k)
	if k.entry.Kind != rows.KindLeft {
		h.all = append(h.all, k)
	}
	h.version++
}

// part puts a seam below what is shown, for rows whose numbers are from from up to
// to. One that is there already becomes wider.
func (h *hoard) part(from, to, missing uint64, unknown bool) {
	if len(h.shown) == 0 || missing == 0 && !unknown {
		return
	}
	h.version++
	last := &h.shown[len(h.shown)-1]
	if !last.seam() {
		e := rows.Entry{Kind: rows.KindSeam, Time: last.entry.Time, Source: last.entry.Source, Stream: last.entry.Stream}
		h.shown = append(h.shown, keptRow{entry: e, from: from})
		last = &h.shown[len(h.shown)-1]
	}
	last.number = to - 1
	last.missing += missing
	last.unknown = last.unknown || unknown
	last.data = rowtext.AppendSeam(nil, last.missing, last.unknown)
}

// filter shows what passes a filter. What is no longer held is not known to pass,
// unless all passes; narrower: nothing does that did not pass the filter before. end
// is the number from which on there is no seam.
func (h *hoard) filter(f *query.Filter, names *rows.Names, narrower bool, end uint64) {
	old := h.shown
	h.shown = nil
	h.version++
	if narrower {
		for i := range old {
			switch k := &old[i]; {
			case k.entry.Kind == rows.KindLeft:
			case k.seam():
				h.part(k.from, k.number+1, 0, true)
			case f.Match(&query.Row{Entry: &k.entry, Data: k.data, Names: names}):
				h.shown = append(h.shown, *k)
			}
		}
		return
	}
	for i := range h.all {
		k := &h.all[i]
		if f.Match(&query.Row{Entry: &k.entry, Data: k.data, Names: names}) {
			h.shown = append(h.shown, *k)
		}
		next := end
		if i+1 < len(h.all) {
			next = h.all[i+1].number
		}
		if between := next - min(next, k.number+1); between > 0 && f.Empty() {
			h.part(k.number+1, next, between, false)
		} else if between > 0 {
			h.part(k.number+1, next, 0, true)
		}
	}
}

// Evicting keeps what is on the screen, as a [rows.Watcher].
func (v *View) Evicting(upTo uint64) {
	if v.follow {
		return
	}
	v.count()
	top, end := max(v.TopOrd(), v.above()+len(v.kept.shown)), min(upTo, v.ShownEnd())
	bottom := min(v.TopOrd()+v.height, v.Total())
	at := v.store.First() // what is below this number is kept, or in a seam
	var kept []keptRow
	for ord := top; ord < bottom; ord++ {
		n := v.At(ord)
		if n >= upTo {
			break
		}
		e, source, data := v.storeRow(n)
		kept = append(kept, keptRow{number: n, entry: *e, source: source, data: slices.Clone(data), near: v.Near(ord)})
	}
	for _, k := range kept {
		v.part(at, k.number)
		v.kept.add(k)
		at = k.number + 1
	}
	v.part(at, end)
}

// part puts a seam where the rows from one number up to another are about to be let
// go, and not kept.
func (v *View) part(from, to uint64) {
	switch {
	case from >= to:
	case v.rows == nil:
		v.kept.part(from, to, to-from, false)
	default:
		lo, hi := v.rows.Tested()
		passing := v.storeOrd(to) - v.storeOrd(from)
		v.kept.part(from, to, uint64(passing), from < lo || to > hi)
	}
}

// Kept is how many rows are only kept by the view: the store let them go.
func (v *View) Kept() (n int) {
	for i := range v.kept.shown {
		if !v.kept.shown[i].entry.Kind.Between() {
			n++
		}
	}
	return n
}

// Keeps reports whether a record that the store let go is still on the screen, or was
// loaded again.
func (v *View) Keeps(n uint64) bool {
	return v.past.has(n) || slices.ContainsFunc(v.kept.shown, func(k keptRow) bool { return k.number == n && !k.seam() })
}

// Missing is how many rows are missing in a row's place; unknown: and a number that
// cannot be known. Only the seam between what is kept and what is held stands for
// any.
func (v *View) Missing(ord int) (n uint64, unknown bool) {
	if above := v.above(); ord < above {
		return v.missingPast(ord)
	} else if ord -= above; ord >= len(v.kept.shown) {
		return 0, false
	}
	k := &v.kept.shown[ord]
	return k.missing, k.unknown
}
