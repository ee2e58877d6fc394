package fanout

import "time"

// Piece is what one Take gives: whole entries of one stream, and what is to be
// reported before and after them.
type Piece struct {
	Name    string
	Epoch   uint64
	Next    uint64 // sequence number of the first entry in Bytes
	Count   uint64 // sequence numbers in Bytes
	Cause   Cause  // why the reader has to note its position, before Bytes
	Lost    uint64 // entries lost, or refused, just before Next, reported here and nowhere else; with CauseStart, those evicted since the Tail
	Unknown bool   // entries that stood for losses of unknown size are lost, too; they are not in Lost
	Live    bool   // with Bytes, the backfill that the Tail asked for is complete, and none of Bytes is newer; once for each Tail
	Bytes   []byte // shared, never to be modified; valid until Release or Return

	// At is when one of the entries in Bytes was appended. It is known of one
	// entry in many, and zero in all other pieces, and in a backfill.
	At time.Time

	cursor *cursor
	before place  // of the cursor, before the Take
	chunk  *chunk // the one that Bytes is in
	number uint64 // of that chunk
	off    int    // of Bytes in it
}

// Take returns the next piece of the next cursor in turn: at most max bytes,
// but at least one entry. It reports false when no cursor has anything.
//
// The piece's memory is pinned until Release or Return. Copy or write it out
// at once; never keep it while waiting for a peer.
func (r *Reader) Take(max int) (Piece, bool) {
	for {
		c := r.pop()
		if c == nil {
			return Piece{}, false
		}
		l := c.log
		l.mu.Lock()
		p, ok, more := l.take(c, max)
		if more {
			r.push(c)
		}
		l.mu.Unlock()
		if ok {
			return p, true
		}
	}
}

// take takes one piece. It parks the cursor when nothing is left. l.mu is held.
func (l *log) take(c *cursor, max int) (p Piece, ok, more bool) {
	if c.dropped {
		return p, false, false
	}
	c.queued = false
	p = Piece{Name: l.name, Epoch: l.epoch, cursor: c, before: c.place}
	if c.seq < l.first() {
		l.overtaken(c)
	}
	if c.chunk < l.base {
		c.chunk, c.off = l.base, 0 // it stood at the end of a log that was emptied
	}
	if c.seq < l.next {
		b := l.chunks[c.chunk-l.base]
		if c.seq == b.end() {
			c.chunk++
			c.off = 0
			b = l.chunks[c.chunk-l.base]
		}
		end, seq := len(b.buf), b.end()
		if len(b.refused) > 0 {
			end, seq = c.pass(b)
		}
		p.Bytes = b.buf[c.off:end:end]
		p.Count = seq - c.seq
		if len(p.Bytes) > max {
			p.Bytes, p.Count = l.cut(p.Bytes, max)
		}
		if c.backfill {
			p.Bytes, p.Count = l.upTo(p.Bytes, p.Count, c.live-min(c.seq, c.live))
		}
		p.chunk = b
		b.holds.Add(1)
		if s := b.stamped; s-c.seq < p.Count && s >= c.live {
			p.At = b.at
		}
	}
	p.Next = c.seq
	p.Cause, p.Lost, p.Unknown = c.cause, c.lost, c.unknown
	c.cause, c.lost, c.unknown = CauseNone, 0, false
	p.number, p.off = c.chunk, c.off
	c.seq += p.Count
	c.off += len(p.Bytes)
	if c.backfill && c.seq >= c.live {
		c.backfill = false
		p.Live = true
	}
	if more = c.seq < l.next; more {
		c.queued = true
	} else {
		l.park(c)
	}
	ok = len(p.Bytes) > 0 || p.Cause != CauseNone || p.Live
	return p, ok, more
}

// cut returns the whole entries of b within max bytes, at least one.
func (l *log) cut(b []byte, max int) ([]byte, uint64) {
	size, count := l.hub.cfg.Next(b)
	for size < len(b) {
		s, n := l.hub.cfg.Next(b[size:])
		if size+s > max {
			break
		}
		size += s
		count += n
	}
	return b[:size:size], count
}

// upTo returns the entries of b, which take count numbers, that stand before
// the number limit, so that what is live never passes for backfill.
func (l *log) upTo(b []byte, count, limit uint64) ([]byte, uint64) {
	if count <= limit {
		return b, count
	}
	size := 0
	count = 0
	for count < limit {
		s, n := l.hub.cfg.Next(b[size:])
		size += s
		count += n
	}
	return b[:size:size], count
}

// Release lets go of the piece: all of it is done with.
func (p *Piece) Release() {
	if p.chunk != nil {
		p.chunk.holds.Add(-1)
		p.chunk = nil
	}
	p.Bytes = nil
}

// Return gives back what could not be written of the piece, and lets go of it.
// written is how many of Bytes were written; reported, whether what stands before
// Bytes (Cause, Lost, Unknown) was. The rest of an entry that was written in part is
// appended to rest: it has to be written before anything else. Pieces are returned in
// the reverse of the order in which they were taken.
func (r *Reader) Return(p *Piece, reported bool, written int, rest []byte) []byte {
	c := p.cursor
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	defer p.Release()
	var size int
	var count uint64
	for size < written {
		s, n := l.hub.cfg.Next(p.Bytes[size:])
		size += s
		count += n
	}
	rest = append(rest, p.Bytes[written:size]...)
	if c.dropped {
		return rest
	}
	if !reported && written == 0 {
		c.place = p.before
	} else {
		// What came before Bytes was reported, so the cursor stands in
		// Bytes, wherever it stood before the Take.
		c.place = place{
			seq: p.Next + count, chunk: p.number, off: p.off + size,
			backfill: p.before.backfill, live: p.before.live,
		}
	}
	if c.parked >= 0 {
		l.unpark(c)
	}
	if !c.queued {
		c.queued = true
		r.unpop(c)
	}
	return rest
}
