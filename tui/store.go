package tui

import (
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// store keeps the records of one stream, oldest first, numbered from 0. Those
// from first up to next are held. Panes on the same stream share it.
type store struct {
	name  string
	pool  *pool
	panes int // panes that show it; the archive forgets it at 0

	first, next uint64
	blocks      []*[blockLen]entry // entry n is in blocks[n/blockLen-base]
	base        uint64
	slabs       []*slab // slab n is slabs[n-slabBase]
	slabBase    uint64

	names    names
	sourceID map[string]uint16

	watchers []watcher

	rate       rateMeter
	last       time.Time // arrival of the newest live record
	errors     uint64    // live records of level error or above, ever
	dropped    uint64    // records lost, as far as they can be counted
	unknown    uint64    // gaps whose number nobody knows
	evicted    uint64    // records let go
	backfilled bool      // its backfill is complete
}

// watcher is told before records below the number upTo are let go.
type watcher interface{ evicting(upTo uint64) }

// maxSources bounds the table of names, which come from the network.
const maxSources = 1024

func newStore(name string, p *pool) *store {
	return &store{name: name, pool: p, names: names{streams: []string{name}}, sourceID: make(map[string]uint16)}
}

// held is the number of records in the store.
func (s *store) held() int { return int(s.next - s.first) }

// bytes is the memory that the store takes.
func (s *store) bytes() int64 {
	total := int64(len(s.blocks)) * blockLen * entrySize
	for _, sl := range s.slabs {
		total += int64(cap(sl.buf))
	}
	return total
}

// append keeps one record or gap. It copies data.
func (s *store) append(e entry, source string, data []byte) {
	n := s.next
	if n/blockLen >= s.base+uint64(len(s.blocks)) {
		s.blocks = append(s.blocks, s.pool.block())
	}
	var last *slab
	if len(s.slabs) > 0 {
		last = s.slabs[len(s.slabs)-1]
	}
	if last == nil || cap(last.buf)-len(last.buf) < len(data) {
		last = s.pool.slab(len(data))
		s.slabs = append(s.slabs, last)
	}
	e.slab = s.slabBase + uint64(len(s.slabs)-1)
	e.off = uint32(len(last.buf))
	e.size = uint32(len(data))
	e.source = s.intern(source)
	last.buf = append(last.buf, data...)
	last.last = n
	s.blocks[n/blockLen-s.base][n%blockLen] = e
	s.next = n + 1
}

// add keeps a record that a source handed on.
func (s *store) add(r *stream.Record) {
	head := record.Peek(r.Data)
	e := entry{
		arrived: r.Arrived,
		time:    head.Time,
		level:   uint16(min(max(int(head.Level), 0), 1<<16-1)),
		plainly: spellsPlainly(r.Data),
	}
	if r.Backfill {
		e.kind = kindBackfill
	} else if head.Level >= record.Error {
		s.errors++
	}
	s.append(e, r.Source, r.Data)
}

// gap keeps a row for records that were lost.
func (s *store) gap(n *stream.Notice) {
	if n.Unknown {
		s.unknown++
	}
	s.dropped += n.Count
	e := entry{arrived: n.Time.UnixNano(), time: n.Time.UnixMilli(), kind: kindGap, level: uint16(record.Warn)}
	s.append(e, n.Source, appendGap(nil, n))
}

// state keeps a row for a source that was lost, or is back.
func (s *store) state(n *stream.Notice) {
	e := entry{arrived: n.Time.UnixNano(), time: n.Time.UnixMilli(), kind: kindState, level: uint16(record.Info)}
	if !n.State.Connected() {
		e.level = uint16(record.Warn)
	}
	s.append(e, n.Source, appendState(nil, n))
}

func (s *store) intern(name string) uint16 {
	if id, ok := s.sourceID[name]; ok {
		return id
	}
	if len(s.names.sources) == maxSources {
		return maxSources - 1
	}
	id := uint16(len(s.names.sources))
	s.names.sources = append(s.names.sources, name)
	s.sourceID[name] = id
	return id
}

// entry returns what is known of a record that is held.
func (s *store) entry(n uint64) *entry {
	return &s.blocks[n/blockLen-s.base][n%blockLen]
}

// data returns a record's bytes, which are valid until the next eviction.
func (s *store) data(e *entry) []byte {
	return s.slabs[e.slab-s.slabBase].buf[e.off : e.off+e.size]
}

// row returns a record that is held, for the tests of filters and searches.
func (s *store) row(n uint64) *row {
	e := s.entry(n)
	return &row{e, s.data(e), &s.names}
}

// source returns the name of the source that an entry came through.
func (s *store) source(e *entry) string { return s.names.sources[e.source] }

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
	drop := 0
	for drop < len(s.slabs) && s.slabs[drop].last < n {
		s.pool.putSlab(s.slabs[drop])
		s.slabs[drop] = nil
		drop++
	}
	s.slabs = s.slabs[drop:]
	s.slabBase += uint64(drop)
	for len(s.blocks) > 0 && (s.base+1)*blockLen <= n {
		s.pool.putBlock(s.blocks[0])
		s.blocks[0] = nil
		s.blocks = s.blocks[1:]
		s.base++
	}
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
