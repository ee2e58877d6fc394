package fanout

import (
	"math/rand/v2"
	"sync"
	"time"
)

// log is one stream: a short list of chunks, from the oldest entry that is
// still held to the newest.
type log struct {
	hub  *Hub
	name string

	mu           sync.Mutex
	epoch        uint64
	chunks       []*chunk
	base         uint64 // chunks ever evicted: the number of chunks[0]
	spare        *chunk // the last evicted chunk, when nobody held it
	next         uint64 // sequence number of the next entry
	size         int64  // bytes of the chunks, the spare included
	bytes        uint64 // bytes ever appended
	last         int64  // hub clock of the last append, or of the making
	parked       []*cursor
	cursors      int
	unknown      []uint64 // sequence numbers of the entries that stand for losses of unknown size, oldest first
	unknownFloor uint64   // below it there were more of them than the list holds
	flagged      bool     // it is on the hub's list of logs with readers to wake
	vacant       bool     // it is on the hub's list of logs that may be vacant; guarded by vacants.mu
	dead         bool     // it was forgotten: look it up again
	owner        *owner   // it counts for Config.MaxStreams, as one of these; nil if it does not; guarded by Hub.mu

	// Owned by the hub's sizes; guarded by sizes.mu.
	class      int
	prev, succ *log
}

func newLog(h *Hub, name string) *log {
	return &log{hub: h, name: name, epoch: rand.Uint64(), last: h.clock.Load(), class: -1}
}

// first is the sequence number of the oldest entry held.
func (l *log) first() uint64 {
	if len(l.chunks) == 0 {
		return l.next
	}
	return l.chunks[0].first
}

// append copies entries to the end of the log, and evicts what no longer fits
// in the log's own bound. With a head it is one entry, and the head its
// beginning. l.mu is held.
func (l *log) append(head, entries []byte, numbers uint64) {
	l.bytes += uint64(len(head) + len(entries))
	now := l.hub.clock.Load()
	stamp := now != l.last && l.cursors > 0
	l.last = now
	for len(entries) > 0 {
		tail := l.tail()
		if tail == nil || cap(tail.buf)-len(tail.buf) < len(head)+len(entries) {
			if head != nil {
				l.grow(len(head) + len(entries))
				continue
			}
			// Not all of it fits: fill the tail with whole entries, and
			// go on in a new chunk.
			part, n := l.fit(tail, entries, numbers)
			if part == 0 {
				tail = l.grow(l.firstSize(entries))
				part, n = l.fit(tail, entries, numbers)
			}
			tail.buf = append(tail.buf, entries[:part]...)
			tail.count += n
			l.next += n
			entries = entries[part:]
			numbers -= n
			continue
		}
		if stamp {
			tail.stamp()
		}
		tail.buf = append(append(tail.buf, head...), entries...)
		tail.count += numbers
		l.next += numbers
		break
	}
	l.flag()
}

// flag has the readers woken that wait for the log to grow. l.mu is held.
func (l *log) flag() {
	if len(l.parked) > 0 && !l.flagged {
		l.flagged = true
		l.hub.flag(l)
	}
}

func (l *log) tail() *chunk {
	if len(l.chunks) == 0 {
		return nil
	}
	return l.chunks[len(l.chunks)-1]
}

// fit returns how many bytes of whole entries fit in c, and their numbers.
func (l *log) fit(c *chunk, entries []byte, numbers uint64) (size int, n uint64) {
	if c == nil {
		return 0, 0
	}
	room := cap(c.buf) - len(c.buf)
	if room >= len(entries) {
		return len(entries), numbers
	}
	for size < room {
		s, k := l.hub.cfg.Next(entries[size:])
		if size+s > room {
			break
		}
		size += s
		n += k
	}
	return size, n
}

func (l *log) firstSize(entries []byte) int {
	s, _ := l.hub.cfg.Next(entries)
	return s
}

// grow adds an empty chunk of at least need bytes, and evicts the oldest ones
// to stay within the bound of one log.
func (l *log) grow(need int) *chunk {
	size := minChunk
	if t := l.tail(); t != nil {
		size = min(2*cap(t.buf), l.hub.maxChunk)
	}
	size = max(size, need)
	for len(l.chunks) > 0 && l.size+int64(size) > l.hub.cfg.StreamBuffer {
		if l.spare != nil && cap(l.spare.buf) >= size {
			break // it is counted already
		}
		l.evict()
	}
	c := l.spare
	if c != nil && cap(c.buf) >= size && c.holds.Load() == 0 {
		c.buf, c.count = c.buf[:0], 0
	} else {
		if c != nil {
			l.size -= int64(cap(c.buf))
		}
		c = &chunk{buf: make([]byte, 0, size)}
		l.size += int64(cap(c.buf))
	}
	l.spare = nil
	c.first = l.next
	c.at = time.Time{}
	if l.cursors > 0 {
		c.stamp()
	}
	l.chunks = append(l.chunks, c)
	return c
}

// evict lets go of the oldest chunk. It becomes the spare, unless a reader
// holds it: then the garbage collector has it when the reader is done.
func (l *log) evict() {
	c := l.chunks[0]
	l.chunks[0] = nil
	l.chunks = l.chunks[1:]
	l.base++
	l.size -= c.overhead()
	c.refused = nil
	if l.spare != nil {
		l.size -= int64(cap(l.spare.buf))
		l.spare = nil
	}
	if c.holds.Load() == 0 && cap(c.buf) == l.hub.maxChunk {
		l.spare = c
		return
	}
	l.size -= int64(cap(c.buf))
}

// shrink gives up the spare, or else the oldest chunk, for the sake of other
// logs. It reports the bytes freed.
func (l *log) shrink() int64 {
	before := l.size
	if l.spare == nil && len(l.chunks) > 0 {
		l.evict()
	}
	if l.spare != nil {
		l.size -= int64(cap(l.spare.buf))
		l.spare = nil
	}
	if len(l.chunks) == 0 {
		l.chunks = nil
	}
	// Readers need no waking: a cursor that is not at the end is in its
	// reader's queue already, or its log is flagged.
	return before - l.size
}

// maxUnknown bounds the list of unknown losses of one log.
const maxUnknown = 1024

func (l *log) noteUnknown(seq uint64) {
	if len(l.unknown) == maxUnknown {
		l.unknownFloor = l.unknown[0] + 1
		l.unknown = append(l.unknown[:0], l.unknown[1:]...)
	}
	l.unknown = append(l.unknown, seq)
}

// lostUnknown reports whether entries that stand for unknown losses are among
// the numbers from a to b, and how many numbers they took. For what the list
// has no room for, it reports that there are some.
func (l *log) lostUnknown(a, b uint64) (some bool, numbers uint64) {
	for _, s := range l.unknown {
		if a <= s && s < b {
			numbers++
		}
	}
	return numbers > 0 || a < l.unknownFloor, numbers
}

// chunkOf finds the chunk that holds the entry with number seq, which is held.
func (l *log) chunkOf(seq uint64) uint64 {
	lo, hi := 0, len(l.chunks)
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if l.chunks[mid].first <= seq {
			lo = mid
		} else {
			hi = mid
		}
	}
	return l.base + uint64(lo)
}

func (l *log) stat() Stat {
	return Stat{
		Name: l.name, Epoch: l.epoch, First: l.first(), Next: l.next,
		Bytes: l.bytes, Size: l.size, Last: l.hub.began.Add(time.Duration(l.last)),
	}
}
