package fanout

import (
	"slices"
	"time"
)

// How room is made when there are as many logs as Config.MaxStreams allows.
const (
	roomEvery = time.Second
	roomAfter = 10 * time.Minute // a log that is unread gives up its entries and its place when it was idle for so long
	roomShare = 64               // of all logs, this part may go at a time
)

// counting finds a log to append to, or makes it. It returns nil when there
// are too many to make it. That costs a look only, however often it happens:
// room is made by Run.
func (h *Hub) counting(name string) *log {
	h.mu.RLock()
	v, ok := h.logs.Get(name)
	counted := ok && v.(*log).counted
	full := h.full()
	h.mu.RUnlock()
	switch {
	case counted:
		return v.(*log)
	case full:
		h.crowded.Store(true)
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full() {
		h.crowded.Store(true)
		return nil
	}
	l := h.make(name)
	if !l.counted {
		l.counted = true
		h.counted++
	}
	return l
}

// full tells whether no more logs may be made by appending. h.mu is held, at
// least for reading.
func (h *Hub) full() bool { return h.cfg.MaxStreams > 0 && h.counted >= h.cfg.MaxStreams }

// Streams is how many logs count for Config.MaxStreams.
func (h *Hub) Streams() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.counted
}

// unread tells whether no reader would miss the log: it has no cursors, or
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

// makeRoom forgets logs that nobody reads and nobody has appended to for long,
// those that are idle for longest first.
func (h *Hub) makeRoom(now time.Time) {
	type idler struct {
		log  *log
		last int64
	}
	var idle []idler
	old := now.Add(-roomAfter).UnixNano()
	h.mu.RLock()
	h.logs.Walk(func(_ string, v any) bool {
		l := v.(*log)
		l.mu.Lock()
		if l.counted && l.last < old && l.unread() {
			idle = append(idle, idler{l, l.last})
		}
		l.mu.Unlock()
		return false
	})
	h.mu.RUnlock()
	slices.SortFunc(idle, func(a, b idler) int { return int(min(1, max(-1, a.last-b.last))) })
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
