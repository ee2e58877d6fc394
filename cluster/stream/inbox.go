package stream

import (
	"context"
	"sync"
)

const (
	defaultInbox = 16 << 20 // bytes
	blockSize    = 256 << 10
	recordCost   = 96 // bytes that a Record takes beside its data, about
	noticeCost   = 256
)

// inbox holds what arrived and was not taken yet, in one batch. It is bounded
// in bytes, but for what one put adds: who puts into a full one waits, and so
// does not read from the network meanwhile.
type inbox struct {
	limit int
	ready chan struct{} // capacity 1: there is something to take

	mu     sync.Mutex
	batch  *Batch
	bytes  int
	space  chan struct{} // closed when the batch is taken; nil when nobody waits
	closed bool
}

func newInbox(limit int) *inbox {
	if limit == 0 {
		limit = defaultInbox
	}
	return &inbox{limit: limit, ready: make(chan struct{}, 1)}
}

var batches = sync.Pool{New: func() any { return new(Batch) }}

var blocks = sync.Pool{New: func() any { return new([blockSize]byte) }}

// put copies records and notices, Record.Data included, to the end of the
// batch; Notice.At is relative to recs. It waits while the inbox is full. It
// returns the context's error, or ErrClosed.
func (b *inbox) put(ctx context.Context, recs []Record, notices []Notice) error {
	if len(recs)+len(notices) == 0 {
		return nil
	}
	b.mu.Lock()
	for b.bytes >= b.limit && !b.closed {
		if b.space == nil {
			b.space = make(chan struct{})
		}
		space := b.space
		b.mu.Unlock()
		select {
		case <-space:
		case <-ctx.Done():
			return ctx.Err()
		}
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	if b.batch == nil {
		b.batch = batches.Get().(*Batch)
		b.batch.pooled = true
	}
	at := len(b.batch.Records)
	for _, n := range notices {
		n.At += at
		b.batch.Notices = append(b.batch.Notices, n)
		b.bytes += noticeCost
	}
	for _, r := range recs {
		r.Data = b.batch.keep(r.Data)
		b.batch.Records = append(b.batch.Records, r)
		b.bytes += len(r.Data) + recordCost
	}
	b.signal()
	return nil
}

func (b *inbox) signal() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// tryTake takes the batch, or nil when it is empty.
func (b *inbox) tryTake() *Batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.batch
	b.batch, b.bytes = nil, 0
	if b.space != nil {
		close(b.space)
		b.space = nil
	}
	return t
}

// take waits for a batch.
func (b *inbox) take(ctx context.Context) (*Batch, error) {
	for {
		// In this order, or what was put just before it was closed is missed.
		b.mu.Lock()
		closed := b.closed
		b.mu.Unlock()
		if t := b.tryTake(); t != nil {
			return t, nil
		}
		if closed {
			b.signal() // for others who wait
			return nil, ErrClosed
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-b.ready:
		}
	}
}

// close lets what is there be taken, and nothing more be put.
func (b *inbox) close() {
	b.mu.Lock()
	b.closed = true
	if b.space != nil {
		close(b.space)
		b.space = nil
	}
	b.mu.Unlock()
	b.signal()
}

// keep copies data into the batch's own memory.
func (b *Batch) keep(data []byte) []byte {
	if len(data) > blockSize {
		return append([]byte(nil), data...)
	}
	if b.used+len(data) > blockSize || len(b.blocks) == 0 {
		b.blocks = append(b.blocks, blocks.Get().(*[blockSize]byte))
		b.used = 0
	}
	at := b.blocks[len(b.blocks)-1][b.used:]
	n := copy(at, data)
	b.used += n
	return at[:n:n]
}

// Release gives the batch's memory back. Nothing of it may be used after that.
// It does nothing on a batch that was made by hand.
func (b *Batch) Release() {
	if !b.pooled {
		return
	}
	for _, block := range b.blocks {
		blocks.Put(block)
	}
	clear(b.blocks)
	clear(b.Records)
	clear(b.Notices)
	*b = Batch{Records: b.Records[:0], Notices: b.Notices[:0], blocks: b.blocks[:0]}
	if cap(b.Records) <= maxKept {
		batches.Put(b)
	}
}

// maxKept is the largest batch that is kept for reuse, in records.
const maxKept = 64 << 10
