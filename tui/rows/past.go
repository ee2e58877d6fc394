package rows

import (
	"slices"
	"sort"
)

// Past is consecutive records from before those that a store holds, in pages. It grows and
// is let go at both ends. Their numbers are below those of the store.
type Past struct {
	store       *Store
	pages       []*Page // the oldest first
	end         Edges   // where the newest ends
	first, next uint64
	bytes       int64
}

// room is how many numbers there are between two pasts of a store, and on either side of
// where one begins.
const room = 1 << 32

// NewPast is an empty past before what a store holds, from where on it is not. It counts
// among what all stores hold until it is freed. Stores.KeepPositions must have been called.
func (s *Store) NewPast(end Edges) *Past {
	s.pasts++
	p := &Past{store: s, end: end, first: origin - 2*room*s.pasts, next: origin - 2*room*s.pasts}
	if s.all.pasts == nil {
		s.all.pasts = make(map[*Past]bool)
	}
	s.all.pasts[p] = true
	return p
}

// Free lets all go.
func (p *Past) Free() { delete(p.store.all.pasts, p) }

// Snapshot is what is held now. It does not count among what all stores hold.
func (p *Past) Snapshot() *Past {
	c := *p
	c.pages = slices.Clone(p.pages)
	return &c
}

// First and Next bound the numbers of its records.
func (p *Past) First() uint64 { return p.first }
func (p *Past) Next() uint64  { return p.next }

// Held is how many there are, and Bytes the memory that they take.
func (p *Past) Held() int    { return int(p.next - p.first) }
func (p *Past) Bytes() int64 { return p.bytes }

// Begin is where it begins, and End where it ends: there the next page ends, or begins.
func (p *Past) Begin() Edges {
	if len(p.pages) == 0 {
		return p.end
	}
	return p.pages[0].Begin
}
func (p *Past) End() Edges { return p.end }

// Older puts a page before all others. end is where it ends, of sources that were not met
// yet: there what comes next of them begins, too.
func (p *Past) Older(page *Page, end Edges) {
	for stream, of := range end {
		for source, at := range of {
			if _, known := p.end[stream][source]; !known {
				p.end = p.end.Clone()
				p.end.Set(stream, source, at)
			}
		}
	}
	if page.Len() == 0 && len(p.pages) > 0 {
		p.pages[0].Begin = page.Begin
		return
	}
	p.first -= uint64(page.Len())
	page.first = p.first
	p.pages = slices.Insert(p.pages, 0, page)
	p.take(page)
}

// Newer puts a page behind all others, which ends there.
func (p *Past) Newer(page *Page, end Edges) {
	p.end = end
	if page.Len() == 0 {
		return
	}
	page.first = p.next
	p.next += uint64(page.Len())
	p.pages = append(p.pages, page)
	p.take(page)
}

// take makes a page's entries point at the names of the store.
func (p *Past) take(page *Page) {
	ids := make([]uint16, len(page.names.Sources))
	for i, name := range page.names.Sources {
		ids[i] = p.store.intern(name)
	}
	for i := range page.entries {
		page.entries[i].Source = ids[page.entries[i].Source]
	}
	p.bytes += page.Bytes()
}

// DropOldest lets the oldest page go, and DropNewest the newest. There must be one.
func (p *Past) DropOldest() {
	page := p.pages[0]
	p.pages[0] = nil
	p.pages = p.pages[1:]
	p.first += uint64(page.Len())
	p.bytes -= page.Bytes()
}

func (p *Past) DropNewest() {
	page := p.pages[len(p.pages)-1]
	p.pages[len(p.pages)-1] = nil
	p.pages = p.pages[:len(p.pages)-1]
	p.next = page.first
	p.end = page.Begin
	p.bytes -= page.Bytes()
}

// NewestFirst is the number of the first record of the newest page, and OldestNext the number
// behind the last one of the oldest page.
func (p *Past) NewestFirst() uint64 { return p.pages[len(p.pages)-1].first }
func (p *Past) OldestNext() uint64  { return p.first + uint64(p.pages[0].Len()) }

// Pages is how many there are.
func (p *Past) Pages() int { return len(p.pages) }

// Row returns one of its records, whose source is one of the store.
func (p *Past) Row(n uint64) (*Entry, []byte) {
	i := sort.Search(len(p.pages), func(i int) bool { return p.pages[i].first > n }) - 1
	return p.pages[i].Row(int(n - p.pages[i].first))
}
