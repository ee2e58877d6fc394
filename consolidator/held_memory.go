package consolidator

import (
	"container/list"
	"sync"

	"sluice/cluster/zmtp"
)

// What waiting connections may make the consolidator hold beside the logs, in bytes.
const (
	maxHeldIn  = 16 << 20 // beginnings of messages, for publishers
	maxHeldOut = 8 << 20  // rests of records, and answers that are not read, for readers
	smallHold  = 4 << 10  // each has so much for nothing
)

// heldMemory bounds what waiting connections make the consolidator hold. When it is
// too much, the connection that has held its part for longest is ended: one that goes on
// reading, or sending, holds each part for a moment only. That may be the very connection
// that calls, in the middle of its reading or writing, and with a lock of its own held: so
// it is aborted, and its own goroutines release what it holds, and close it.
type heldMemory struct {
	limit int
	onEnd func(*zmtp.Conn) // called for each that is ended; it waits for nothing

	mu     sync.Mutex
	sum    int
	old    list.List // of *heldPart, the one that was held for longest first
	ending int       // bytes that connections which were ended for it still hold
	eased  sync.Cond // it has become less; of mu
}

func newHeldMemory(limit int, onEnd func(*zmtp.Conn)) *heldMemory {
	h := &heldMemory{limit: limit, onEnd: onEnd}
	h.eased.L = &h.mu
	return h
}

// heldBy is a connection that holds something.
type heldBy struct {
	conn  *zmtp.Conn
	ended bool // it was aborted for it; guarded by heldMemory.mu
}

// heldPart is what a connection holds for one reason. Its owner calls set,
// one call at a time.
type heldPart struct {
	of    *heldBy
	bytes int           // guarded by heldMemory.mu; of sum while place is set, otherwise of ending
	place *list.Element // guarded by heldMemory.mu; nil when it is small, or its connection was ended
	large bool          // its owner's: it was not small when set last
}

// set notes how large it is now, and whether it is something other than before.
func (h *heldMemory) set(k *heldPart, bytes int, other bool) {
	if bytes <= smallHold {
		bytes = 0
		if !k.large {
			return
		}
	}
	h.mu.Lock()
	ending := h.note(k, bytes, other)
	h.mu.Unlock()
	h.abort(ending)
}

// reserve is like set, for memory about to be held. It first waits until the
// connections that were ended for their memory have released enough of it, so that
// all memory together is bounded, and not only that of those that live on. It reports
// false when the connection was ended: then nothing may be held.
//
// What is waited for are goroutines of connections that were aborted. They take no lock
// but their own before they have released what they held, so whoever calls must hold
// none that others take; it may hold chunks of logs.
func (h *heldMemory) reserve(k *heldPart, bytes int) bool {
	h.mu.Lock()
	ending := h.note(k, bytes, true)
	h.mu.Unlock()
	h.abort(ending)
	h.mu.Lock()
	defer h.mu.Unlock()
	for !k.of.ended && h.sum+h.ending > 2*h.limit {
		h.eased.Wait()
	}
	return !k.of.ended
}

// note is set, and returns the connections to abort. h.mu is held.
func (h *heldMemory) note(k *heldPart, bytes int, other bool) (ending []*zmtp.Conn) {
	k.large = bytes > 0
	defer h.eased.Broadcast()
	if k.of.ended {
		h.drop(k)
		h.ending += bytes - k.bytes
		k.bytes = bytes
		return nil
	}
	if k.large && (k.place == nil || other) {
		h.drop(k)
		k.place = h.old.PushBack(k)
	}
	if k.place != nil {
		h.sum += bytes - k.bytes
		k.bytes = bytes
		if bytes == 0 {
			h.drop(k)
		} else if bytes > h.limit {
			ending = h.end(k, ending)
		}
	}
	for h.sum > h.limit {
		ending = h.end(h.old.Front().Value.(*heldPart), ending)
	}
	return ending
}

func (h *heldMemory) abort(ending []*zmtp.Conn) {
	for _, c := range ending {
		h.onEnd(c)
		c.Abort()
	}
}

// end notes that a connection is to be ended for what it makes us hold. h.mu
// is held.
func (h *heldMemory) end(k *heldPart, ending []*zmtp.Conn) []*zmtp.Conn {
	bytes := k.bytes
	h.drop(k)
	k.bytes = bytes
	h.ending += bytes
	if k.of.ended {
		return ending
	}
	k.of.ended = true
	return append(ending, k.of.conn)
}

// drop takes it out of the sum. h.mu is held.
func (h *heldMemory) drop(k *heldPart) {
	if k.place != nil {
		h.old.Remove(k.place)
		h.sum -= k.bytes
		k.place, k.bytes = nil, 0
	}
}

// reportHeld returns what counts and logs a connection that is ended for what it made
// us hold.
func (c *Consolidator) reportHeld(kind string) func(*zmtp.Conn) {
	return func(conn *zmtp.Conn) {
		c.counts.held.Add(1)
		c.log.Warn("peer closed for the memory that it holds", "kind", kind, "peer", conn.RemoteAddr())
	}
}
