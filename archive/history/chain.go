package history

import (
	"context"
	"errors"

	"sluice/archive/batch"
)

// store is the archive, as far as one chain is concerned.
type store interface {
	// get returns the batch at a place: an error that is errGone when there is none any
	// more, and a link with a fault when it cannot be read.
	get(ctx context.Context, at uint64) (*link, error)
	// before returns the newest batch before a place, whatever links lead there, or
	// errGone. It may take long.
	before(ctx context.Context, at uint64) (*link, error)
	// first returns the oldest batch, or errGone.
	first(ctx context.Context) (*link, error)
}

// chain is the batches of one stream of one consolidator. Each leads to some of those
// before it.
type chain struct {
	store
	consolidator, stream string
}

// back is the batch before another one; nil where what is held begins.
func (c *chain) back(ctx context.Context, of *link) (*link, error) {
	if of.fault == nil {
		if of.Prev == 0 {
			return nil, nil
		}
		l, err := c.get(ctx, of.Prev)
		if !errors.Is(err, errGone) {
			return l, err
		}
	}
	// Whoever damaged the batch took its links with it; and what has expired may leave
	// older batches behind, where rules of keeping have changed.
	l, err := c.before(ctx, of.seq)
	if errors.Is(err, errGone) {
		return nil, nil
	}
	return l, err
}

// path is how one came from a newer batch to an older one: the batches at which one
// was, the oldest last.
type path struct {
	links []*link
	ended bool // the last one is the oldest that is held
}

// oldest is the last of them, nil if there is none.
func (p *path) oldest() *link {
	if len(p.links) == 0 {
		return nil
	}
	return p.links[len(p.links)-1]
}

// reach goes back from a batch, which is part of the path, to the oldest one that is
// still good. From a batch on, newer ones are good if it is; good is asked about a batch,
// and a newer one on the path. One that cannot be read is as good as the one before it.
func (c *chain) reach(ctx context.Context, from *link, good func(l, newer *link) bool) (path, error) {
	p := path{links: []*link{from}}
	var refused [len(batch.Spans) + 1]uint64 // where a hop led too far
	for at := from; ; {
		next, err := c.leap(ctx, at, &refused, good)
		if err != nil {
			return p, err
		}
		if next == nil {
			if next, err = c.back(ctx, at); err != nil {
				return p, err
			}
			if next == nil {
				p.ended = true
				return p, nil
			}
			if next.fault == nil && !good(next, at) {
				return p, nil
			}
		}
		p.links, at = append(p.links, next), next
	}
}

// leap takes the furthest hop from a batch that leads to a good one; nil if none does.
func (c *chain) leap(ctx context.Context, at *link, refused *[len(batch.Spans) + 1]uint64, good func(l, newer *link) bool) (*link, error) {
	if at.fault != nil {
		return nil, nil
	}
	hops := at.hops()
	for i, hop := range hops[:len(hops)-1] {
		if hop <= refused[i] || hop == at.Prev {
			continue
		}
		l, err := c.get(ctx, hop)
		switch {
		case errors.Is(err, errGone):
		case err != nil:
			return nil, err
		case l.fault == nil && good(l, at):
			return l, nil
		}
		for j := i; j < len(hops)-1 && hops[j] == hop; j++ {
			refused[j] = hop
		}
	}
	return nil, nil
}
