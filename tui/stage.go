package tui

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

// stageBytes bounds what may wait. More of it goes on at once, in the order
// that it has then.
const stageBytes = 32 << 20

// stage holds back records, so that a store with several streams or sources
// has them in the order of their times. A live record waits for reorderWindow;
// one that comes later than that for its place stands at the end, and is
// marked. Backfill of several streams waits until that of all is there. The
// zero stage is ready.
type stage struct {
	pending []staged
	data    []byte // of those that wait
	spare   []byte
	order   uint64
	last    int64             // the latest place that was given, Unix milliseconds; no later than the arrival
	newest  map[uint16]newest // by source: the last live record that came of it
	filling map[uint16]bool   // streams whose backfill is not complete
	since   int64             // when something began to wait for backfill; 0 nothing does
}

// staged is an entry that waits.
type staged struct {
	entry
	arrived int64 // Unix nanoseconds
	key     int64 // Unix milliseconds
	order   uint64
	at      int // in data
}

// newest is where a source's newest live record has its place, and when it
// came, which tells how the source's clock stands to the reader's.
type newest struct{ key, arrived int64 }

// fill says that a stream's backfill is on its way.
func (g *stage) fill(id uint16) {
	if g.filling == nil {
		g.filling = make(map[uint16]bool)
	}
	g.filling[id] = true
}

// filled says that a stream's backfill is complete.
func (g *stage) filled(id uint16) { delete(g.filling, id) }

// holds reports whether an entry must wait. With one stream, and records of one
// source, there is nothing to wait for, and the backfill of one stream comes
// merged.
func (g *stage) holds(e *entry, s *store) bool {
	if s.names.merged {
		return true
	}
	return e.kind != kindBackfill && s.speakers > 1
}

// put takes an entry that arrived then, in Unix nanoseconds, and copies its
// data.
func (g *stage) put(e entry, then int64, data []byte) {
	arrived := then / int64(time.Millisecond)
	key := e.time
	switch {
	case e.kind.told():
		// Things that happen have no clock but the reader's.
		key = arrived
		if of, ok := g.newest[e.source]; ok {
			key += of.key - of.arrived
		}
	case e.kind == kindBackfill:
	case arrived-key > trustedClock.Milliseconds():
		key = arrived
	default:
		// A clock that is ahead says nothing of what is still to come: a record
		// placed in the future would draw along, before their time, all that
		// wait.
		key = min(key, arrived)
	}
	if e.kind == kindRecord {
		if g.newest == nil {
			g.newest = make(map[uint16]newest)
		}
		g.newest[e.source] = newest{key, arrived}
	}
	if len(g.filling) > 0 && g.since == 0 {
		g.since = then
	}
	g.order++
	e.size = uint32(len(data))
	g.pending = append(g.pending, staged{e, then, key, g.order, len(g.data)})
	g.data = append(g.data, data...)
}

// bytes is the memory that waits.
func (g *stage) bytes() int64 {
	return int64(cap(g.data)+cap(g.spare)) + int64(cap(g.pending))*int64(unsafe.Sizeof(staged{}))
}

// flush hands on what has waited long enough at now, and whatever belongs before
// it. Everything that arrived before now must have been put. It reports whether
// something goes on waiting.
func (g *stage) flush(s *store, now int64) bool {
	if len(g.pending) == 0 {
		return false
	}
	all := len(g.data) > stageBytes
	if len(g.filling) > 0 && !all {
		if now-g.since < int64(backfillWait) {
			return true
		}
		clear(g.filling) // what comes of it later is late
	}
	g.since = 0
	ripe := now - int64(reorderWindow)
	var upTo int64
	waiting := false
	for i := range g.pending {
		if p := &g.pending[i]; all || p.kind == kindBackfill || p.arrived <= ripe {
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
		g.handOn(s, len(g.pending))
		return false
	}
	// Those that go come first, in any order; they are sorted next.
	n := 0
	for i := range g.pending {
		if g.pending[i].key <= upTo {
			g.pending[i], g.pending[n] = g.pending[n], g.pending[i]
			n++
		}
	}
	g.handOn(s, n)
	return len(g.pending) > 0
}

// handOn sorts the first n that wait, moves them into the store, and closes
// the ranks behind them.
func (g *stage) handOn(s *store, n int) {
	ripe := g.pending[:n]
	slices.SortFunc(ripe, func(a, b staged) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.source, b.source), cmp.Compare(a.order, b.order))
	})
	for i := range ripe {
		p := &ripe[i]
		arrived := p.arrived / int64(time.Millisecond)
		if p.key < g.last && !p.kind.told() {
			p.late = true
			s.late++
		}
		g.last = max(g.last, min(p.key, arrived))
		s.append(p.entry, g.data[p.at:p.at+int(p.size)])
	}
	rest := g.pending[n:]
	next := g.spare[:0]
	for i := range rest {
		p := &rest[i]
		at := len(next)
		next = append(next, g.data[p.at:p.at+int(p.size)]...)
		p.at = at
	}
	g.spare, g.data = g.data[:0], next
	g.pending = append(g.pending[:0], rest...)
	if len(g.pending) == 0 && g.bytes() > 4<<20 {
		// A flood is over.
		*g = stage{order: g.order, last: g.last, newest: g.newest, filling: g.filling}
	}
}
