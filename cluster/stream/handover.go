package stream

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/block"
)

const (
	defaultLimit = 16 << 20 // bytes of records that may wait
	blockSize    = 256 << 10
	RecordCost   = 96 // bytes that a Record takes beside its data, about
	noticeCost   = 256
)

// Handover holds what arrived and was not taken yet, in one batch. The memory that it
// keeps is bounded in bytes, except for what one Put adds: whoever puts into a full one waits, and so
// does not read from the network or a file meanwhile. One side puts and closes, the
// other takes. Its methods may be called from any goroutine.
type Handover struct {
	limit int
	ready chan struct{} // capacity 1: there is something to take

	linger atomic.Pointer[rhythm]

	mu     sync.Mutex
	batch  *Batch
	bytes  int
	space  chan struct{} // closed when the batch is taken; nil when no Put waits
	closed bool
}

// NewHandover returns one in which limit bytes of records may wait to be taken; 0
// means 16 MiB.
func NewHandover(limit int) *Handover {
	if limit == 0 {
		limit = defaultLimit
	}
	return &Handover{limit: limit, ready: make(chan struct{}, 1)}
}

// rhythm is the times that are every apart and of which at is one.
type rhythm struct {
	every time.Duration
	at    time.Time
}

// Linger is how long whoever puts into it may wait now for more, when little came.
func (h *Handover) Linger() time.Duration {
	r := h.linger.Load()
	if r == nil {
		return 0
	}
	since := time.Since(r.at) % r.every
	if since < 0 {
		return -since
	}
	return r.every - since
}

// lingers sets when Linger ends, as Source.Linger has it.
func (h *Handover) lingers(every time.Duration, at time.Time) {
	switch old := h.linger.Load(); {
	case every <= 0:
		h.linger.Store(nil)
	case old == nil || old.every != every || !old.at.Equal(at):
		h.linger.Store(&rhythm{every, at})
	}
}

var batches = sync.Pool{New: func() any { return new(Batch) }}

var blocks = block.NewPool(blockSize)

// Put adds records and notices at the end. It copies them, Record.Data included;
// Notice.At counts within recs. It waits while the handover is full. Once ctx has ended
// it puts nothing, and returns the context's error; it returns ErrClosed after Close.
func (h *Handover) Put(ctx context.Context, recs []Record, notices []Notice) error {
	return h.PutIn(ctx, nil, recs, notices)
}

// PutIn is Put for records whose Data is all in one block, of which the caller is
// a holder: it is not copied, and the batch holds the block, which counts as a whole
// then. Of a block of which the batch has little, it copies. With a nil block it is Put.
func (h *Handover) PutIn(ctx context.Context, in *block.Block, recs []Record, notices []Notice) error {
	if len(recs)+len(notices) == 0 {
		return nil
	}
	h.mu.Lock()
	for h.bytes >= h.limit && !h.closed && ctx.Err() == nil {
		if h.space == nil {
			h.space = make(chan struct{})
		}
		space := h.space
		h.mu.Unlock()
		select {
		case <-space:
		case <-ctx.Done():
		}
		h.mu.Lock()
	}
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	h.begin()
	at := len(h.batch.Records)
	for _, n := range notices {
		n.At += at
		h.batch.Notices = append(h.batch.Notices, n)
		h.bytes += noticeCost
	}
	shared := in != nil && h.batch.shares(in, recs)
	if shared && h.batch.hold(in) {
		h.bytes += len(in.Bytes)
	}
	for _, r := range recs {
		if shared {
			r.Data = r.Data[:len(r.Data):len(r.Data)]
		} else {
			r.Data = h.batch.keep(r.Data)
			h.bytes += len(r.Data)
		}
		h.batch.Records = append(h.batch.Records, r)
		h.bytes += RecordCost
	}
	h.Wake()
	return nil
}

