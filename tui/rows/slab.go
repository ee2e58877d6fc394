package rows

import "unsafe"

// slabSize is the size of a slab. Larger data get a slab of their own.
const slabSize = 1 << 20

// BlockLen is how many entries are kept together.
const BlockLen = 4096

// entrySize is what one entry takes, in bytes.
const entrySize = int(unsafe.Sizeof(Entry{}))

// slab holds the bytes of consecutive entries, back to back.
type slab struct {
	mem  *memory
	used int
	last uint64 // number of the newest entry in it
}

func (s *slab) free() int { return len(s.mem.b) - s.used }

// block holds consecutive entries, beginning at a multiple of BlockLen.
type block struct {
	mem     *memory
	entries *[BlockLen]Entry
	places  *[BlockLen]uint64 // positions, packed; nil: they are not kept
	mixed   int               // entries that are notices, or not plain
	runs    []run             // entries whose bytes are in one slab, by their first
}

// run is where a slab begins within a block.
type run struct {
	first int    // place in the block
	slab  uint32 // number
	mem   *memory
}

// pool keeps slabs and blocks that were let go, so that a client that is at
// its bounds makes no garbage. What it keeps, 2.4 MB at most, is not counted.
type pool struct {
	slabs     []*memory
	blocks    []*memory
	positions bool // blocks have room for them
}

// spare is how many slabs, and how many blocks, the pool keeps.
const spare = 2

func (p *pool) slab(size int) *slab {
	if n := len(p.slabs); n > 0 && size <= slabSize {
		m := p.slabs[n-1]
		p.slabs = p.slabs[:n-1]
		return &slab{mem: m}
	}
	return &slab{mem: newMemory(max(size, slabSize))}
}

// put takes memory of a slab or of a block back.
func (p *pool) put(m *memory) {
	switch {
	case len(m.b) == slabSize && len(p.slabs) < spare:
		p.slabs = append(p.slabs, m)
	case len(m.b) == p.blockSize() && len(p.blocks) < spare:
		p.blocks = append(p.blocks, m)
	default:
		m.free()
	}
}

func (p *pool) block() *block {
	var m *memory
	if n := len(p.blocks); n > 0 {
		m = p.blocks[n-1]
		p.blocks = p.blocks[:n-1]
	} else {
		m = newMemory(p.blockSize())
	}
	b := &block{mem: m, entries: (*[BlockLen]Entry)(unsafe.Pointer(unsafe.SliceData(m.b)))}
	if p.positions {
		b.places = (*[BlockLen]uint64)(unsafe.Pointer(unsafe.SliceData(m.b[BlockLen*entrySize:])))
	}
	return b
}

// blockSize is what a block takes, in bytes.
func (p *pool) blockSize() int {
	if p.positions {
		return BlockLen * (entrySize + 8)
	}
	return BlockLen * entrySize
}
