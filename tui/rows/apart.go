package rows

import "time"

// apartKey stands before the title of a store that is apart, as growingKey does.
const apartKey = "\x01"

// OpenApart returns a store under a title that no stream goes into: its owner puts copies
// of what other stores have there, see TakeOver. Its rows show which stream they are of.
// Each OpenApart wants a Close.
func (all *Stores) OpenApart(title string) *Store {
	s := all.stores[apartKey+title]
	if s == nil {
		s = newStore(nil, all)
		s.name, s.title, s.apart, s.names.Merged = apartKey+title, title, true, true
		all.stores[s.name] = s
	}
	s.users++
	return s
}

// FindApart is the store that is apart with a title; nil when there is none.
func (all *Stores) FindApart(title string) *Store { return all.stores[apartKey+title] }

// Apart reports whether the store has copies of what others have.
func (s *Store) Apart() bool { return s.apart }

// Use keeps a store open for one more user. It wants a Close.
func (all *Stores) Use(s *Store) { s.users++ }

// Hold lets what is put into the store wait until Hold(false), so that all of it stands in
// the order of its times, unless it is more than 32 MiB.
func (s *Store) Hold(on bool) { s.reorder.held = on }

// TakeOver keeps a copy of a record or a gap of another store: in the order of their times
// if it was there before, or as one that came now. It reports false when the store has as
// many streams as it may.
func (s *Store) TakeOver(other *Store, n uint64, live bool, now time.Time) bool {
	e := *other.Entry(n)
	stream := other.StreamOf(&e)
	id, known := s.streamID[stream]
	if !known {
		if len(s.names.Streams) == maxStreams {
			return false
		}
		id = s.newStream(stream)
	}
	data := other.Data(&e)
	of := e.Source
	e.Source, e.Stream, e.Late = s.intern(other.Source(&e)), id, false
	switch {
	case e.Kind.Notice():
		s.reorder.put(e, e.Time*int64(time.Millisecond), data, 0) // it stands where it happened
		return true
	case live:
		e.Kind = KindRecord
		s.rate.add(now, now.Unix(), 1)
		if e.IsError() {
			s.errors++
		}
		s.last, s.taken, s.lastOwn = now.UnixNano(), now, time.UnixMilli(e.Time)
	default:
		e.Kind = KindBackfill
	}
	s.noteArrival(e.Source, other.arrived[of])
	s.reorder.put(e, now.UnixNano(), data, 0)
	return true
}