// PutState adds the notice of a source's state, of its absence, or of its refusal of a
// stream, at the end. It never waits, whatever lock its caller holds: in a full handover
// it replaces the notice of that kind and source that came last, if no record has come
// since. So beyond the handover's bound there are two notices a source at most, and one
// a stream that is refused. Its error is ErrClosed.
func (h *Handover) PutState(n Notice) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	h.begin()
	n.At = len(h.batch.Records)
	if h.bytes >= h.limit {
		h.batch.forgetState(&n)
	} else {
		h.bytes += noticeCost
	}
	h.batch.Notices = append(h.batch.Notices, n)
	h.Wake()
	return nil
}

// begin makes a batch if there is none. h.mu is held.
func (h *Handover) begin() {
	if h.batch == nil {
		h.batch = batches.Get().(*Batch)
		h.batch.pooled = true
	}
}

// forgetState drops the last notice behind the last record that is of the same kind, and
// about the same.
func (b *Batch) forgetState(of *Notice) {
	for i, n := range slices.Backward(b.Notices) {
		switch {
		case n.At < len(b.Records):
			return
		case n.Source == of.Source && n.Kind == of.Kind && n.Stream == of.Stream:
			b.Notices = slices.Delete(b.Notices, i, i+1)
			return
		}
	}
}

// Ready has a token when TryTake may have something. Its capacity is 1.
func (h *Handover) Ready() <-chan struct{} { return h.ready }

// Wake gives Ready a token although nothing was put, so that whoever takes looks at
// what else has changed.
func (h *Handover) Wake() {
	select {
	case h.ready <- struct{}{}:
	default:
	}
}

// TryTake returns all that was put since the last call, or nil.
func (h *Handover) TryTake() *Batch {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.batch
	h.batch, h.bytes = nil, 0
	if h.space != nil {
		close(h.space)
		h.space = nil
	}
	return t
}

// Take waits for something and returns all of it. Its errors are the context's and
// ErrClosed.
func (h *Handover) Take(ctx context.Context) (*Batch, error) {
	for {
		// In this order, or what was put just before it was closed is missed.
		h.mu.Lock()
		closed := h.closed
		h.mu.Unlock()
		if t := h.TryTake(); t != nil {
			return t, nil
		}
		if closed {
			h.Wake() // for others who wait
			return nil, ErrClosed
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-h.ready:
		}
	}
}

// Close ends the handover: what still waits can be taken, and after it Take returns
// ErrClosed.
func (h *Handover) Close() {
	h.mu.Lock()
	h.closed = true
	if h.space != nil {
		close(h.space)
		h.space = nil
	}
	h.mu.Unlock()
	h.Wake()
}

// keep copies data into the batch's own memory.
func (b *Batch) keep(data []byte) []byte {
	if len(data) > blockSize {
		return append([]byte(nil), data...)
	}
	if b.own == nil || b.used+len(data) > blockSize {
		b.own, b.used = blocks.Get(), 0
		b.blocks = append(b.blocks, b.own)
	}
	at := b.own.Bytes[b.used:]
	n := copy(at, data)
	b.used += n
	return at[:n:n]
}

// little is the part of a block that records are copied out of it rather than that all
// of it is held for them: what is copied in addition to reading it costs little, too.
const little = 16

// shares reports whether records are to stay in their block; otherwise they are copied.
func (b *Batch) shares(in *block.Block, recs []Record) bool {
	if b.holds(in) {
		return true
	}
	if life := in.Life(); b.from != in || b.life != life {
		b.from, b.life, b.copied = in, life, 0
	}
	for i := range recs {
		if b.copied += len(recs[i].Data); b.copied > len(in.Bytes)/little {
			return true
		}
	}
	return false
}

// holds reports whether the batch holds a block. It is most often the last one; there
// are about as many as fit in the handover.
func (b *Batch) holds(in *block.Block) bool {
	for _, held := range slices.Backward(b.blocks) {
		if held == in {
			return true
		}
	}
	return false
}

// hold holds a block until the batch is released. It reports whether it did not
// before.
func (b *Batch) hold(in *block.Block) bool {
	if b.holds(in) {
		return false
	}
	in.Hold()
	b.blocks = append(b.blocks, in)
	return true
}

// Release gives the batch's memory back. Nothing of it may be used after that.
// It does nothing on a batch that was made by hand.
func (b *Batch) Release() {
	if !b.pooled {
		return
	}
	for _, held := range b.blocks {
		held.Release()
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
