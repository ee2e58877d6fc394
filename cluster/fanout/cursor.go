package fanout

// Cause is why a reader gets a new position.
type Cause uint8

// The causes of a new position.
const (
	CauseNone      Cause = iota
	CauseStart           // a tail begins
	CauseOvertaken       // entries were evicted before they were taken
	CauseTooLate         // the position asked for is not held any more
	CauseNewEpoch        // the position asked for is of another life of the log
	CauseTooLarge        // entries were refused for their size: they took numbers, and are nowhere
	CauseMalformed       // entries were refused for their form, likewise
)

// cursor is a reader's place in one log. All of it is guarded by the log's
// lock.
type cursor struct {
	reader *Reader
	log    *log
	place

	told    uint64 // where it stood when it began, or when Moved gave that last
	parked  int    // index in log.parked, or -1
	queued  bool   // it is in its reader's queue, or being taken
	exact   bool   // a Tail, not a match of a prefix
	dropped bool
}

// place is what a Take changes and a Return restores.
type place struct {
	seq      uint64 // number of the next entry to take
	chunk    uint64 // number of the chunk that has it, or of the one to come
	off      int    // and its offset there
	cause    Cause  // to be reported before the next entry
	lost     uint64
	unknown  bool
	backfill bool   // the end of the backfill was not reported yet
	live     uint64 // the backfill ends before this number
}

// place puts a cursor where from says. l.mu is held.
func (l *log) place(c *cursor, from From) {
	first := l.first()
	switch from.Kind {
	case FromNow:
		c.seq = l.next
	case FromLast:
		c.seq = l.back(from.Last)
	case FromPosition:
		switch want := from.Position; {
		case want.Epoch != l.epoch:
			c.cause, c.seq = CauseNewEpoch, first
			c.lose(0, first)
		case want.Next < first:
			c.cause, c.seq = CauseTooLate, first
			c.lose(want.Next, first)
		default:
			c.seq = min(want.Next, l.next)
		}
	}
	l.seek(c)
}

// lose notes that the entries from a to b are lost to the cursor.
func (c *cursor) lose(a, b uint64) {
	unknown, numbers := c.log.lostUnknown(a, b)
	c.lost += b - a - numbers
	c.unknown = c.unknown || unknown
}

// seek finds the chunk and the offset of the cursor's number, which is held or
// is the next. Where several numbers belong to one entry, it goes back to the
// entry's beginning.
func (l *log) seek(c *cursor) {
	if c.seq >= l.next || len(l.chunks) == 0 {
		c.chunk, c.off = l.base+uint64(len(l.chunks)), 0
		if t := l.tail(); t != nil {
			c.chunk, c.off = c.chunk-1, len(t.buf)
		}
		return
	}
	c.chunk = l.chunkOf(c.seq)
	b := l.chunks[c.chunk-l.base]
	if at, ok := b.refusedAt(c.seq); ok {
		c.off = at
		return
	}
	var seq uint64
	c.off, seq = b.entriesFrom(c.seq)
	for seq < c.seq {
		size, n := l.hub.cfg.Next(b.buf[c.off:])
		if seq+n > c.seq {
			break
		}
		c.off += size
		seq += n
	}
	c.seq = seq
}

// park waits for the log to grow. l.mu is held, and the cursor is at the end.
func (l *log) park(c *cursor) {
	c.parked = len(l.parked)
	l.parked = append(l.parked, c)
}

func (l *log) unpark(c *cursor) {
	last := len(l.parked) - 1
	l.parked[c.parked] = l.parked[last]
	l.parked[c.parked].parked = c.parked
	l.parked[last] = nil
	l.parked = l.parked[:last]
	c.parked = -1
}

// drop takes the cursor out of its log.
func (c *cursor) drop() {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	c.dropLocked()
}

// dropLocked is drop with the log's lock held.
func (c *cursor) dropLocked() {
	if c.dropped {
		return
	}
	c.dropped = true
	c.log.cursors--
	if c.log.cursors == 0 {
		c.log.hub.vacants.add(c.log)
	}
	if c.parked >= 0 {
		c.log.unpark(c)
	}
}
