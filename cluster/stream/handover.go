package stream

import "context"

// Handover is a bounded inbox for whoever has records from elsewhere than the
// network, such as a recording, and hands them on in the batches that a
// [Source] makes. One side puts and closes, the other takes. Its methods may be
// called from any goroutine.
type Handover struct{ in *inbox }

// NewHandover returns one in which limit bytes of records may wait to be taken;
// 0 means 16 MiB.
func NewHandover(limit int) *Handover { return &Handover{newInbox(limit)} }

// Put adds records and notices at the end. It copies them, Record.Data
// included; Notice.At counts within records. It waits while the inbox is full,
// and returns the context's error, or ErrClosed.
func (h *Handover) Put(ctx context.Context, records []Record, notices []Notice) error {
	return h.in.put(ctx, records, notices)
}

// Close says that nothing more comes: what is there can still be taken, and
// Take returns ErrClosed after it.
func (h *Handover) Close() { h.in.close() }

// Ready has a token when TryTake may have something. Its capacity is 1.
func (h *Handover) Ready() <-chan struct{} { return h.in.ready }

// TryTake returns all that was put since it was last called, or nil.
func (h *Handover) TryTake() *Batch { return h.in.tryTake() }

// Take waits for something and returns all of it. Its errors are the context's
// and ErrClosed.
func (h *Handover) Take(ctx context.Context) (*Batch, error) { return h.in.take(ctx) }

// Wake gives Ready a token although nothing was put, so that whoever takes
// looks at what else there is to see.
func (h *Handover) Wake() { h.in.signal() }
