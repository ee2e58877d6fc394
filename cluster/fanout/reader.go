package fanout

import "sync"

// FromKind is in what terms a tail's beginning is given.
type FromKind uint8

// Where a tail can begin.
const (
	FromNow      FromKind = iota // with the next entry
	FromLast                     // From.Last sequence numbers back, or as many as there are
	FromPosition                 // at From.Position; when that is not held any more, or is of another epoch, with the oldest entry held
)

// From says where a tail begins.
type From struct {
	Kind     FromKind
	Last     uint64
	Position Position
}

// Reader is a set of cursors, and takes from them in turn. It has no queue of
// entries: what it has not taken stays in the logs, within their bounds.
//
// Tail, Stop, Subscribe, Cancel and Close may be called from any goroutine;
// Take, Return, Overtake, Positions and Positions.Next by one at a time.
type Reader struct {
	hub   *Hub
	ready chan struct{}

	mu       sync.Mutex
	queue    []*cursor // cursors with something to take, in turn
	head     int       // of the queue
	cursors  map[string]*cursor
	tails    int // of the cursors, those of a Tail
	prefixes map[string]struct{}
	closed   bool
}

// Reader returns a reader without cursors. Close it.
func (h *Hub) Reader() *Reader {
	return &Reader{hub: h, ready: make(chan struct{}, 1)}
}

// Ready has a token when Take may have something. Its capacity is 1: after a
// token, Take until there is nothing.
func (r *Reader) Ready() <-chan struct{} { return r.ready }

// push puts a cursor into the queue and wakes the reader.
func (r *Reader) push(c *cursor) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	if r.head > 64 && r.head*2 > len(r.queue) {
		n := copy(r.queue, r.queue[r.head:])
		clear(r.queue[n:])
		r.queue, r.head = r.queue[:n], 0
	}
	if len(r.queue)-r.head > 2*len(r.cursors)+64 {
		r.sift()
	}
	r.queue = append(r.queue, c)
	r.mu.Unlock()
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// sift takes cursors out of the queue that are no longer the reader's: one that
// does not take, but tails again and again, would gather them without end.
// r.mu is held.
func (r *Reader) sift() {
	keep := r.queue[:0]
	for _, c := range r.queue[r.head:] {
		if r.cursors[c.log.name] == c {
			keep = append(keep, c)
		}
	}
	clear(r.queue[len(keep):])
	r.queue, r.head = keep, 0
}

func (r *Reader) pop() *cursor {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.head == len(r.queue) {
		r.queue, r.head = r.queue[:0], 0
		return nil
	}
	c := r.queue[r.head]
	r.queue[r.head] = nil
	r.head++
	return c
}

// unpop puts a cursor back to the head of the queue.
func (r *Reader) unpop(c *cursor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.head > 0 {
		r.head--
		r.queue[r.head] = c
		return
	}
	r.queue = append(r.queue, nil)
	copy(r.queue[1:], r.queue)
	r.queue[0] = c
}

// Tail adds a cursor for exactly that stream, or moves the one that there is.
// It makes the log if there is none. The first piece of the tail has its
// Cause set.
func (r *Reader) Tail(name string, from From) {
	r.Stop(name)
	for {
		l := r.hub.log(name)
		l.mu.Lock()
		if l.dead {
			l.mu.Unlock()
			continue
		}
		c := &cursor{reader: r, log: l, parked: -1, exact: true}
		c.place = place{cause: CauseStart, backfill: true, live: l.next}
		l.place(c, from)
		c.told = c.seq
		r.attach(c)
		l.mu.Unlock()
		return
	}
}

// attach adds a cursor and queues it: one that matches a prefix, if there is
// none yet, and a prefix is still subscribed to. c.log.mu is held.
func (r *Reader) attach(c *cursor) {
	r.mu.Lock()
	old := r.cursors[c.log.name]
	if r.closed || !c.exact && (old != nil || !r.wants(c.log.name)) {
		r.mu.Unlock()
		return
	}
	if r.cursors == nil {
		r.cursors = make(map[string]*cursor, 1)
	}
	r.cursors[c.log.name] = c
	if old != nil && old.exact {
		r.tails--
	}
	if c.exact {
		r.tails++
	}
	r.mu.Unlock()
	if old != nil {
		old.dropLocked() // another goroutine was quicker
	}
	c.log.cursors++
	if c.cause != CauseNone || c.seq < c.log.next {
		c.queued = true
		r.push(c)
	} else {
		c.log.park(c)
	}
}

// Stop ends the tail of that stream, if there is one. A subscription to a
// prefix of its name goes on from now.
func (r *Reader) Stop(name string) {
	r.mu.Lock()
	c := r.cursors[name]
	if c == nil || !c.exact {
		r.mu.Unlock()
		return
	}
	delete(r.cursors, name)
	r.tails--
	wanted := r.wants(name)
	r.mu.Unlock()
	c.drop()
	r.hub.vacate()
	if !wanted {
		return
	}
	// Its log may have been forgotten just now; the next of that name is
	// matched when it is made.
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	if v, ok := r.hub.logs.Get(name); ok {
		l := v.(*log)
		l.mu.Lock()
		r.match(l)
		l.mu.Unlock()
	}
}

