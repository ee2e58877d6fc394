package rows

import (
	"iter"
	"maps"
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
	positions  bool // of records are kept
	pasts      map[*Past]bool

	// Wake is called, on any goroutine, when a reader of a lease has something for
	// the owner of the stores; now: and it should not wait.
	Wake func(now bool)
}

// NewStores returns no stores yet, with the bounds of all that will be.
func NewStores(maxRecords int, maxBytes int64) *Stores {
	return &Stores{
		maxRecords: maxRecords, maxBytes: maxBytes, Wake: func(bool) {},
		stores: make(map[string]*Store), byStream: make(map[string][]*Store),
	}
}

// Each goes through the stores, in no order.
func (all *Stores) Each() iter.Seq[*Store] { return maps.Values(all.stores) }

// Of are the stores that keep a stream.
func (all *Stores) Of(name string) []*Store { return all.byStream[name] }

// Has reports whether a store has not been forgotten.
func (all *Stores) Has(s *Store) bool { return all.stores[s.name] == s }

// Find returns the store of just these streams; nil when there is none.
func (all *Stores) Find(streams ...string) *Store { return all.stores[names.Join(streams)] }

// Open returns the store of one stream or several, and those of its streams that no
// other store has, whose records have to be asked for. Each Open wants a Close.
func (all *Stores) Open(streams []string, now time.Time) (s *Store, fresh []string) {
	key := names.Join(streams)
	if s = all.stores[key]; s != nil {
		s.users++
		return s, nil
	}
	s = newStore(streams, all)
	s.users = 1
	for _, name := range streams {
		if len(all.byStream[name]) == 0 {
			fresh = append(fresh, name)
			if s.names.Merged {
				s.reorder.fill(s.streamID[name])
			}
		}
	}
	for _, name := range streams {
		if others := all.byStream[name]; len(others) > 0 {
			s.copyFrom(others[0], name, now)
		}
		all.byStream[name] = append(all.byStream[name], s)
	}
	all.stores[key] = s
	return s, fresh
}

// copied bounds the records that a new store takes over from another one.
const copied = 10_000

// copyFrom takes over the newest records of a stream that another store keeps, and the
// gaps between them; here they arrive now.
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
		if e.Stream != id || e.Kind.Notice() && e.Kind != kindGap {
			continue
		}
		data := other.Data(&e)
		of := e.Source
		e.Late = false
		if e.Kind != kindGap {
			e.Kind = KindBackfill
		}
		e.Source, e.Stream = s.intern(other.Source(&e)), s.streamID[name]
		if e.Kind != kindGap {
			s.noteArrival(e.Source, other.arrived[of])
		}
		var place uint64
		if at, known := other.placeOf(other.packed(n)); known {
			place = s.place(e.Stream, e.Source, at.Position)
		}
		if s.names.Merged {
			then := now.UnixNano()
			if e.Kind == kindGap {
				then = e.Time * int64(time.Millisecond) // it stands where it happened
			}
			s.reorder.put(e, then, data, place)
		} else {
			s.append(e, data, place)
		}
	}
}

// Close forgets a store once all who opened it have closed it, and returns the
// streams that no store has any more.
func (all *Stores) Close(s *Store) (unread []string) {
	s.users--
	if s.users > 0 {
		return nil
	}
	delete(all.stores, s.name)
	for _, name := range s.names.Streams {
		if all.Shed(s, name) {
			unread = append(unread, name)
		}
	}
	s.free()
	return unread
}

// Settle moves what has waited long enough into its store; it reports whether
// something goes on waiting.
func (all *Stores) Settle(now time.Time) (waiting bool) {
	for _, s := range all.stores {
		waiting = s.settle(now) || waiting
	}
	return waiting
}

// Sweep ends the leases that were not renewed since the last sweep, and takes back
// what their readers looked at.
func (all *Stores) Sweep() {
	for _, s := range all.stores {
		s.sweep()
	}
}

// Stop ends all leases.
func (all *Stores) Stop() {
	for _, s := range all.stores {
		s.stop()
	}
}

// Size is what is kept now.
func (all *Stores) Size() (records int, bytes int64) {
	for _, s := range all.stores {
		records += s.Held()
		bytes += s.Bytes()
	}
	for p := range all.pasts {
		records += p.Held()
		bytes += p.Bytes()
	}
	return records, bytes
}
