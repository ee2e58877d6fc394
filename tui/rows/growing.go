package rows

import (
	"slices"
	"time"

	"sluice/cluster/record"
)

// maxStreams bounds the streams that one store ever has: an entry has room for the number
// of no more.
const maxStreams = 1 << 16

// growingKey stands before the title of a store that grows, among the keys of stores: no
// stream's name has such a character.
const growingKey = "\x00"

// OpenGrowing returns the store that streams are added to under a title, by Grow. It has
// none at first, and its rows show which stream they are of. Each OpenGrowing wants a Close.
func (all *Stores) OpenGrowing(title string) *Store {
	s := all.stores[growingKey+title]
	if s == nil {
		s = newStore(nil, all)
		s.name, s.title, s.names.Merged = growingKey+title, title, true
		all.stores[s.name] = s
	}
	s.users++
	return s
}

// FindGrowing is the growing store with a title; nil when there is none.
func (all *Stores) FindGrowing(title string) *Store { return all.stores[growingKey+title] }

// Grow adds a stream to a growing store, which has it from now on. fresh: no other store
// has it, so its records have to be asked for. waits: what is there waits until the
// backfill of the stream is, so that both are merged; otherwise what comes of the backfill
// stands at the end. ok is false when the store can have no more streams.
func (all *Stores) Grow(s *Store, name string, waits bool, now time.Time) (fresh, ok bool) {
	id, known := s.streamID[name]
	if !known {
		if len(s.names.Streams) == maxStreams {
			return false, false
		}
		id = s.newStream(name)
	}
	others := all.byStream[name]
	if slices.Contains(others, s) {
		return false, true
	}
	all.byStream[name] = append(slices.Clone(others), s)
	if len(others) > 0 {
		if !known {
			s.copyFrom(others[0], name, now)
		}
		return false, true
	}
	if waits {
		s.reorder.fill(id)
	}
	return true, true
}

// newStream gives a stream its number in the store.
func (s *Store) newStream(name string) uint16 {
	id := uint16(len(s.names.Streams))
	s.streamID[name] = id
	s.names.Streams = append(s.names.Streams, name)
	return id
}

// Shed takes a stream away from a store, which keeps the records that it has. unread: no
// store has the stream any more.
func (all *Stores) Shed(s *Store, name string) (unread bool) {
	others := all.byStream[name]
	if !slices.Contains(others, s) {
		return false
	}
	left := slices.DeleteFunc(slices.Clone(others), func(other *Store) bool { return other == s })
	if len(left) == 0 {
		delete(all.byStream, name)
		return true
	}
	all.byStream[name] = left
	return false
}

// Tell keeps a row that says what became of streams of the store; text is what it says.
func (s *Store) Tell(at time.Time, text []byte) {
	e := Entry{Time: at.UnixMilli(), Own: true, Kind: KindStreams, Level: int16(record.Info), Source: s.intern("")}
	if s.mustWait(&e) {
		s.reorder.put(e, at.UnixNano(), text, 0)
		return
	}
	s.append(e, text, 0)
}
