package rows

import (
	"iter"
	"runtime"
	"sync/atomic"
)

// Lease lets goroutines read what a store holds now, part by part, while the
// store goes on. What they read does not change meanwhile: blocks and slabs only
// grow, behind it. What the store lets go stays where it is as long as a reader
// is at it; parts that no reader has come to are gone.
//
// The store's goroutine renews a lease between two sweeps of the store, or it
// ends.
type Lease struct {
	store   *Store
	names   Names
	parts   []Part // in the order in which they are taken
	next    atomic.Int64
	readers []atomic.Int64 // the part that each is at
	reading atomic.Int32   // readers that have not left
	ended   atomic.Bool
	renewed bool
}

// Part is consecutive records within one block.
type Part struct {
	block    uint64 // its number
	from, to int    // places in it
	forward  bool   // it belongs to what is read upwards
	mixed    bool   // there are notices in the block, or records that are not plain

	state   atomic.Int32
	mem     *memory
	entries *[BlockLen]Entry
	runs    []run
}

// The states of a part. Who moves it from free owns it.
const (
	partFree = iota
	partTaken
	partGone // the store let it go before a reader came to it
)

// idle stands for no part.
const idle = -1

// Lease lends what is held to readers: from hi upwards, then from lo downwards. There
// are as many readers as processors; each of them must leave it.
func (s *Store) Lease(lo, hi uint64) *Lease {
	l := &Lease{store: s, names: s.names, renewed: true}
	add := func(from, to uint64, forward bool) {
		b := s.blocks[from/BlockLen-s.base]
		l.parts = append(l.parts, Part{
			block: from / BlockLen, from: int(from % BlockLen), to: int(to-1)%BlockLen + 1,
			mem: b.mem, entries: b.entries, runs: b.runs, mixed: b.mixed > 0, forward: forward,
		})
	}
	for n := hi; n < s.next; {
		to := min((n/BlockLen+1)*BlockLen, s.next)
		add(n, to, true)
		n = to
	}
	for n := lo; n > s.first; {
		from := max((n-1)/BlockLen*BlockLen, s.first)
		add(from, n, false)
		n = from
	}
	l.readers = make([]atomic.Int64, max(min(runtime.GOMAXPROCS(0), len(l.parts)), 1))
	for i := range l.readers {
		l.readers[i].Store(idle)
	}
	l.reading.Store(int32(len(l.readers)))
	s.leases = append(s.leases, l)
	return l
}

// Size is how many parts there are, and how many readers may read them.
func (l *Lease) Size() (parts, readers int) { return len(l.parts), len(l.readers) }

// Names are the names that the records point at.
func (l *Lease) Names() *Names { return &l.names }

// Part returns one of the parts, which a reader may look into while it is at it.
func (l *Lease) Part(i int) *Part { return &l.parts[i] }

// Take moves a reader to the next part. It returns false when there is none, or
// the lease has ended.
func (l *Lease) Take(reader int) (i int, ok bool) {
	at := &l.readers[reader]
	for !l.ended.Load() {
		next := l.next.Add(1) - 1
		if next >= int64(len(l.parts)) {
			break
		}
		at.Store(next) // before it is taken, see reads
		if l.parts[next].state.CompareAndSwap(partFree, partTaken) {
			return int(next), true
		}
	}
	at.Store(idle)
	return 0, false
}

// Leave says that a reader is at no part any more. Without it what the store
// lets go is never given back.
func (l *Lease) Leave(reader int) {
	l.readers[reader].Store(idle)
	l.reading.Add(-1)
}

// Release says that a reader has done with its part.
func (l *Lease) Release(reader int) { l.readers[reader].Store(idle) }

// Renew keeps the lease through the next sweep.
func (l *Lease) Renew() { l.renewed = true }

// End lets no reader take another part.
func (l *Lease) End() { l.ended.Store(true) }

// Ended reports whether the readers should stop.
func (l *Lease) Ended() bool { return l.ended.Load() }

// Over reports whether all readers have left.
func (l *Lease) Over() bool { return l.reading.Load() == 0 }

// Wake wakes the owner of the store: there is something for it; now: and it
// should come at once. Any goroutine may call it.
func (l *Lease) Wake(now bool) { l.store.all.Wake(now) }

// evicting gives up the parts below upTo that no reader has come to.
func (l *Lease) evicting(upTo uint64) {
	for i := range l.parts {
		p := &l.parts[i]
		if p.block*BlockLen+uint64(p.to) <= upTo && p.state.Load() == partFree {
			p.state.CompareAndSwap(partFree, partGone)
		}
	}
}

// reads reports whether a reader may look at this memory now. No reader comes
// to what evicting gave up.
func (l *Lease) reads(m *memory) bool {
	for i := range l.readers {
		at := l.readers[i].Load()
		if at == idle {
			continue
		}
		p := &l.parts[at]
		if p.mem == m {
			return true
		}
		for k := range p.runs {
			if p.runs[k].mem == m {
				return true
			}
		}
	}
	return false
}

// Bounds are the numbers of the part's first record, and of the one behind its
// last.
func (p *Part) Bounds() (from, to uint64) {
	return p.block*BlockLen + uint64(p.from), p.block*BlockLen + uint64(p.to)
}

// Gone reports whether the store let the part go before a reader came to it.
func (p *Part) Gone() bool { return p.state.Load() == partGone }

// Mixed reports whether there are notices in the block, or records that are not
// plain.
func (p *Part) Mixed() bool { return p.mixed }

// Forward reports whether the part belongs to what is read upwards.
func (p *Part) Forward() bool { return p.forward }

// Entry returns what is known of the record at a place of the block.
func (p *Part) Entry(i int) *Entry { return &p.entries[i] }

// Stretch is places of a block, from up to to, whose bytes lie in one slab.
type Stretch struct {
	From, To int
	Mem      []byte
}

// Stretches goes through the part.
func (p *Part) Stretches() iter.Seq[Stretch] {
	return func(yield func(Stretch) bool) {
		for k := range p.runs {
			s := Stretch{max(p.runs[k].first, p.from), p.to, p.runs[k].mem.b}
			if k+1 < len(p.runs) {
				s.To = min(p.runs[k+1].first, s.To)
			}
			if s.From < s.To && !yield(s) {
				return
			}
		}
	}
}

// sweep ends the leases that were not renewed since the last sweep, forgets those
// whose readers have left, and gives back what they looked at.
func (s *Store) sweep() {
	kept := s.leases[:0]
	for _, l := range s.leases {
		if !l.renewed {
			l.End()
		}
		l.renewed = false
		if !l.Over() {
			kept = append(kept, l)
		}
	}
	clear(s.leases[len(kept):])
	s.leases = kept
	waiting := s.leased[:0]
	for _, m := range s.leased {
		if s.reading(m) {
			waiting = append(waiting, m)
		} else {
			s.all.pool.put(m)
		}
	}
	clear(s.leased[len(waiting):])
	s.leased = waiting
}

// reading reports whether a reader looks at this memory.
func (s *Store) reading(m *memory) bool {
	for _, l := range s.leases {
		if l.reads(m) {
			return true
		}
	}
	return false
}

// letGo gives memory back, once no reader looks at it.
func (s *Store) letGo(m *memory) {
	if s.reading(m) {
		s.leased = append(s.leased, m)
		return
	}
	s.all.pool.put(m)
}

// stop ends all leases.
func (s *Store) stop() {
	for _, l := range s.leases {
		l.End()
	}
}