// Subscribe adds a cursor, beginning now, for every stream whose name begins
// with prefix, those that do not exist yet included. Subscribing again to a
// prefix changes nothing.
//
// No lock is held for long, however many streams there are: others do not wait.
// So it is for Cancel and Close.
func (r *Reader) Subscribe(prefix string) {
	r.hub.mu.Lock()
	r.mu.Lock()
	_, had := r.prefixes[prefix]
	if r.closed || had {
		r.mu.Unlock()
		r.hub.mu.Unlock()
		return
	}
	if r.prefixes == nil {
		r.prefixes = make(map[string]struct{}, 1)
	}
	r.prefixes[prefix] = struct{}{}
	r.mu.Unlock()
	v, ok := r.hub.prefixes.Get(prefix)
	if !ok {
		v = make(map[*Reader]struct{}, 1)
		r.hub.prefixes.Insert(prefix, v)
	}
	v.(map[*Reader]struct{})[r] = struct{}{}
	r.hub.mu.Unlock()
	// From here on new logs match by themselves.
	for _, l := range r.hub.matching(prefix) {
		l.mu.Lock()
		if !l.dead {
			r.match(l)
		}
		l.mu.Unlock()
	}
}

// matching are the logs whose names begin with prefix.
func (h *Hub) matching(prefix string) (logs []*log) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	h.logs.WalkPrefix(prefix, func(_ string, v any) bool {
		logs = append(logs, v.(*log))
		return false
	})
	return logs
}

// match gives the reader a cursor in l, beginning now, if it has none. l.mu is
// held.
func (r *Reader) match(l *log) {
	r.mu.Lock()
	_, has := r.cursors[l.name]
	r.mu.Unlock()
	if !has {
		c := &cursor{reader: r, log: l, parked: -1}
		l.place(c, From{})
		r.attach(c)
	}
}

// Cancel undoes a Subscribe of that prefix, however often it was called.
// Streams that no other prefix matches are not read any more. It reports
// whether there was such a subscription.
func (r *Reader) Cancel(prefix string) bool {
	r.hub.mu.Lock()
	r.mu.Lock()
	_, had := r.prefixes[prefix]
	delete(r.prefixes, prefix)
	r.mu.Unlock()
	if had {
		r.hub.unsubscribe(r, prefix)
	}
	r.hub.mu.Unlock()
	if !had {
		return false
	}
	for _, l := range r.hub.matching(prefix) {
		r.mu.Lock()
		c := r.cursors[l.name]
		gone := c != nil && !c.exact && !r.wants(l.name)
		if gone {
			delete(r.cursors, l.name)
		}
		r.mu.Unlock()
		if gone {
			c.drop()
		}
	}
	return true
}

// wants reports whether a prefix of name is subscribed to. r.mu is held.
func (r *Reader) wants(name string) bool {
	if len(r.prefixes) <= len(name) {
		for p := range r.prefixes {
			if len(p) <= len(name) && name[:len(p)] == p {
				return true
			}
		}
		return false
	}
	for i := 0; i <= len(name); i++ {
		if _, ok := r.prefixes[name[:i]]; ok {
			return true
		}
	}
	return false
}

// unsubscribe forgets that r wants prefix. h.mu is held.
func (h *Hub) unsubscribe(r *Reader, prefix string) {
	v, ok := h.prefixes.Get(prefix)
	if !ok {
		return
	}
	readers := v.(map[*Reader]struct{})
	delete(readers, r)
	if len(readers) == 0 {
		h.prefixes.Delete(prefix)
	}
}

// Close removes all cursors. The reader takes nothing any more.
func (r *Reader) Close() {
	r.mu.Lock()
	r.closed = true
	cursors, prefixes := r.cursors, r.prefixes
	r.cursors, r.tails, r.prefixes = nil, 0, nil
	r.queue, r.head = nil, 0
	r.mu.Unlock()
	for p := range prefixes {
		r.hub.mu.Lock()
		r.hub.unsubscribe(r, p)
		r.hub.mu.Unlock()
	}
	for _, c := range cursors {
		c.drop()
	}
	r.hub.vacate()
}

// Subscriptions is how many prefixes and exact tails the reader has.
func (r *Reader) Subscriptions() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.prefixes) + r.tails
}

// Positions are where a reader's exact tails stand, one after another. It keeps 8
// bytes for each tail.
type Positions struct {
	left  []*cursor
	moved bool // only of those that have moved
}

// Positions returns the positions of the exact tails that there are now, in no order.
func (r *Reader) Positions() *Positions {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &Positions{left: make([]*cursor, 0, len(r.cursors))}
	for _, c := range r.cursors {
		p.left = append(p.left, c)
	}
	return p
}

// Moved is [Reader.Positions] of the tails that have moved since they began, or since
// Moved gave their position last.
func (r *Reader) Moved() *Positions {
	p := r.Positions()
	p.moved = true
	return p
}

// Next returns where the next tail stands at this moment: all before it has been taken or
// reported as lost. Tails that have ended, and those whose first piece was not taken yet,
// are left out. ok is false after the last.
func (p *Positions) Next() (name string, at Position, ok bool) {
	for len(p.left) > 0 && !ok {
		c := p.left[0]
		p.left = p.left[1:]
		c.log.mu.Lock()
		ok = c.exact && !c.dropped && c.cause == CauseNone && !(p.moved && c.told == c.seq)
		name, at = c.log.name, Position{Epoch: c.log.epoch, Next: c.seq}
		if ok && p.moved {
			c.told = c.seq
		}
		c.log.mu.Unlock()
	}
	return name, at, ok
}
