package rows

import (
	"iter"
	"maps"
	"slices"
	"time"

	"sluice/cluster/names"
)

// Stores is all stores together, under one bound of records and one of bytes.
type Stores struct {
	maxRecords int
	maxBytes   int64
	stores     map[string]*Store   // by name
	byStream   map[string][]*Store // those that keep it
	pool       pool
	Wake       func(now bool) // a reader of a lease has something
}

func NewStores(maxRecords int, maxBytes int64) *Stores {
	return &Stores{
		maxRecords: maxRecords, maxBytes: maxBytes, Wake: func(bool) {},
		stores: make(map[string]*Store), byStream: make(map[string][]*Store),
	}
}

// Each goes through the stores, in no order.
func (a *Stores) Each() iter.Seq[*Store] { return maps.Values(a.stores) }

// Of are the stores that keep a stream.
func (a *Stores) Of(name string) []*Store { return a.byStream[name] }

// Find returns the store of just these streams; nil when there is none.
func (a *Stores) Find(streams ...string) *Store { return a.stores[names.Join(streams)] }

// Open returns the store of one stream or several, and the streams that
// nobody reads yet. It is called at now.
func (a *Stores) Open(streams []string, now time.Time) (s *Store, fresh []string) {
	key := names.Join(streams)
	if s = a.stores[key]; s != nil {
		s.panes++
		return s, nil
	}
	s = newStore(streams, a)
	s.panes = 1
	for _, name := range streams {
		if len(a.byStream[name]) == 0 {
			fresh = append(fresh, name)
			if s.names.Merged {
				s.reorder.fill(s.streamID[name])
			}
		}
	}
	for _, name := range streams {
		if others := a.byStream[name]; len(others) > 0 {
			s.copyFrom(others[0], name, now)
		}
		a.byStream[name] = append(a.byStream[name], s)
	}
	a.stores[key] = s
	return s, fresh
}

// copied bounds what a new store takes over of a stream that is read already.
const copied = 10_000

// copyFrom takes over the newest records of a stream that another store keeps;
// here they arrive now.
func (s *Store) copyFrom(other *Store, name string, now time.Time) {
	id, ok := other.streamID[name]
	if !ok {
		return
	}
	from := other.first
	if other.next > copied {
		from = max(from, other.next-copied)
	}
	for n := from; n < other.next; n++ {
		e := *other.Entry(n)
		if e.Stream != id || e.Kind.Notice() {
			continue
		}
		data := other.Data(&e)
		of := e.Source
		e.Kind, e.Late = KindBackfill, false
		e.Source, e.Stream = s.intern(other.Source(&e)), s.streamID[name]
		s.noteArrival(e.Source, other.arrived[of])
		if s.names.Merged {
			s.reorder.put(e, now.UnixNano(), data)
		} else {
			s.append(e, data)
		}
	}
}

// Close forgets a store when no pane shows it any more, and returns the
// streams that nobody reads any more.
func (a *Stores) Close(s *Store) (unread []string) {
	s.panes--
	if s.panes > 0 {
		return nil
	}
	delete(a.stores, s.name)
	for _, name := range s.names.Streams {
		left := slices.DeleteFunc(a.byStream[name], func(other *Store) bool { return other == s })
		if len(left) == 0 {
			delete(a.byStream, name)
			unread = append(unread, name)
			continue
		}
		a.byStream[name] = left
	}
	s.free()
	return unread
}

// Settle moves what has waited long enough into its store; it reports whether
// something goes on waiting.
func (a *Stores) Settle(now time.Time) (waiting bool) {
	for _, s := range a.stores {
		waiting = s.settle(now) || waiting
	}
	return waiting
}

// Sweep ends what goes on in the background and nobody wants any more.
func (a *Stores) Sweep() {
	for _, s := range a.stores {
		s.sweep()
	}
}

// Stop ends all that goes on in the background.
func (a *Stores) Stop() {
	for _, s := range a.stores {
		s.stop()
	}
}

// Size is what is kept now.
func (a *Stores) Size() (records int, bytes int64) {
	for _, s := range a.stores {
		records += s.Held()
		bytes += s.Bytes()
	}
	return records, bytes
}

// Evict keeps the archive within its bounds. What goes is the oldest of the
// store that holds the most, so that a noisy stream never pushes out a quiet
// one.
func (a *Stores) Evict() {
	for {
		records, bytes := a.Size()
		overRecords, overBytes := records-a.maxRecords, bytes-a.maxBytes
		if overRecords <= 0 && overBytes <= 0 {
			return
		}
		most := a.largest(overBytes > 0)
		if most == nil {
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
func (a *Stores) largest(byBytes bool) *Store {
	var most *Store
	var size int64 = -1
	for _, s := range a.stores {
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
