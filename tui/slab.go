package tui

import (
	"unsafe"

	"sluice/tui/find"
)

// slabSize is the size of a slab. Larger data get a slab of their own.
const slabSize = 1 << 20

// blockLen is how many entries are kept together.
const blockLen = 4096

// entrySize is what one entry takes, in bytes.
const entrySize = 32

// entry is what a store knows of one record without looking at its bytes. It
// has no pointers.
type entry struct {
	time    int64 // Unix milliseconds: the record's own, or that of its arrival
	slab    uint32
	off     uint32
	size    uint32
	source  uint16 // index into the store's sources
	stream  uint16 // index into the store's streams
	level   uint16 // bunyan's number, cut at 65535; 0 none
	kind    kind
	own     bool // time is the record's own
	plainly bool // its words stand in its bytes as in its row: see spellsPlainly
	late    bool // its time is before that of a record that stands above it: see stage
}

// kind tells a record from a row that stands for something that happened.
type kind uint8

const (
	kindRecord   kind = iota
	kindBackfill      // a record from before the client came
	kindGap           // records were lost here; the bytes are the text to show
	kindState         // a source was lost here, or was back; likewise
)

// told reports whether an entry is no record, but says what happened.
func (k kind) told() bool { return k >= kindGap }

// row is a record as it is held, with the names that its entry points at.
type row struct {
	e     *entry
	data  []byte
	names *names
	has   *find.Finder // whose word is known to be in data; nil: none

	scratch []byte // for tests; a row is used by one goroutine
}

// names are what entries point at. They only grow.
type names struct {
	sources []string
	streams []string
	merged  bool // rows show their stream
}

func (r *row) source() string { return r.names.sources[r.e.source] }

func (r *row) stream() string { return r.names.streams[r.e.stream] }

// trusted reports whether a word of the row must be in the record's data.
func (r *row) trusted() bool { return r.e.plainly }

// slab holds the bytes of consecutive entries, back to back.
type slab struct {
	mem  *mapped
	used int
	last uint64 // number of the newest entry in it
}

func (s *slab) free() int { return len(s.mem.b) - s.used }

// block holds consecutive entries, beginning at a multiple of blockLen.
type block struct {
	mem     *mapped
	entries *[blockLen]entry
	odd     int   // entries that are told, or whose words cannot be trusted
	runs    []run // entries whose bytes are in one slab, by their first
}

// run is where a slab begins within a block.
type run struct {
	first int    // place in the block
	slab  uint32 // number
	mem   *mapped
}

// pool keeps slabs and blocks that were let go, so that a client that is at
// its bounds makes no garbage. What it keeps, 2.4 MB at most, is not counted.
type pool struct {
	slabs  []*mapped
	blocks []*mapped
}

// spare is how many slabs, and how many blocks, the pool keeps.
const spare = 2

func (p *pool) slab(size int) *slab {
	if n := len(p.slabs); n > 0 && size <= slabSize {
		m := p.slabs[n-1]
		p.slabs = p.slabs[:n-1]
		return &slab{mem: m}
	}
	return &slab{mem: mapMemory(max(size, slabSize))}
}

// put takes memory of a slab or of a block back.
func (p *pool) put(m *mapped) {
	switch {
	case len(m.b) == slabSize && len(p.slabs) < spare:
		p.slabs = append(p.slabs, m)
	case len(m.b) == blockLen*entrySize && len(p.blocks) < spare:
		p.blocks = append(p.blocks, m)
	default:
		m.free()
	}
}

func (p *pool) block() *block {
	var m *mapped
	if n := len(p.blocks); n > 0 {
		m = p.blocks[n-1]
		p.blocks = p.blocks[:n-1]
	} else {
		m = mapMemory(blockLen * entrySize)
	}
	return &block{mem: m, entries: (*[blockLen]entry)(unsafe.Pointer(unsafe.SliceData(m.b)))}
}
