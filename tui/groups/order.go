package groups

import (
	"cmp"
	"slices"
	"time"

	"sluice/cluster/group"
)

// Order is how groups stand in a list: what is loud, what is loud now, what is new.
type Order uint8

const (
	ByCount   Order = iota // the most records first
	ByRate                 // the most recent records first
	ByNewness              // the latest first record first
)

// Sorted returns the templates in an order; of those that are the same in that, the more
// frequent first.
func (l *List) Sorted(o Order) []group.Template {
	sorted := slices.Clone(l.Templates)
	slices.SortStableFunc(sorted, func(a, b group.Template) int {
		switch o {
		case ByRate:
			return cmp.Compare(b.Recent, a.Recent)
		case ByNewness:
			if a.Dropped != b.Dropped { // what is longer known than it is kept
				return map[bool]int{true: 1, false: -1}[a.Dropped]
			}
			return cmp.Compare(b.First, a.First)
		case ByCount:
		}
		return cmp.Compare(b.Count, a.Count)
	})
	return sorted
}

// Newness tells which templates are new since a time.
type Newness struct {
	since int64
	known bool
}

// NewSince is which templates are new since a time. It is known only when the records
// from before that time have been read, and there are some.
func (l *List) NewSince(at time.Time) Newness {
	n := Newness{since: at.UnixMilli()}
	for i := range l.Templates {
		t := &l.Templates[i]
		n.known = n.known || l.Complete && (t.Dropped || t.First != 0 && t.First < n.since)
	}
	return n
}

// Known reports whether it is known what is new.
func (n Newness) Known() bool { return n.known }

// Is reports whether a template is new.
func (n Newness) Is(t *group.Template) bool {
	return n.known && !t.Dropped && t.First >= n.since
}
