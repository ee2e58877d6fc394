package history

import (
	"context"
	"errors"
	"slices"

	"sluice/cluster/rescue"
)

// A chain leads back alone. So whoever reads it forward divides what lies between two
// batches into segments, by the hops, and goes through each of them backwards before it
// hands it on; several at a time.
const (
	segmentsAhead = 4       // of one chain
	segmentBytes  = 4 << 20 // compressed records that one of them keeps at most
)

// segment is consecutive batches of a chain.
type segment struct {
	links []*link // the oldest first
	err   error
	done  chan struct{} // closed when they are there
}

// forward reads batches in their order.
type forward struct {
	chain   *chain
	bytes   int // compressed records that a segment keeps
	running *rescue.Group

	segments chan *segment
	at       []*link // what is left of a segment
}

// forwards begins to read the batches of a path, the oldest first, in goroutines of a
// group.
func (c *chain) forwards(running *rescue.Group, p path, bytes int) *forward {
	f := &forward{chain: c, bytes: bytes, running: running, segments: make(chan *segment, segmentsAhead)}
	running.Go("read the archive", func() { f.run(running.Context(), p.links) })
	return f
}

// next is the next batch, nil after the last.
func (f *forward) next(ctx context.Context) (*link, error) {
	for len(f.at) == 0 {
		var s *segment
		select {
		case s = <-f.segments:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if s == nil {
			return nil, ctx.Err()
		}
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if s.err != nil {
			return nil, s.err
		}
		f.at = s.links
	}
	l := f.at[0]
	f.at[0] = nil
	f.at = f.at[1:]
	return f.chain.whole(ctx, l)
}

// whole is a link with its payload.
func (c *chain) whole(ctx context.Context, l *link) (*link, error) {
	if l.payload != nil || l.fault != nil {
		return l, nil
	}
	again, err := c.get(ctx, l.seq)
	if errors.Is(err, errGone) {
		return &link{seq: l.seq, Head: l.Head, fault: errGone}, nil
	}
	return again, err
}

// run hands out the segments up to each batch of a path, whose last one is the oldest.
func (f *forward) run(ctx context.Context, points []*link) {
	defer close(f.segments)
	first := &segment{done: make(chan struct{})} // of those that are there already
	close(first.done)
	last := uint64(0)
	for ; len(points) > 0; points = points[:len(points)-1] {
		l := points[len(points)-1]
		if last != 0 && (l.Prev != last || l.fault != nil) {
			break
		}
		first.links, last = append(first.links, l), l.seq
	}
	if !f.hand(ctx, first) {
		return
	}
	for len(points) > 0 {
		to := points[len(points)-1]
		hop := to.over(last)
		if hop != 0 {
			l, err := f.chain.get(ctx, hop)
			switch {
			case errors.Is(err, errGone): // the links are no help there
			case err != nil:
				f.hand(ctx, &segment{err: err, done: first.done})
				return
			case l.fault == nil:
				to.payload = nil // it is not needed for long
				points = append(points, l)
				continue
			}
		}
		points = points[:len(points)-1]
		s := &segment{done: make(chan struct{})}
		had := last
		last = to.seq
		if !f.hand(ctx, s) {
			return
		}
		f.running.Go("read the archive", func() { f.fetch(ctx, s, had, to) })
	}
}

// over is the furthest hop that does not lead back to a place already had, or 0.
func (l *link) over(had uint64) uint64 {
	if l.fault != nil {
		return 0
	}
	for _, hop := range slices.Backward(l.Hops[:]) {
		if hop > had && hop != l.Prev {
			return hop
		}
	}
	return 0
}

func (f *forward) hand(ctx context.Context, s *segment) bool {
	select {
	case f.segments <- s:
		return true
	case <-ctx.Done():
		return false
	}
}

// fetch gets the batches behind one place, up to a batch.
func (f *forward) fetch(ctx context.Context, s *segment, had uint64, to *link) {
	defer close(s.done)
	size, dropped := 0, 0 // of the links that were found first, so many were let go
	l, err := f.chain.whole(ctx, to)
	for ; err == nil && l != nil && l.seq > had; l, err = f.chain.back(ctx, l) {
		s.links = append(s.links, l)
		for size += len(l.payload); size > f.bytes && dropped < len(s.links)-1; dropped++ {
			size -= len(s.links[dropped].payload)
			s.links[dropped].payload = nil
		}
		if l.fault == nil && l.Prev <= had {
			break
		}
	}
	s.err = err
	slices.Reverse(s.links)
}
