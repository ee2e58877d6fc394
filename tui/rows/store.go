package rows

import (
	"strings"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// Store keeps the records of one stream, or of several merged by time, oldest
// first, numbered from 0. Those from first up to next are held.
type Store struct {
	name  string // as names.Join writes its streams; of one that grows see growingKey
	title string // of one that grows; "": its streams
	all   *Stores
	apart bool // it has copies of what others have
	users int  // how many have it open; it is forgotten at 0

	first, next uint64
	blocks      []*block // entry n is in blocks[n/BlockLen-base]
	base        uint64
	slabs       []*slab // slab n is slabs[n-slabBase]
	slabBase    uint32
	slabBytes   int64

	names    Names
	sourceID map[string]uint16
	streamID map[string]uint16
	reorder  reorder // records that wait for earlier ones
	ledges   ledges  // with Stores.KeepPositions
	pasts    uint64  // that there have been

	watchers []Watcher
	leases   []*Lease
	leased   []*memory // let go, and still looked at by a reader of a lease

	rate    rateMeter
	last    int64       // when the newest live record arrived, Unix nanoseconds; 0 none has
	taken   time.Time   // and when it was taken
	lastOwn time.Time   // and its own time, or that of its arrival
	arrived []time.Time // by source: when its newest record arrived; zero: none has
	active  []bool      // by source: a record of it has arrived
	actives int         // how many have
	errors  uint64      // live records of level error or above, ever
	dropped uint64      // records lost, as far as they can be counted
	unknown uint64      // gaps without a number, and absences of a source
	evicted uint64      // records let go

	filled bool // the backfill is complete; what comes of it later is late

	lives, liveErrors uint64 // live records that were appended, ever, and those of level error or above
}

// MaxSources bounds the table of names, which come from the network.
const MaxSources = 1024

func newStore(streams []string, all *Stores) *Store {
	s := &Store{
		name: names.Join(streams), all: all,
		names:    Names{Streams: streams, Merged: len(streams) > 1},
		sourceID: make(map[string]uint16), streamID: make(map[string]uint16),
	}
	for i, name := range streams {
		s.streamID[name] = uint16(i)
	}
	first := s.Began()
	s.first, s.next, s.base = first, first, first/BlockLen
	return s
}

// Name is the store's streams in one text.
func (s *Store) Name() string { return s.name }

// Streams are the store's streams, and Sources where their records came from.
func (s *Store) Streams() []string { return s.names.Streams }
func (s *Store) Sources() []string { return s.names.Sources }

// Merged reports whether the store has several streams.
func (s *Store) Merged() bool { return s.names.Merged }

// Names are what entries point at. They go on growing.
func (s *Store) Names() *Names { return &s.names }

// Title is the store's streams, for people.
func (s *Store) Title() string {
	if s.title != "" {
		return s.title
	}
	return strings.Join(s.names.Streams, " + ")
}

// Began is the number of the first record that the store ever had, or will have: so many
// were let go as First is above it.
func (s *Store) Began() uint64 {
	if s.all.positions {
		return origin
	}
	return 0
}

// First and Next bound the numbers of the records that are held: from First up to
// Next.
func (s *Store) First() uint64 { return s.first }
func (s *Store) Next() uint64  { return s.next }

// Held is the number of records in the store.
func (s *Store) Held() int { return int(s.next - s.first) }

// Bytes is the memory that the store takes.
func (s *Store) Bytes() int64 {
	return int64(len(s.blocks)*s.all.pool.blockSize()) + s.slabBytes + s.reorder.bytes()
}

// append keeps one record or gap at the end, with its place as it is packed. It copies data.
func (s *Store) append(e Entry, data []byte, place uint64) {
	n := s.next
	if n/BlockLen >= s.base+uint64(len(s.blocks)) {
		s.blocks = append(s.blocks, s.all.pool.block())
	}
	b := s.blocks[n/BlockLen-s.base]
	var last *slab
	if len(s.slabs) > 0 {
		last = s.slabs[len(s.slabs)-1]
	}
	if last == nil || last.free() < len(data) {
		last = s.all.pool.slab(len(data))
		s.slabs = append(s.slabs, last)
		s.slabBytes += int64(len(last.mem.b))
	}
	e.slab = s.slabBase + uint32(len(s.slabs)-1)
	if at := int(n % BlockLen); len(b.runs) == 0 || b.runs[len(b.runs)-1].slab != e.slab {
		b.runs = append(b.runs, run{at, e.slab, last.mem})
	}
	if e.Kind.Notice() || !e.Plain {
		b.mixed++
	}
	e.off = uint32(last.used)
	e.size = uint32(len(data))
	copy(last.mem.b[last.used:], data)
	last.used += len(data)
	last.last = n
	b.entries[n%BlockLen] = e
	if b.places != nil {
		b.places[n%BlockLen] = place
	}
	s.next = n + 1
	if e.Kind == KindRecord {
		s.lives++
		if e.IsError() {
			s.liveErrors++
		}
	}
}

// maxSkew is how far a record's own clock may be off to tell how late it is.
const maxSkew = time.Hour

// Add keeps a record that a source handed on and that is taken now, at once or
// after those that come before it. now is by the same clock as the record's arrival,
// as in a replay, where both are the recording's.
func (s *Store) Add(r *stream.Record, now time.Time) {
	head := record.Peek(r.Data)
	e := entryOf(r, &head)
	e.Source, e.Stream = s.intern(r.Source), s.numberOf(r.Stream)
	place := s.place(e.Stream, e.Source, r.Position)
	s.noteArrival(e.Source, by(now, r.Arrived))
	if r.Backfill {
		e.Kind = KindBackfill
		if !s.filled && !s.names.Merged {
			s.reorder.placed(min(e.Time, r.Arrived/int64(time.Millisecond)))
		}
	} else {
		if head.Level >= record.Error {
			s.errors++
		}
		s.rate.add(now, r.Arrived/int64(time.Second), 1)
		s.last, s.taken, s.lastOwn = r.Arrived, now, time.UnixMilli(head.Time)
		if head.Time == 0 || now.Sub(s.lastOwn).Abs() >= maxSkew {
			s.lastOwn = time.Unix(0, r.Arrived)
		}
	}
	if s.mustWait(&e) {
		s.reorder.put(e, r.Arrived, r.Data, place)
		return
	}
	s.append(e, r.Data, place)
}

// by is a moment, in Unix nanoseconds, by the clock of another one: whoever sets the
// time of day afterwards does not change how long ago it was.
func by(clock time.Time, at int64) time.Time {
	return clock.Add(time.Duration(at - clock.UnixNano()))
}

// noteArrival notes when a source's newest record arrived.
func (s *Store) noteArrival(source uint16, at time.Time) {
	if !s.active[source] {
		s.active[source] = true
		if s.actives++; s.actives == 2 && s.last != 0 && !s.names.Merged {
			s.reorder.placed(min(s.lastOwn.UnixMilli(), s.last/int64(time.Millisecond)))
		}
	}
	s.arrived[source] = at
}

// Arrived is when a source's newest record arrived; zero: none has.
func (s *Store) Arrived(source uint16) time.Time { return s.arrived[source] }

// Rate is how many live records come a second, and Idle reports whether none came
// within the last seconds.
func (s *Store) Rate(now time.Time) float64 { return s.rate.perSecond(now) }
func (s *Store) Idle(now time.Time) bool    { return s.rate.idle(now) }

// LastLive is when the newest live record arrived; zero: none has.
func (s *Store) LastLive() time.Time {
	if s.last == 0 {
		return time.Time{}
	}
	return by(s.taken, s.last)
}

// Errors is how many live records of level error or above there were, Dropped how
// many records were lost, as far as they can be counted, Unknown how many gaps have
// no number, and how often a source was away, and Evicted how many records were let go.
func (s *Store) Errors() uint64  { return s.errors }
func (s *Store) Dropped() uint64 { return s.dropped }
func (s *Store) Unknown() uint64 { return s.unknown }
func (s *Store) Evicted() uint64 { return s.evicted }

// Lives is how many live records the store has had, and how many of them were of level
// error or above; those that wait for earlier ones are not among them.
func (s *Store) Lives() (records, errors uint64) { return s.lives, s.liveErrors }

// Newest is when the newest record came: when a live record arrived, or, as long as
// there is none, the time of the newest of the backfill. Zero when there is none of
// either.
func (s *Store) Newest() time.Time {
	if s.last != 0 {
		return s.LastLive()
	}
	for n := s.next; n > s.first; n-- {
		if e := s.Entry(n - 1); !e.Kind.Notice() { // there are few of these without a live record
			return time.UnixMilli(e.Time)
		}
	}
	return time.Time{}
}

// Lag is how far behind its own time the newest live record was when it was
// taken. That it waits for earlier ones after that is meant, and does not count.
func (s *Store) Lag() time.Duration { return max(s.taken.Sub(s.lastOwn), 0) }

// Gap keeps a row for records that were lost; text is what it says.
func (s *Store) Gap(n *stream.Notice, text []byte) {
	if n.Unknown {
		s.unknown++
	}
	s.dropped += n.Count
	s.note(n, kindGap, record.Warn, text)
}

// State keeps a row for a source that was lost, was away or refuses the stream, or is
// back or gives it; text is what it says.
func (s *Store) State(n *stream.Notice, text []byte) {
	if n.Kind == stream.KindAway {
		s.unknown++
	}
	level := record.Warn
	if n.Kind == stream.KindState && n.State.Connected() || n.Kind == stream.KindRefused && n.Err == "" {
		level = record.Info
	}
	s.note(n, KindState, level, text)
}

func (s *Store) note(n *stream.Notice, k Kind, level record.Level, text []byte) {
	e := Entry{
		Time: n.Time.UnixMilli(), Own: true, Kind: k, Level: int16(level),
		Source: s.intern(n.Source), Stream: s.numberOf(n.Stream),
	}
	if s.mustWait(&e) {
		s.reorder.put(e, n.Time.UnixNano(), text, 0)
		return
	}
	s.append(e, text, 0)
}

// mustWait reports whether an entry waits for earlier ones. With one stream, and
// records of one source, there is nothing to wait for, and the backfill of one
// stream comes merged, but for that of a source which had not answered in time.
func (s *Store) mustWait(e *Entry) bool {
	return s.names.Merged || s.actives > 1 && (e.Kind != KindBackfill || s.filled)
}

// Filled says that the backfill of a stream is complete.
func (s *Store) Filled(name string) {
	s.filled = true
	s.reorder.filled(s.streamID[name])
}

// settle moves what has waited long enough into the store, and reports whether
// something goes on waiting.
func (s *Store) settle(now time.Time) bool { return s.reorder.flush(s, now.UnixNano()) }

// numberOf is the number of one of the store's streams.
func (s *Store) numberOf(name string) uint16 {
	if !s.names.Merged {
		return 0
	}
	return s.streamID[name]
}

// intern is the number of a source. When there are too many, the last one stands for
// all that come.
func (s *Store) intern(name string) uint16 {
	if id, ok := s.sourceID[name]; ok {
		return id
	}
	if len(s.names.Sources) == MaxSources {
		return MaxSources - 1
	}
	id := uint16(len(s.names.Sources))
	s.names.Sources = append(s.names.Sources, name)
	s.arrived = append(s.arrived, time.Time{})
	s.active = append(s.active, false)
	s.sourceID[name] = id
	return id
}

// Entry returns what is known of a record that is held.
func (s *Store) Entry(n uint64) *Entry {
	return &s.blocks[n/BlockLen-s.base].entries[n%BlockLen]
}

// Data returns a record's bytes, which are valid until the next eviction.
func (s *Store) Data(e *Entry) []byte {
	return e.In(s.slabs[e.slab-s.slabBase].mem.b)
}

// Source returns the name of the source that an entry came through.
func (s *Store) Source(e *Entry) string { return s.names.Sources[e.Source] }

// StreamOf returns the name of the stream that an entry is of.
func (s *Store) StreamOf(e *Entry) string { return s.names.Streams[e.Stream] }
