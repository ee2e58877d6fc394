package rows

import (
	"cmp"
	"slices"
	"time"
	"unsafe"
)

// The times of merging, all on the reader's clock.
const (
	reorderWindow = 100 * time.Millisecond // how long a live record waits for earlier ones
	trustedClock  = 5 * time.Second        // a live record's own time counts if it is no further from its arrival
	backfillWait  = 2 * time.Second        // how long what is there waits for the backfill of the other streams
)

// reorderBytes bounds what may wait. More of it goes on at once, in the order
// that it has then.
const reorderBytes = 32 << 20

// reorder holds back records, so that a store with several streams or sources
// has them in the order of their times. A live record waits for reorderWindow;
// one that comes later than that for its place stands at the end, and is
// marked. Backfill of several streams waits until that of all is there. The
// zero reorder is ready.
type reorder struct {
	pending []pending
	data    []byte // of those that wait
	spare   []byte
	order   uint64
	last    int64           // the latest place that was given, Unix milliseconds; no later than the arrival
	newest  []newest        // by source: the last live record that came of it
	filling map[uint16]bool // streams whose backfill is not complete
	held    bool            // nothing goes on until it is all there
	since   int64           // when something began to wait for backfill; 0 nothing does
}

// pending is an entry that waits.
type pending struct {
	Entry
	arrived int64 // Unix nanoseconds
	key     int64 // Unix milliseconds
	order   uint64
	at      int // in data
	place   uint64
}

// newest is where a source's newest live record has its place, and when it
// came, which tells how the source's clock stands to the reader's.
type newest struct {
	key, arrived int64
	trusted      bool  // the source had a record whose own time counted
	floor        int64 // where its last record stands whose own time did not count: what came after it stays behind it
}

// fill says that a stream's backfill is on its way.
func (r *reorder) fill(id uint16) {
	if r.filling == nil {
		r.filling = make(map[uint16]bool)
	}
	r.filling[id] = true
}

// filled says that a stream's backfill is complete.
func (r *reorder) filled(id uint16) { delete(r.filling, id) }

// placed notes a place that was given to an entry which did not wait.
func (r *reorder) placed(key int64) { r.last = max(r.last, key) }

// put takes an entry that arrived then, in Unix nanoseconds, with its place as it is
// packed, and copies its data.
func (r *reorder) put(e Entry, then int64, data []byte, place uint64) {
	arrived := then / int64(time.Millisecond)
	key := e.Time
	switch {
	case e.Kind.Notice():
		// Things that happen have no clock but the reader's.
		key = arrived
		if int(e.Source) < len(r.newest) {
			of := &r.newest[e.Source]
			key += of.key - of.arrived
		}
	case e.Kind == KindBackfill:
	default:
		key = r.live(&e, arrived)
	}
	if len(r.filling) > 0 && r.since == 0 {
		r.since = then
	}
	r.order++
	e.size = uint32(len(data))
	r.pending = append(r.pending, pending{e, then, key, r.order, len(r.data), place})
	r.data = append(r.data, data...)
}

// live is the place of a live record that arrived then, in Unix milliseconds.
func (r *reorder) live(e *Entry, arrived int64) int64 {
	for int(e.Source) >= len(r.newest) {
		r.newest = append(r.newest, newest{})
	}
	of := &r.newest[e.Source]
	// A clock that is ahead says nothing of what is still to come: a record placed in
	// the future would draw along, before their time, all that wait.
	of.key, of.arrived = min(e.Time, arrived), arrived
	switch {
	case arrived-e.Time > trustedClock.Milliseconds():
		// The clock is behind, or the record waited for long. Then what waited with it
		// comes next, and the newest of that would pass it.
		of.key, of.floor = arrived, arrived
		e.Late = of.trusted && e.Time < r.last
	case of.key < of.floor:
		of.key = of.floor
		e.Late = e.Time < r.last
	default:
		of.trusted = true
	}
	return of.key
}

// bytes is the memory that waits.
func (r *reorder) bytes() int64 {
	return int64(cap(r.data)+cap(r.spare)) + int64(cap(r.pending))*int64(unsafe.Sizeof(pending{}))
}

// flush hands on what has waited long enough at now, and whatever belongs before
// it. Everything that arrived before now must have been put. It reports whether
// something goes on waiting.
func (r *reorder) flush(s *Store, now int64) bool {
	if len(r.pending) == 0 {
		return false
	}
	r.setBack(s, now)
	all := len(r.data) > reorderBytes
	if r.held && !all {
		return true
	}
	if len(r.filling) > 0 && !all {
		if now-r.since < int64(backfillWait) {
			return true
		}
		clear(r.filling) // what comes of it later is late
	}
	r.since = 0
	ripe := now - int64(reorderWindow)
	var upTo int64
	waiting := false
	for i := range r.pending {
		if p := &r.pending[i]; all || p.Kind == KindBackfill || p.arrived <= ripe {
			if upTo == 0 || p.key > upTo {
				upTo = p.key
			}
		} else {
			waiting = true
		}
	}
	if upTo == 0 {
		return true
	}
	if !waiting {
		r.handOn(s, len(r.pending))
		return false
	}
	// Those that go come first, in any order; they are sorted next.
	n := 0
	for i := range r.pending {
		if r.pending[i].key <= upTo {
			r.pending[i], r.pending[n] = r.pending[n], r.pending[i]
			n++
		}
	}
	r.handOn(s, n)
	return len(r.pending) > 0
}

// setBack goes by a clock that was set back by more than trustedClock: what seems to have
// come, or to have its place, so much later than now would be waited for until then. It
// goes on at once.
func (r *reorder) setBack(s *Store, now int64) {
	latest := now + int64(trustedClock)
	n := 0
	for i := range r.pending {
		if r.pending[i].arrived > latest {
			r.pending[i], r.pending[n] = r.pending[n], r.pending[i]
			n++
		}
	}
	if n > 0 {
		r.handOn(s, n)
	}
	if r.since > latest {
		r.since = now
	}
	// Places from before say nothing of what comes now.
	latest /= int64(time.Millisecond)
	if r.last > latest {
		r.last = 0
	}
	for i := range r.newest {
		if r.newest[i].floor > latest {
			r.newest[i].floor = 0
		}
	}
}

// handOn sorts the first n that wait, moves them into the store, and closes
// the ranks behind them.
func (r *reorder) handOn(s *Store, n int) {
	ripe := r.pending[:n]
	slices.SortFunc(ripe, func(a, b pending) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.Source, b.Source), cmp.Compare(a.order, b.order))
	})
	for i := range ripe {
		p := &ripe[i]
		arrived := p.arrived / int64(time.Millisecond)
		if p.key < r.last && !p.Kind.Notice() {
			p.Late = true
		}
		r.last = max(r.last, min(p.key, arrived))
		s.append(p.Entry, r.data[p.at:p.at+int(p.size)], p.place)
	}
	rest := r.pending[n:]
	next := r.spare[:0]
	for i := range rest {
		p := &rest[i]
		at := len(next)
		next = append(next, r.data[p.at:p.at+int(p.size)]...)
		p.at = at
	}
	r.spare, r.data = r.data[:0], next
	r.pending = append(r.pending[:0], rest...)
	if len(r.pending) == 0 && r.bytes() > 4<<20 {
		// A flood is over.
		*r = reorder{order: r.order, last: r.last, newest: r.newest, filling: r.filling, held: r.held}
	}
}
