package fanout

import (
	"cmp"
	"slices"
	"time"
)

// How room is made when there are as many logs as Config.MaxStreams allows.
const (
	roomEvery   = time.Second
	roomAfter   = 10 * time.Minute // a log that is unread gives up its entries and its place when it was idle for so long
	orphanAfter = 10 * time.Second // and so does one of an appender that is gone
	roomShare   = 16               // of all logs, this part may go at a time
)

// Streams is how many logs count for Config.MaxStreams.
func (h *Hub) Streams() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.counted
}

// unread reports whether no reader would miss the log: it has no cursors, or
// such as match a prefix and have taken all there is; they find a new log of
// that name from its first entry. l.mu is held.
func (l *log) unread() bool {
	if len(l.parked) != l.cursors {
		return false
	}
	for _, c := range l.parked {
		if c.exact {
			return false
		}
	}
	return true
}

// forget drops a parked cursor together with its log. l.mu is held.
func (c *cursor) forget() {
	r := c.reader
	r.mu.Lock()
	if r.cursors[c.log.name] == c {
		delete(r.cursors, c.log.name)
	}
	r.mu.Unlock()
	c.dropLocked()
}

// makeRoom forgets unread logs to make room for an appender that owns so many (has)
// already. A log may go if it has been idle for long, and its appender is gone or owns
// at least as many; or, after a shorter time, if its appender is gone and the logs of
// all that are gone are more than has. Logs of the appender that owns most go first;
// among equals, those idle for longest.
func (h *Hub) makeRoom(now time.Time, has int) {
	type idler struct {
		log  *log
		last int64
		of   int
	}
	var idle []idler
	old, orphaned := int64(now.Sub(h.began)-roomAfter), int64(now.Sub(h.began)-orphanAfter)
	h.mu.RLock()
	h.logs.Walk(func(_ string, v any) bool {
		l := v.(*log)
		l.mu.Lock()
		if o := l.owner; o != nil && l.unread() {
			if l.last < old && (o.gone || o.logs >= has) || l.last < orphaned && o.gone && h.orphans > has {
				idle = append(idle, idler{l, l.last, o.logs})
			}
		}
		l.mu.Unlock()
		return false
	})
	h.mu.RUnlock()
	slices.SortFunc(idle, func(a, b idler) int { return cmp.Or(cmp.Compare(b.of, a.of), cmp.Compare(a.last, b.last)) })
	for _, i := range idle[:min(len(idle), h.cfg.MaxStreams/roomShare+1)] {
		h.mu.Lock()
		i.log.mu.Lock()
		if !i.log.dead && i.log.last == i.last && i.log.unread() {
			h.drop(i.log)
		}
		i.log.mu.Unlock()
		h.mu.Unlock()
	}
}
