package history

import (
	"context"

	"sluice/cluster/loss"
)

// finder finds positions in a chain. Epochs have no order by themselves: which is older
// only the chain tells, in which each is a run.
type finder struct {
	position loss.Position
	seen     bool // a batch of the epoch was met
}

// behind reports whether a batch, older than another one, ends behind the position, so that
// what comes after that is in it or later.
func (f *finder) behind(l, newer *link) bool {
	if l.Epoch == f.position.Epoch {
		f.seen = true
		next := l.Next()
		return next.Epoch != l.Epoch || next.Seq > f.position.Seq
	}
	return f.younger(l, newer)
}

// at reports whether a batch, older than another one, begins at the position or behind it.
func (f *finder) at(l, newer *link) bool {
	if l.Epoch == f.position.Epoch {
		f.seen = true
		return l.First >= f.position.Seq
	}
	return f.younger(l, newer)
}

// younger reports whether a batch of another epoch is of a younger one, as far as that can
// be known; where it cannot, a batch that stands right before the other one is.
func (f *finder) younger(l, newer *link) bool {
	switch {
	case newer.fault != nil:
		return !f.seen
	case newer.Epoch == f.position.Epoch:
		return false
	}
	return newer.Epoch == l.Epoch || newer.Prev == l.seq
}

// place puts a strand where its query begins. newest is the last batch of its chain.
func (s *strand) place(ctx context.Context, newest *link, forward func(path) links) error {
	if from, ok := s.query.After[s.chain.consolidator]; ok {
		return s.placeAfter(ctx, newest, from, forward)
	}
	if s.query.Find != nil {
		from, ok, err := s.find(ctx, newest)
		if err != nil {
			return err
		}
		if ok {
			return s.placeAfter(ctx, newest, from, forward)
		}
	}
	s.at = newest.Next()
	if s.query.Named {
		s.left = true
		return nil
	}
	if newest.fault == nil && !s.query.came(newest) {
		s.left, s.known = true, true
		return nil
	}
	p, err := s.chain.reach(ctx, newest, func(l, _ *link) bool { return s.query.came(l) })
	if err != nil {
		return err
	}
	s.at, s.expired = loss.Position{}, p.begins()
	s.links = forward(p)
	return nil
}

// find looks for the newest epoch in which a position is wanted.
func (s *strand) find(ctx context.Context, newest *link) (at loss.Position, ok bool, err error) {
	look := func(l *link) bool {
		if l.fault == nil && !ok {
			at, ok = s.query.Find(s.chain.consolidator, l.Epoch)
		}
		return ok
	}
	if look(newest) {
		return at, ok, nil
	}
	_, err = s.chain.reach(ctx, newest, func(l, newer *link) bool {
		return !look(l) && (newer.fault != nil || newer.Epoch == l.Epoch || newer.Prev == l.seq)
	})
	return at, ok, err
}

// placeAfter puts a strand at a position. One that the chain does not know, it is not
// moved from: whoever reads on there learns what became of it.
func (s *strand) placeAfter(ctx context.Context, newest *link, from loss.Position, forward func(path) links) error {
	s.at, s.known = from, true
	f := finder{position: from}
	if newest.fault == nil && newest.Epoch == from.Epoch && !f.behind(newest, newest) {
		s.left = true
		return nil
	}
	if newest.fault == nil && newest.Epoch == from.Epoch {
		f.seen = true
	}
	p, err := s.chain.reach(ctx, newest, f.behind)
	if err != nil {
		return err
	}
	if !f.seen {
		s.left = true
		return nil
	}
	s.expired = p.ended
	s.links = forward(p)
	return nil
}

// begins reports whether records came before the path's oldest batch that are not held.
func (p *path) begins() bool {
	l := p.links[len(p.links)-1]
	return p.ended && (l.fault != nil || l.Prev != 0 || l.First > 0)
}
