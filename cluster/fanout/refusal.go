package fanout

import (
	"slices"
	"unsafe"
)

// refusal is sequence numbers without an entry: what was published under them was
// refused. It belongs to a chunk, and is guarded by the log's lock, also while
// readers hold the chunk.
type refusal struct {
	first, count uint64 // its numbers
	at           int    // it stands before this offset of the chunk
	cause        Cause
}

func (f *refusal) end() uint64 { return f.first + f.count }

// refusalSize is what a refusal takes of a log's memory, in bytes.
const refusalSize = int(unsafe.Sizeof(refusal{}))

// refuse gives the next numbers to what was refused. A run of one cause takes no
// memory but that of its first. l.mu is held.
func (l *log) refuse(cause Cause, numbers uint64) {
	tail := l.tail()
	if tail == nil || !tail.extend(cause, numbers) {
		if tail == nil || cap(tail.buf) > l.hub.maxChunk || len(tail.refused) >= cap(tail.buf)/refusalSize {
			tail = l.grow(0)
		}
		before := tail.overhead()
		tail.refused = append(tail.refused, refusal{first: l.next, count: numbers, at: len(tail.buf), cause: cause})
		tail.count += numbers
		for l.size += tail.overhead() - before; l.size > l.hub.cfg.StreamBuffer && len(l.chunks) > 1; {
			l.shrink()
		}
	}
	l.next += numbers
	l.last = l.hub.clock.Load()
	l.flag()
}

// extend adds numbers to the refusal at the end of the chunk, if there is one of
// that cause.
func (c *chunk) extend(cause Cause, numbers uint64) bool {
	if len(c.refused) == 0 {
		return false
	}
	last := &c.refused[len(c.refused)-1]
	if last.cause != cause || last.end() != c.end() {
		return false
	}
	last.count += numbers
	c.count += numbers
	return true
}

// overhead is the memory of a chunk besides its bytes.
func (c *chunk) overhead() int64 { return int64(cap(c.refused) * refusalSize) }

// refusedFrom is the index of the first refusal that ends behind a number.
func (c *chunk) refusedFrom(seq uint64) int {
	i, _ := slices.BinarySearchFunc(c.refused, seq, func(f refusal, seq uint64) int {
		if f.end() > seq {
			return 1
		}
		return -1
	})
	return i
}

// pass moves a cursor over the refusals of one cause at which it stands in b, and
// notes them as lost, unless there is something else to be reported before. It
// returns the offset and the number in b at which the entries end that follow.
func (c *cursor) pass(b *chunk) (end int, seq uint64) {
	other := c.cause != CauseNone
	for i := b.refusedFrom(c.seq); i < len(b.refused); i++ {
		f := &b.refused[i]
		switch {
		case f.first > c.seq:
			return f.at, f.first
		case other, c.cause != CauseNone && c.cause != f.cause:
			return c.off, c.seq
		}
		c.cause = f.cause
		c.lost += f.end() - c.seq
		c.seq = f.end()
	}
	return len(b.buf), b.end()
}

// back is the number that has n entries' numbers from it to the end of the log, or
// as many as there are: what was refused is no entry.
func (l *log) back(n uint64) uint64 {
	end := l.next
	for _, c := range slices.Backward(l.chunks) {
		for _, f := range slices.Backward(c.refused) {
			if n <= end-f.end() {
				return end - n
			}
			n -= end - f.end()
			end = f.first
		}
	}
	return end - min(n, end-min(end, l.first()))
}

// refusedAt is where a number that was refused stands in a chunk.
// It reports false when the number is that of an entry.
func (c *chunk) refusedAt(seq uint64) (at int, ok bool) {
	i := c.refusedFrom(seq)
	if i == len(c.refused) || c.refused[i].first > seq {
		return 0, false
	}
	return c.refused[i].at, true
}

// entriesFrom is the place of the last refusal that ends at or before a number, from
// which entries are to be walked to it; else that of the chunk's first entry.
func (c *chunk) entriesFrom(seq uint64) (at int, first uint64) {
	if i := c.refusedFrom(seq); i > 0 {
		return c.refused[i-1].at, c.refused[i-1].end()
	}
	return 0, c.first
}
