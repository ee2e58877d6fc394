package consolidator

import (
	"container/list"
	"net"
	"sync"
)

// What waiting connections may make us hold beside the logs, in bytes.
const (
	maxHeldIn  = 16 << 20 // beginnings of messages, for publishers
	maxHeldOut = 8 << 20  // rests of records, and answers that are not read, for readers
	smallHold  = 4 << 10  // each has so much for nothing
)

// holds bounds it. Its lock may be taken under a connection's own. When it is
// too much, the connection that has held its part for longest is closed: one
// that goes on reading, or sending, holds each part for a moment only.
type holds struct {
	limit int
	tell  func(net.Conn) // of each that is closed; no lock is held but a connection's own

	mu  sync.Mutex
	sum int
	old list.List // of *hold, the one that was held for longest first
}

// holder is a connection that makes us hold something.
type holder struct {
	conn  net.Conn
	ended bool // it was closed for it; guarded by holds.mu
}

// hold is what a connection makes us hold for one reason. Its owner calls set,
// one call at a time.
type hold struct {
	of    *holder
	bytes int           // guarded by holds.mu
	place *list.Element // guarded by holds.mu; nil when it is small, or its connection was closed
	large bool          // its owner's: it was not small when set last
}

// set notes how large it is now; anew, that what is held is not what was held
// before.
func (h *holds) set(k *hold, bytes int, anew bool) {
	if bytes <= smallHold {
		bytes = 0
		if !k.large {
			return
		}
	}
	k.large = bytes > 0
	var closing []net.Conn
	h.mu.Lock()
	if k.large && !k.of.ended && (k.place == nil || anew) {
		h.drop(k)
		k.place = h.old.PushBack(k)
	}
	if k.place != nil {
		h.sum += bytes - k.bytes
		k.bytes = bytes
		if bytes == 0 {
			h.drop(k)
		} else if bytes > h.limit {
			closing = h.end(k, closing)
		}
	}
	for h.sum > h.limit {
		closing = h.end(h.old.Front().Value.(*hold), closing)
	}
	h.mu.Unlock()
	for _, c := range closing {
		h.tell(c)
		c.Close()
	}
}

// end notes that a connection is to be closed for what it makes us hold. h.mu
// is held.
func (h *holds) end(k *hold, closing []net.Conn) []net.Conn {
	h.drop(k)
	if k.of.ended {
		return closing
	}
	k.of.ended = true
	return append(closing, k.of.conn)
}

// drop forgets it. h.mu is held.
func (h *holds) drop(k *hold) {
	if k.place != nil {
		h.old.Remove(k.place)
		h.sum -= k.bytes
		k.place, k.bytes = nil, 0
	}
}

// tellHeld counts, and logs, a connection that is closed for what it made us
// hold.
func (c *Consolidator) tellHeld(kind string) func(net.Conn) {
	return func(conn net.Conn) {
		c.counts.held.Add(1)
		c.log.Warn("peer closed for the memory that it holds", "kind", kind, "peer", conn.RemoteAddr())
	}
}
