package rows

import (
	"maps"

	"sluice/cluster/loss"
)

// Edges are places in streams, by the stream and then by the source: of each the position
// of a record, at which something begins or ends. Nobody changes those that others have.
type Edges map[string]map[string]loss.Position

// Clone is a copy that may be changed.
func (e Edges) Clone() Edges {
	c := make(Edges, len(e))
	for stream, of := range e {
		c[stream] = maps.Clone(of)
	}
	return c
}

// Set puts one place.
func (e Edges) Set(stream, source string, at loss.Position) {
	if e[stream] == nil {
		e[stream] = make(map[string]loss.Position)
	}
	e[stream][source] = at
}

// Sources is how many places there are.
func (e Edges) Sources() (n int) {
	for _, of := range e {
		n += len(of)
	}
	return n
}

// Place is a record: a position in a stream at a source.
type Place struct {
	Stream, Source string
	loss.Position
}

// origin is the number of a store's first record when positions are kept: below it there
// is room for records from before.
const origin = 1 << 62

// maxEpochs bounds the lives of logs that a store tells apart; of a record of a further one
// the position is not known.
const maxEpochs = 1<<16 - 1

// seqBits is how many bits of a record's place are its sequence number; those above them
// are the number of its epoch, 0 when the position is not known.
const seqBits = 48

// ledge is one life of a log: a log has another epoch in each.
type ledge struct {
	stream, source uint16
	epoch          uint64
	next           uint64 // what comes before that is not held
	moved          bool   // some was let go
}

// ledges are where what a store holds begins, by the number of their epoch.
type ledges struct {
	ids  map[uint64]uint64
	all  []ledge // the first is none
	full bool
}

// KeepPositions has the stores that are opened from now on keep the position of each record,
// 8 bytes, so that it is known where what came before them ends.
func (all *Stores) KeepPositions() { all.positions = true; all.pool.positions = true }

// place notes a record's position, and packs it.
func (s *Store) place(stream, source uint16, at loss.Position) uint64 {
	if !s.all.positions || at.Epoch == 0 {
		return 0
	}
	l := &s.ledges
	id, known := l.ids[at.Epoch]
	if !known {
		if len(l.all) > maxEpochs {
			l.full = true
			return 0
		}
		if l.ids == nil {
			l.ids, l.all = make(map[uint64]uint64), make([]ledge, 1)
		}
		id = uint64(len(l.all))
		l.ids[at.Epoch] = id
		l.all = append(l.all, ledge{stream: stream, source: source, epoch: at.Epoch, next: at.Seq})
	}
	if k := &l.all[id]; !k.moved && at.Seq < k.next {
		k.next = at.Seq
	}
	return id<<seqBits | at.Seq&(1<<seqBits-1)
}

// Begins notes where reading a stream at a source begins.
func (s *Store) Begins(stream, source string, at loss.Position) {
	s.place(s.numberOf(stream), s.intern(source), at)
}

// placeOf unpacks what place has packed; false when the position is not known.
func (s *Store) placeOf(packed uint64) (Place, bool) {
	id := packed >> seqBits
	if id == 0 {
		return Place{}, false
	}
	l := &s.ledges.all[id]
	return Place{
		Stream: s.names.Streams[l.stream], Source: s.names.Sources[l.source],
		Position: loss.Position{Epoch: l.epoch, Seq: packed & (1<<seqBits - 1)},
	}, true
}

// packed is the place of a record that is held.
func (s *Store) packed(n uint64) uint64 {
	b := s.blocks[n/BlockLen-s.base]
	if b.places == nil {
		return 0
	}
	return b.places[n%BlockLen]
}

// leave notes that the records from one number up to another are let go.
func (s *Store) leave(from, to uint64) {
	if !s.all.positions {
		return
	}
	for n := from; n < to; n++ {
		packed := s.packed(n)
		if packed == 0 {
			continue
		}
		l := &s.ledges.all[packed>>seqBits]
		if seq := packed & (1<<seqBits - 1); !l.moved || seq >= l.next {
			l.next, l.moved = seq+1, true
		}
	}
}

// Epochs are lives of logs, of streams by sources.
type Epochs map[string]map[string][]uint64

// maxLater is how many epochs of a stream at a source Later tells of: the newest.
const maxLater = 16

// Later are the epochs of which something came to the store behind some places.
func (s *Store) Later(than Edges) Epochs {
	later := make(Epochs)
	for i := range s.ledges.all {
		l := &s.ledges.all[i]
		if l.epoch == 0 {
			continue
		}
		stream, source := s.names.Streams[l.stream], s.names.Sources[l.source]
		at, known := than[stream][source]
		switch {
		case !known:
		case l.epoch == at.Epoch:
			delete(later[stream], source) // they came before it
		default:
			if later[stream] == nil {
				later[stream] = make(map[string][]uint64)
			}
			all := append(later[stream][source], l.epoch)
			later[stream][source] = all[max(len(all)-maxLater, 0):]
		}
	}
	return later
}

// Edges are where what the store holds begins: of each stream and source the position before
// which nothing is held; false when they are not all known. The few records that stand
// further back than their position says, since they are sorted by time, are returned as
// well: they are held, although they are before it.
func (s *Store) Edges() (e Edges, held map[Place]bool, ok bool) {
	e = make(Edges)
	for i := range s.ledges.all {
		l := &s.ledges.all[i]
		if l.epoch == 0 {
			continue
		}
		stream, source := s.names.Streams[l.stream], s.names.Sources[l.source]
		if _, had := e[stream][source]; !had || l.moved { // a later epoch, of which some was let go
			e.Set(stream, source, loss.Position{Epoch: l.epoch, Seq: l.next})
		}
	}
	held = make(map[Place]bool)
	for n := s.first; n < min(s.next, s.first+BlockLen); n++ {
		if p, known := s.placeOf(s.packed(n)); known {
			if at := e[p.Stream][p.Source]; at.Epoch == p.Epoch && p.Seq < at.Seq {
				held[p] = true
			}
		}
	}
	return e, held, s.all.positions && !s.ledges.full
}
