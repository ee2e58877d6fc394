package tui

// archive is all stores together, under one bound of records and one of bytes.
type archive struct {
	maxRecords int
	maxBytes   int64
	stores     map[string]*store
	pool       pool
}

func newArchive(maxRecords int, maxBytes int64) *archive {
	return &archive{maxRecords: maxRecords, maxBytes: maxBytes, stores: make(map[string]*store)}
}

// open returns the store of a stream, and whether it is new.
func (a *archive) open(name string) (*store, bool) {
	s, ok := a.stores[name]
	if !ok {
		s = newStore(name, &a.pool)
		a.stores[name] = s
	}
	s.panes++
	return s, !ok
}

// close forgets a stream when no pane shows it any more, and reports that.
func (a *archive) close(s *store) bool {
	s.panes--
	if s.panes > 0 {
		return false
	}
	delete(a.stores, s.name)
	return true
}

// size is what is kept now.
func (a *archive) size() (records int, bytes int64) {
	for _, s := range a.stores {
		records += s.held()
		bytes += s.bytes()
	}
	return records, bytes
}

// evict keeps the archive within its bounds. What goes is the oldest of the
// stream that holds the most, so that a noisy stream never pushes out a quiet
// one.
func (a *archive) evict() {
	for {
		records, bytes := a.size()
		overRecords, overBytes := records-a.maxRecords, bytes-a.maxBytes
		if overRecords <= 0 && overBytes <= 0 {
			return
		}
		most := a.largest(overBytes > 0)
		if most == nil {
			return
		}
		if overBytes > 0 {
			// A slab that is still being filled is never let go for its bytes:
			// it holds a stream's newest records.
			if len(most.slabs) < 2 {
				return
			}
			most.evictTo(most.oldestSlabEnd())
			continue
		}
		most.evictTo(most.first + uint64(min(overRecords, most.held())))
	}
}

func (a *archive) largest(byBytes bool) *store {
	var most *store
	var size int64 = -1
	for _, s := range a.stores {
		n := int64(s.held())
		if byBytes {
			n = s.bytes()
		}
		if n > size {
			most, size = s, n
		}
	}
	return most
}
