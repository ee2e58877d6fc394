package fanout

// overtaken moves a cursor whose place was evicted: what is gone is lost, and what
// would be gone in a moment as well. l.mu is held.
func (l *log) overtaken(c *cursor) {
	from := c.seq
	c.seq, c.chunk, c.off = l.next, l.base+uint64(len(l.chunks)), 0
	if len(l.chunks) > 0 {
		c.chunk = l.middle()
		c.seq = l.chunks[c.chunk-l.base].first
	}
	c.lose(from, c.seq)
	if c.cause == CauseNone {
		c.cause = CauseOvertaken
	}
}

// middle is the number of the chunk from which an overtaken reader goes on: in
// the middle of the log, so that a reader which is a little too slow gets few,
// large gaps.
func (l *log) middle() uint64 {
	return l.base + uint64(len(l.chunks)/2)
}

// Overtake gives a piece up, of which nothing was reported, for one at the end of the
// log: as if all that the tail has still to take were evicted. p is that piece then. It
// has no Bytes, and what is lost by that, and was before, is in it. Pieces of the tail
// that were taken after p are returned before.
func (r *Reader) Overtake(p *Piece) {
	c := p.cursor
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	p.Release()
	if !c.dropped {
		c.place = p.before
		c.lose(c.seq, l.next)
		c.seq = l.next
		if c.cause == CauseNone {
			c.cause = CauseOvertaken
		}
		l.seek(c)
	}
	// The cursor stays where it is, parked or in the queue, maybe behind those of other
	// streams.
	*p = Piece{
		Name: l.name, Epoch: l.epoch, Next: c.seq, Cause: c.cause, Lost: c.lost, Unknown: c.unknown, Live: c.backfill,
		cursor: c, before: c.place, number: c.chunk, off: c.off,
	}
	c.cause, c.lost, c.unknown, c.backfill = CauseNone, 0, false, false
}
