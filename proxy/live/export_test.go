package live

import "sluice/cluster/httpapi"

// Changes lets benchmarks say when the list changes.
type Changes struct{ c changes }

func (c *Changes) Update(list []httpapi.LiveEvent) { c.c.look(c.c.looks+1, c.c.version+1, list) }

func (c *Changes) Advance(to *Cursor, size int) httpapi.ChangesEvent {
	e, _ := to.advance(&c.c, size)
	return e
}
