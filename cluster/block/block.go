// Package block is memory that is read into once, and shared by all who have
// something of what was read, until the last of them lets go.
//
// # Contract
//
// Whoever gets a block from a [Pool] owns it and writes to it, always behind what
// was written before; when nobody else holds it, from its beginning again. What
// others were given of it never changes while they hold it. Hold and Release may
// be called from any goroutine. When the last holder lets go, the block returns
// to its pool: nobody may touch it then. A [Claim] outlasts that, and keeps no
// memory: what the pool gives up is collected, whoever has a claim to it.
package block

import (
	"sync"
	"weak"
)

// Pool has blocks of one size.
type Pool struct {
	size int
	pool sync.Pool
}

// NewPool returns a pool of blocks of that many bytes.
func NewPool(size int) *Pool { return &Pool{size: size} }

// Get returns a block with one holder.
func (p *Pool) Get() *Block {
	b, ok := p.pool.Get().(*Block)
	if !ok {
		b = &Block{Bytes: make([]byte, p.size), pool: p}
		b.weak = weak.Make(b)
	}
	b.holders = 1
	return b
}

// Block is memory with holders.
type Block struct {
	Bytes []byte

	pool    *Pool
	weak    weak.Pointer[Block] // to itself
	mu      sync.Mutex
	holders int
	life    uint64 // how often it went back to the pool
}

// Hold adds a holder. Only a holder may call it.
func (b *Block) Hold() {
	b.mu.Lock()
	b.holders++
	b.mu.Unlock()
}

// Shared reports whether there is a holder beside the caller, who is one.
func (b *Block) Shared() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.holders > 1
}

// Life tells the block from itself before it was in its pool the last time. Only a
// holder may call it.
func (b *Block) Life() uint64 { return b.life }

// Release takes a holder away.
func (b *Block) Release() {
	b.mu.Lock()
	b.holders--
	last := b.holders == 0
	if last {
		b.life++
	}
	b.mu.Unlock()
	if last {
		b.pool.pool.Put(b)
	}
}

// Claim remembers a block without holding it. The zero Claim is of none.
type Claim struct {
	block weak.Pointer[Block]
	life  uint64
}

// Claim returns a claim to the block. Only a holder may call it.
func (b *Block) Claim() Claim {
	b.mu.Lock()
	defer b.mu.Unlock()
	return Claim{b.weak, b.life}
}

// Hold adds a holder to the block, if somebody has held it all the time.
// Otherwise it returns nil.
func (c Claim) Hold() *Block {
	b := c.block.Value()
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.life != c.life {
		return nil
	}
	b.holders++
	return b
}
