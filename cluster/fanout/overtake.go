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

// Overtake moves the tail of a stream to the end of its log, as if all that it
// has still to take were evicted, and returns that place. What is lost by that
// is reported in the next piece.
func (r *Reader) Overtake(name string) Position {
	r.mu.Lock()
	c := r.cursors[name]
	r.mu.Unlock()
	if c == nil {
		return Position{}
	}
	l := c.log
	l.mu.Lock()
	defer l.mu.Unlock()
	c.lose(c.seq, l.next)
	c.seq = l.next
	if c.cause == CauseNone {
		c.cause = CauseOvertaken
	}
	l.seek(c)
	if c.parked >= 0 {
		l.unpark(c)
	}
	if !c.dropped && !c.queued {
		c.queued = true
		r.push(c)
	}
	return Position{Epoch: l.epoch, Next: l.next}
}
