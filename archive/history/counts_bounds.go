package history

import (
	"context"
	"errors"
	"slices"

	"sluice/cluster/rescue"
)

// begin finds the ends of what is to be counted of each chain.
func (c *counting) begin(running *rescue.Group, tips []tip) error {
	found := make([]*stretch, len(tips))
	err := each(running, tips, func(i int, t tip) (err error) {
		found[i], err = t.bounds(running.Context())
		return err
	})
	for _, s := range found {
		if s != nil && (s.records() > 0 || s.gaps() > 0) {
			c.done = append(c.done, *s)
		}
	}
	return err
}

// bounds is what is to be counted of a chain; nil is nothing.
func (t *tip) bounds(ctx context.Context) (*stretch, error) {
	last, cut, err := t.end(ctx)
	if err != nil || last == nil {
		return nil, err
	}
	from, ok, err := t.front(ctx, last)
	if err != nil || !ok {
		return nil, err
	}
	s := &stretch{chain: t.chain, from: from, last: last, to: last.behind()}
	s.to.records -= min(cut, s.to.records)
	if s.from.records > s.to.records || s.from.gaps > s.to.gaps {
		return nil, nil // it begins behind its end
	}
	bare := *last
	bare.payload = nil
	s.last = &bare
	return s, nil
}

// end is the last batch of which something is counted, and how many of its records are not;
// nil: there is none.
func (t *tip) end(ctx context.Context) (last *link, cut uint64, err error) {
	last = t.newest
	stop, named := t.query.Before[t.consolidator]
	switch {
	case named:
		f := finder{position: stop}
		if last.fault != nil || f.at(last, last) {
			p, err := t.reach(ctx, last, f.at)
			if err != nil {
				return nil, 0, err
			}
			later := func(l, _ *link) bool { return slices.Contains(t.query.Later[t.consolidator], l.Epoch) }
			after := f.seen
			if !after && last.fault == nil && later(last, nil) { // of an epoch that the chain does not have
				after = true
				if p, err = t.reach(ctx, last, later); err != nil {
					return nil, 0, err
				}
			}
			if after {
				if last, err = t.back(ctx, p.oldest()); err != nil {
					return nil, 0, err
				}
			}
		}
	case !t.query.To.IsZero():
		if last, err = t.until(ctx, t.query.To.UnixMilli()); err != nil {
			return nil, 0, err
		}
	}
	for last != nil && last.fault != nil { // what it holds is not known
		if last, err = t.back(ctx, last); err != nil {
			return nil, 0, err
		}
	}
	if l := last; l != nil && named && l.Gap == nil && l.Epoch == stop.Epoch && l.First+l.Count > stop.Seq {
		cut = l.First + l.Count - max(stop.Seq, l.First)
	}
	return last, cut, nil
}

// until is the last batch of a chain up to which nothing is of a time or later, as it says
// itself; nil: there is none.
func (t *tip) until(ctx context.Context, at int64) (*link, error) {
	late := func(l, _ *link) bool { return l.Newest() >= at }
	if t.newest.fault == nil && !late(t.newest, nil) {
		return t.newest, nil
	}
	p, err := t.reach(ctx, t.newest, late)
	if err != nil || p.ended {
		return nil, err
	}
	return t.back(ctx, p.oldest())
}

// front is the point from which on a chain is counted, up to a batch; ok: there is one.
func (t *tip) front(ctx context.Context, last *link) (from point, ok bool, err error) {
	after, named := t.query.After[t.consolidator]
	switch {
	case named:
		f := finder{position: after, seen: last.Epoch == after.Epoch}
		if f.seen && !f.behind(last, last) {
			return from, false, nil
		}
		p, err := t.reach(ctx, last, f.behind)
		if err != nil || !f.seen {
			return from, false, err
		}
		l := p.oldestGood()
		from = l.before()
		if l.Gap == nil && l.Epoch == after.Epoch && after.Seq > l.First {
			from.records += min(after.Seq-l.First, l.Count)
		}
		return from, true, nil
	case t.query.Named:
		return from, false, nil
	case !t.query.From.IsZero():
		l, err := t.until(ctx, t.query.From.UnixMilli())
		for err == nil && l != nil && l.fault != nil {
			l, err = t.back(ctx, l)
		}
		if err != nil {
			return from, false, err
		}
		if l != nil {
			return l.behind(), true, nil
		}
	}
	l, err := t.first(ctx)
	switch {
	case errors.Is(err, errGone): // all has expired meanwhile
		return from, false, nil
	case err != nil:
		return from, false, err
	case l.fault == nil && l.seq <= last.seq:
		return l.before(), true, nil
	}
	p, err := t.reach(ctx, last, func(*link, *link) bool { return true }) // to what can be read
	if err != nil {
		return from, false, err
	}
	return p.oldestGood().before(), true, nil
}

// oldestGood is the oldest batch of a path that can be read; its first one can.
func (p *path) oldestGood() *link {
	for i := len(p.links) - 1; i > 0; i-- {
		if p.links[i].fault == nil {
			return p.links[i]
		}
	}
	return p.links[0]
}
