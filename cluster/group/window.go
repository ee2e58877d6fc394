package group

import (
	"slices"
	"sort"
)

// maxParts bounds what a Window keeps of its slices, 32 bytes each.
const maxParts = 1 << 20

// Window is the groups of a log of which the oldest is let go: what was counted is added
// in slices, by the numbers of their messages, in any order, and dropped again in
// slices, the oldest first. It is for one goroutine.
//
// Memory: that of [Groups], and 32 bytes for each shape and level of a slice, up to 32
// MiB; beyond that slices are joined, two and two, and dropped together.
type Window struct {
	groups  *Groups
	slices  []slice // by number
	parts   int     // of all slices
	max     int
	dropped uint64
	stale   bool // first and last of some shapes may be of what was dropped
}

// slice is what was counted of consecutive messages.
type slice struct {
	from, to uint64
	last     int64 // of all
	parts    []part
}

// part is the messages of a shape and a level in a slice.
type part struct {
	first, last int64
	shape       Shape
	count       uint32
	level       uint8
}

// NewWindow returns a Window without messages.
func NewWindow() *Window { return &Window{groups: New(), max: maxParts} }

// Add adds what was counted of the messages with numbers from from up to to, and does
// not keep it.
func (w *Window) Add(from, to uint64, c *Counts) {
	s := slice{from: from, to: to, parts: make([]part, 0, len(c.list))}
	for i := range c.list {
		n := &c.list[i]
		shape := w.groups.findTokens(n.shape.tokens)
		p := part{n.first, n.last, shape.number, n.count, n.level}
		shape.tally.add(p.tally())
		s.parts = append(s.parts, p)
		s.last = max(s.last, n.last)
	}
	at := sort.Search(len(w.slices), func(i int) bool { return w.slices[i].from > from })
	w.slices = slices.Insert(w.slices, at, s)
	if w.parts += len(s.parts); w.parts > w.max {
		w.join()
	}
}

func (p *part) tally() *tally {
	t := &tally{count: uint64(p.count), first: p.first, last: p.last}
	t.levels[p.level] = uint64(p.count)
	return t
}

// Drop drops the slices whose messages all have numbers below n.
func (w *Window) Drop(n uint64) {
	gone := 0
	for ; gone < len(w.slices) && w.slices[gone].to <= n; gone++ {
		for i := range w.slices[gone].parts {
			p := &w.slices[gone].parts[i]
			t := &w.groups.shapeOf(p.shape).tally
			t.count -= uint64(p.count)
			t.levels[p.level] -= uint64(p.count)
			t.dropped = true
			w.dropped += uint64(p.count)
		}
		w.parts -= len(w.slices[gone].parts)
	}
	w.stale = w.stale || gone > 0
	w.slices = slices.Delete(w.slices, 0, gone)
}

// Dropped is how many messages were dropped.
func (w *Window) Dropped() uint64 { return w.dropped }

// Templates returns the templates of what is there, the most frequent first. Of each it
// says how many messages came since a time, in Unix milliseconds; those of a slice that
// began before that are taken to be spread over it evenly.
func (w *Window) Templates(since int64) []Template {
	if w.stale {
		w.refresh()
	}
	for _, s := range w.groups.shapes {
		s.tally.recent = 0
	}
	for i := range w.slices {
		if w.slices[i].last < since {
			continue
		}
		for k := range w.slices[i].parts {
			p := &w.slices[i].parts[k]
			w.groups.shapeOf(p.shape).tally.recent += p.since(since)
		}
	}
	list := w.groups.Templates()
	return slices.DeleteFunc(list, func(t Template) bool { return t.Count == 0 })
}

// since is how many messages came since a time.
func (p *part) since(at int64) uint64 {
	switch {
	case p.last < at:
		return 0
	case p.first >= at || p.last == p.first:
		return uint64(p.count)
	}
	return max(1, uint64(float64(p.count)*float64(p.last-at)/float64(p.last-p.first)))
}

// Alike is [Groups.Alike] of the template that has a text now.
func (w *Window) Alike(text string) (but []string, more uint64) {
	for _, t := range w.groups.Templates() {
		if t.Text == text && t.Count > 0 {
			return w.groups.Alike(t.Number)
		}
	}
	return nil, 0
}

// refresh finds first and last anew, and forgets shapes that nothing has any more.
func (w *Window) refresh() {
	w.stale = false
	live := 0
	for _, s := range w.groups.shapes {
		s.tally.first, s.tally.last = 0, 0
		if s.tally.count > 0 {
			live++
		}
	}
	for i := range w.slices {
		for k := range w.slices[i].parts {
			p := &w.slices[i].parts[k]
			w.groups.shapeOf(p.shape).tally.spans(p.first, p.last)
		}
	}
	if len(w.groups.shapes) < 2*live+64 {
		return
	}
	groups, of := w.groups.live()
	for i := range w.slices {
		for k := range w.slices[i].parts {
			p := &w.slices[i].parts[k]
			p.shape = of[p.shape]
		}
	}
	w.groups = groups
}

// join makes one of each two slices, so that they have fewer parts.
func (w *Window) join() {
	type key struct {
		shape Shape
		level uint8
	}
	joined := w.slices[:0]
	w.parts = 0
	for i := 0; i < len(w.slices); i += 2 {
		s := w.slices[i]
		at := map[key]int{}
		parts := make([]part, 0, len(s.parts))
		for _, other := range w.slices[i:min(i+2, len(w.slices))] {
			s.to, s.last = max(s.to, other.to), max(s.last, other.last)
			for _, p := range other.parts {
				p.shape = w.groups.shapeOf(p.shape).number
				k := key{p.shape, p.level}
				n, known := at[k]
				if !known {
					at[k] = len(parts)
					parts = append(parts, p)
					continue
				}
				q := &parts[n]
				q.count += p.count
				if p.first != 0 && (q.first == 0 || p.first < q.first) {
					q.first = p.first
				}
				q.last = max(q.last, p.last)
			}
		}
		s.parts = slices.Clip(parts)
		w.parts += len(s.parts)
		joined = append(joined, s)
	}
	clear(w.slices[len(joined):])
	w.slices = joined
}
