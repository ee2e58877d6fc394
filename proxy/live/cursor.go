package live

import (
	"slices"
	"strings"

	"sluice/cluster/httpapi"
)

// Cursor is how far one reader has been told what has changed. Make it with
// [NewCursor]; it is for one goroutine.
type Cursor struct {
	page  Page
	opens func(name string) bool

	begun bool
	whole bool   // the reader has been told a whole list
	seq   uint64 // changes up to this one are told, of the names up to upTo
	upTo  edge
	held  edge   // beyond it the reader has no stream that is live, and whose last change is told
	reach edge   // beyond it the reader has nothing; upTo <= held <= reach
	next  string // the last Next that was told
	more  bool   // the last piece said that more comes

	names uint64 // for which end is where the page ends
	end   edge
	after string // Next of that page
}

// edge is up to where names go: in the order of bytes, that name included, or all.
type edge struct {
	name string
	top  bool
}

func (e edge) has(name string) bool { return e.top || name <= e.name }

// orUp is the edge, or the name if that is beyond.
func (e edge) orUp(name string) edge {
	if e.has(name) {
		return e
	}
	return edge{name: name}
}

// NewCursor is of a reader that has been told nothing, of the streams of a page that
// opens lets through; opens nil lets all through.
func NewCursor(p Page, opens func(name string) bool) *Cursor { return &Cursor{page: p, opens: opens} }

// Begun reports whether the reader has been told the whole list once.
func (c *Cursor) Begun() bool { return c.whole }

func (c *Cursor) may(name string) bool { return c.opens == nil || c.opens(name) }

// advance tells what has changed, about size bytes of it.
func (c *Cursor) advance(l *changes, size int) (e httpapi.ChangesEvent, any bool) {
	e.Changed = []httpapi.LiveEvent{}
	if !c.begun || c.seq < l.floor {
		c.begun, c.seq = true, l.seq
		c.upTo, c.held, c.reach = edge{}, edge{}, edge{}
		c.names = l.names + 1 // the end is not known
		e.All = true
	}
	if c.names != l.names {
		last, more := c.page.end(l.list, c.opens)
		c.names, c.end, c.after = l.names, edge{last, last == ""}, ""
		if more {
			c.after = last
		}
	}
	to := piece{&e, size}
	e.More = !c.tellBeyond(l, &to) || !c.tellChanges(l, &to) || !c.tellRest(l, &to)
	if !e.More {
		e.Next = c.after
		c.whole, c.held, c.reach = true, c.upTo, c.upTo
	}
	any = e.All || len(e.Changed) > 0 || len(e.Gone) > 0 || c.more != e.More || !e.More && c.next != c.after
	c.more = e.More
	if !e.More {
		c.next = c.after
	}
	return e, any
}

// piece is what a reader is told at a time, with the room that is left.
type piece struct {
	*httpapi.ChangesEvent
	room int
}

func (p *piece) change(s httpapi.LiveEvent) {
	p.Changed = append(p.Changed, s)
	p.room -= len(s.Name) + len(`{"name":"","rate":1.2345678901,"bytes":1.2345678901,"records":12345,"sources":1},`)
}

func (p *piece) drop(name string) {
	p.Gone = append(p.Gone, name)
	p.room -= len(name) + len(`"",`)
}

// tellBeyond tells that what the reader may have, and is beyond the end of the page now,
// has gone. Like the others it reports whether that is all.
func (c *Cursor) tellBeyond(l *changes, to *piece) bool {
	if c.end.top {
		return true
	}
	if c.upTo.top || c.upTo.name > c.end.name {
		c.upTo = c.end
	}
	at := len(l.list)
	if !c.held.top {
		at = after(l.list, c.held.name)
	}
	for ; at > 0 && l.list[at-1].Name > c.end.name; at-- {
		name := l.list[at-1].Name
		c.held = edge{name: name}
		if to.room <= 0 {
			return false
		}
		if c.page.has(name) && c.may(name) {
			to.drop(name)
		}
	}
	if c.held.top || c.held.name > c.end.name {
		c.held = c.end
	}
	return true
}

// tellChanges tells of the changes of what the reader may have.
func (c *Cursor) tellChanges(l *changes, to *piece) bool {
	for i := l.since(c.seq); i < len(l.log); i++ {
		if to.room <= 0 {
			return false
		}
		ch := &l.log[i]
		c.seq = ch.seq
		if !c.page.has(ch.name) || !c.reach.has(ch.name) || !c.may(ch.name) {
			continue
		}
		at, live := l.find(ch.name)
		switch {
		case live && l.told[at].seq != ch.seq, !live && !ch.gone:
			// A later change counts.
		case !live, !c.end.has(ch.name):
			to.drop(ch.name)
		case c.upTo.has(ch.name):
			to.change(l.list[at])
		default: // it is told with the rest
			c.held = c.held.orUp(ch.name)
		}
	}
	c.seq = l.seq
	return true
}

// tellRest tells of the streams that were not told yet.
func (c *Cursor) tellRest(l *changes, to *piece) bool {
	if c.upTo.top {
		return true
	}
	at := max(c.page.first(l.list), after(l.list, c.upTo.name))
	for ; at < len(l.list); at++ {
		s := &l.list[at]
		if !strings.HasPrefix(s.Name, c.page.Prefix) || !c.end.has(s.Name) {
			break
		}
		if to.room <= 0 {
			return false
		}
		c.tellUpTo(edge{name: s.Name})
		if c.may(s.Name) {
			to.change(*s)
		}
	}
	c.tellUpTo(c.end)
	return true
}

func (c *Cursor) tellUpTo(e edge) {
	c.upTo = e
	if e.top {
		c.held, c.reach = e, e
		return
	}
	c.held, c.reach = c.held.orUp(e.name), c.reach.orUp(e.name)
}

// after is where in a list those after a name begin.
func after(list []httpapi.LiveEvent, name string) int {
	at, found := slices.BinarySearchFunc(list, name, byName)
	if found {
		at++
	}
	return at
}
