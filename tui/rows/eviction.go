package rows

import "time"

// Watcher is called before records below the number upTo are let go.
type Watcher interface{ Evicting(upTo uint64) }

// Watch calls w before records are let go, until Unwatch.
func (s *Store) Watch(w Watcher) { s.watchers = append(s.watchers, w) }

// Unwatch ends Watch.
func (s *Store) Unwatch(w Watcher) {
	for i, other := range s.watchers {
		if other == w {
			s.watchers = append(s.watchers[:i:i], s.watchers[i+1:]...)
			return
		}
	}
}

// Evict keeps the stores within their bounds. What goes is the oldest of the
// store that holds the most, so that a noisy stream never pushes out a quiet
// one.
func (all *Stores) Evict() {
	for {
		records, bytes := all.Size()
		overRecords, overBytes := records-all.maxRecords, bytes-all.maxBytes
		if overRecords <= 0 && overBytes <= 0 {
			return
		}
		most := all.largest(overBytes > 0)
		if most == nil || most.Held() == 0 {
			return
		}
		if overBytes > 0 {
			most.EvictTo(most.oldestSlabEnd())
			continue
		}
		most.EvictTo(most.first + uint64(min(overRecords, most.Held())))
	}
}

// largest is the store that holds the most and has something to let go; nil when
// none has.
func (all *Stores) largest(byBytes bool) *Store {
	var most *Store
	var size int64 = -1
	for _, s := range all.stores {
		n := int64(s.Held())
		if byBytes {
			// A slab that is still being filled is never let go for its bytes:
			// it holds a store's newest records.
			if len(s.slabs) < 2 {
				continue
			}
			n = s.Bytes()
		}
		if n > size {
			most, size = s, n
		}
	}
	return most
}

// EvictTo lets go of all records below n.
func (s *Store) EvictTo(n uint64) {
	n = min(n, s.next)
	if n <= s.first {
		return
	}
	for _, w := range s.watchers {
		w.Evicting(n)
	}
	s.leave(s.first, n)
	s.evicted += n - s.first
	s.first = n
	for _, l := range s.leases {
		l.evicting(n)
	}
	drop := 0
	for drop < len(s.slabs) && s.slabs[drop].last < n {
		s.slabBytes -= int64(len(s.slabs[drop].mem.b))
		s.letGo(s.slabs[drop].mem)
		s.slabs[drop] = nil
		drop++
	}
	s.slabs = s.slabs[drop:]
	s.slabBase += uint32(drop)
	for len(s.blocks) > 0 && (s.base+1)*BlockLen <= n {
		s.letGo(s.blocks[0].mem)
		s.blocks[0] = nil
		s.blocks = s.blocks[1:]
		s.base++
	}
}

// Restart lets go of all records and forgets what was counted of them, since all come
// again. Numbers go on.
func (s *Store) Restart() {
	s.EvictTo(s.next)
	s.reorder, s.rate = reorder{}, rateMeter{}
	s.last, s.taken, s.lastOwn = 0, time.Time{}, time.Time{}
	s.errors, s.dropped, s.unknown, s.evicted = 0, 0, 0, 0
}

// oldestSlabEnd is the number up to which eviction frees the oldest slab.
func (s *Store) oldestSlabEnd() uint64 {
	if len(s.slabs) == 0 {
		return s.first
	}
	return s.slabs[0].last + 1
}

// free gives all memory back. What a reader looks at this moment is given back when
// that is over.
func (s *Store) free() {
	s.stop()
	s.EvictTo(s.next)
	for _, sl := range s.slabs {
		s.letGo(sl.mem)
	}
	for _, b := range s.blocks {
		s.letGo(b.mem)
	}
	s.slabs, s.blocks, s.slabBytes, s.leased = nil, nil, 0, nil
	s.reorder = reorder{}
}
