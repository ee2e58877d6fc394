package tui

import (
	"strings"
	"time"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// store keeps the records of one stream, or of several merged by time, oldest
// first, numbered from 0. Those from first up to next are held. Panes on the
// same streams share it.
type store struct {
	name  string // as joinStreams writes its streams
	pool  *pool
	panes int // panes that show it; the archive forgets it at 0

	first, next uint64
	blocks      []*block // entry n is in blocks[n/blockLen-base]
	base        uint64
	slabs       []*slab // slab n is slabs[n-slabBase]
	slabBase    uint32
	slabBytes   int64

	names    names
	sourceID map[string]uint16
	streamID map[string]uint16
	stage    stage // records that wait for earlier ones

	watchers []watcher
	surveys  []*survey
	limbo    []*mapped        // let go, and still looked at by a survey
	wake     func(first bool) // of the surveys

	rate     rateMeter
	last     time.Time // when a live record was taken last
	lastOwn  time.Time // and that record's own time, or when it arrived
	heard    []int64   // by source: when its newest record arrived, Unix nanoseconds; 0 none has
	spoke    []bool    // by source: a record of it has arrived
	speakers int       // how many have
	errors   uint64    // live records of level error or above, ever
	dropped  uint64    // records lost, as far as they can be counted
	unknown  uint64    // gaps whose number nobody knows
	evicted  uint64    // records let go
	late     uint64    // records that came too late for their place
}

// watcher is told before records below the number upTo are let go.
type watcher interface{ evicting(upTo uint64) }

// maxSources bounds the table of names, which come from the network.
const maxSources = 1024

func newStore(streams []string, p *pool) *store {
	s := &store{
		name: joinStreams(streams), pool: p,
		wake:     func(bool) {},
		names:    names{streams: streams, merged: len(streams) > 1},
		sourceID: make(map[string]uint16), streamID: make(map[string]uint16),
	}
	for i, name := range streams {
		s.streamID[name] = uint16(i)
	}
	return s
}

// title is the store's streams, for people.
func (s *store) title() string { return strings.Join(s.names.streams, " + ") }

// held is the number of records in the store.
func (s *store) held() int { return int(s.next - s.first) }

// bytes is the memory that the store takes.
func (s *store) bytes() int64 {
	return int64(len(s.blocks))*blockLen*entrySize + s.slabBytes + s.stage.bytes()
}

// append keeps one record or gap at the end. It copies data.
func (s *store) append(e entry, data []byte) {
	n := s.next
	if n/blockLen >= s.base+uint64(len(s.blocks)) {
		s.blocks = append(s.blocks, s.pool.block())
	}
	b := s.blocks[n/blockLen-s.base]
	var last *slab
	if len(s.slabs) > 0 {
		last = s.slabs[len(s.slabs)-1]
	}
	if last == nil || last.free() < len(data) {
		last = s.pool.slab(len(data))
		s.slabs = append(s.slabs, last)
		s.slabBytes += int64(len(last.mem.b))
	}
	e.slab = s.slabBase + uint32(len(s.slabs)-1)
	if at := int(n % blockLen); len(b.runs) == 0 || b.runs[len(b.runs)-1].slab != e.slab {
		b.runs = append(b.runs, run{at, e.slab, last.mem})
	}
	if e.kind.told() || !e.plainly {
		b.odd++
	}
	e.off = uint32(last.used)
	e.size = uint32(len(data))
	copy(last.mem.b[last.used:], data)
	last.used += len(data)
	last.last = n
	b.entries[n%blockLen] = e
	s.next = n + 1
}

// maxSkew is how far a record's own clock may be off to tell how late it is.
const maxSkew = time.Hour

// add keeps a record that a source handed on and that is taken now, at once or
// after those that come before it.
func (s *store) add(r *stream.Record, now time.Time) {
	head := record.Peek(r.Data)
	e := entry{
		time:    head.Time,
		own:     head.Time != 0,
		source:  s.intern(r.Source),
		stream:  s.streamID[r.Stream],
		level:   uint16(min(max(int(head.Level), 0), 1<<16-1)),
		plainly: query.Plain(r.Data),
	}
	if !e.own {
		e.time = r.Arrived / int64(time.Millisecond)
	}
	s.hear(e.source, r.Arrived)
	if r.Backfill {
		e.kind = kindBackfill
	} else {
		if head.Level >= record.Error {
			s.errors++
		}
		s.rate.add(now, 1)
		s.last, s.lastOwn = now, time.UnixMilli(head.Time)
		if head.Time == 0 || now.Sub(s.lastOwn).Abs() >= maxSkew {
			s.lastOwn = time.Unix(0, r.Arrived)
		}
	}
	if s.stage.holds(&e, s) {
		s.stage.put(e, r.Arrived, r.Data)
		return
	}
	s.append(e, r.Data)
}

// hear notes when a source's newest record arrived, in Unix nanoseconds.
func (s *store) hear(source uint16, at int64) {
	if !s.spoke[source] {
		s.spoke[source] = true
		s.speakers++
	}
	s.heard[source] = at
}

// newest is when the stream said something last: when a live record was taken, or,
// as long as there is none, the time of the newest of the backfill. Zero when
// there is none of either.
func (s *store) newest() time.Time {
	if s.last.IsZero() && s.held() > 0 {
		return time.UnixMilli(s.entry(s.next - 1).time)
	}
	return s.last
}

// lag is how far behind its own time the newest live record was when it was
// taken. That it waits for earlier ones after that is meant, and does not count.
func (s *store) lag() time.Duration { return max(s.last.Sub(s.lastOwn), 0) }

// gap keeps a row for records that were lost.
func (s *store) gap(n *stream.Notice) {
	if n.Unknown {
		s.unknown++
	}
	s.dropped += n.Count
	s.tell(n, kindGap, record.Warn, appendGap(nil, n))
}

// state keeps a row for a source that was lost, or is back.
func (s *store) state(n *stream.Notice) {
	level := record.Info
	if !n.State.Connected() {
		level = record.Warn
	}
	s.tell(n, kindState, level, appendState(nil, n))
}

func (s *store) tell(n *stream.Notice, k kind, level record.Level, text []byte) {
	e := entry{
		time: n.Time.UnixMilli(), own: true, kind: k, level: uint16(level),
		source: s.intern(n.Source), stream: s.streamID[n.Stream],
	}
	if s.stage.holds(&e, s) {
		s.stage.put(e, n.Time.UnixNano(), text)
		return
	}
	s.append(e, text)
}

// settle moves what has waited long enough from the stage into the store, and
// reports whether something goes on waiting.
func (s *store) settle(now time.Time) bool { return s.stage.flush(s, now.UnixNano()) }

func (s *store) intern(name string) uint16 {
	if id, ok := s.sourceID[name]; ok {
		return id
	}
	if len(s.names.sources) == maxSources {
		return maxSources - 1
	}
	id := uint16(len(s.names.sources))
	s.names.sources = append(s.names.sources, name)
	s.heard = append(s.heard, 0)
	s.spoke = append(s.spoke, false)
	s.sourceID[name] = id
	return id
}

// entry returns what is known of a record that is held.
func (s *store) entry(n uint64) *entry {
	return &s.blocks[n/blockLen-s.base].entries[n%blockLen]
}

// data returns a record's bytes, which are valid until the next eviction.
func (s *store) data(e *entry) []byte {
	return s.slabs[e.slab-s.slabBase].mem.b[e.off : e.off+e.size]
}

// row returns a record that is held, for the tests of filters and searches.
func (s *store) row(n uint64) *row {
	e := s.entry(n)
	return &row{e: e, data: s.data(e), names: &s.names}
}

// source returns the name of the source that an entry came through.
func (s *store) source(e *entry) string { return s.names.sources[e.source] }

// streamOf returns the name of the stream that an entry is of.
func (s *store) streamOf(e *entry) string { return s.names.streams[e.stream] }

// evictTo lets go of all records below n.
func (s *store) evictTo(n uint64) {
	n = min(n, s.next)
	if n <= s.first {
		return
	}
	for _, w := range s.watchers {
		w.evicting(n)
	}
	s.evicted += n - s.first
	s.first = n
	for _, sv := range s.surveys {
		sv.evicting(n)
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
	for len(s.blocks) > 0 && (s.base+1)*blockLen <= n {
		s.letGo(s.blocks[0].mem)
		s.blocks[0] = nil
		s.blocks = s.blocks[1:]
		s.base++
	}
}

// survey begins to test what is held in the background.
func (s *store) survey(p probe, lo, hi uint64) *survey {
	sv := startSurvey(s, p, lo, hi, s.wake)
	s.surveys = append(s.surveys, sv)
	return sv
}

// sweep ends the surveys that nobody has asked for results since the last
// sweep, forgets those that are over, and gives back what they looked at.
func (s *store) sweep() {
	kept := s.surveys[:0]
	for _, sv := range s.surveys {
		if !sv.used {
			sv.stop()
		}
		sv.used = false
		if !sv.over() {
			kept = append(kept, sv)
		}
	}
	clear(s.surveys[len(kept):])
	s.surveys = kept
	waiting := s.limbo[:0]
	for _, m := range s.limbo {
		if s.reading(m) {
			waiting = append(waiting, m)
		} else {
			s.pool.put(m)
		}
	}
	clear(s.limbo[len(waiting):])
	s.limbo = waiting
}

// reading reports whether a survey looks at this memory.
func (s *store) reading(m *mapped) bool {
	for _, sv := range s.surveys {
		if sv.reads(m) {
			return true
		}
	}
	return false
}

// letGo gives memory back, when nobody looks at it any more.
func (s *store) letGo(m *mapped) {
	if s.reading(m) {
		s.limbo = append(s.limbo, m)
		return
	}
	s.pool.put(m)
}

// stop ends what goes on in the background.
func (s *store) stop() {
	for _, sv := range s.surveys {
		sv.stop()
	}
}

// free gives all memory back: nobody shows the store any more. What a survey
// looks at this moment is given back when that is over.
func (s *store) free() {
	s.stop()
	s.evictTo(s.next)
	for _, sl := range s.slabs {
		s.letGo(sl.mem)
	}
	for _, b := range s.blocks {
		s.letGo(b.mem)
	}
	s.slabs, s.blocks, s.slabBytes, s.limbo = nil, nil, 0, nil
	s.stage = stage{}
}

// oldestSlabEnd is the number up to which eviction frees the oldest slab.
func (s *store) oldestSlabEnd() uint64 {
	if len(s.slabs) == 0 {
		return s.first
	}
	return s.slabs[0].last + 1
}

func (s *store) watch(w watcher) { s.watchers = append(s.watchers, w) }

func (s *store) unwatch(w watcher) {
	for i, other := range s.watchers {
		if other == w {
			s.watchers = append(s.watchers[:i:i], s.watchers[i+1:]...)
			return
		}
	}
}
