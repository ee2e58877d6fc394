package consume

import (
	"context"
	"errors"

	"sluice/archive/batch"
	"sluice/archive/engine"
)

// maxBegins is of how many streams a group may begin with the last records.
const maxBegins = 5000

// begins finds where a group begins that reads the last records of each stream of each
// consolidator, and the earliest of those sequences, or else none.
func (s *store) begins(ctx context.Context, g *group, last int, none uint64) (map[string]begin, uint64, error) {
	patterns, err := g.patterns()
	if err != nil {
		return nil, 0, err
	}
	all, from := map[string]begin{}, none
	for _, filter := range filters(patterns) {
		held, err := s.Subjects(ctx, filter)
		if err != nil {
			return nil, 0, err
		}
		for subject := range held {
			if len(all) == maxBegins {
				return nil, 0, wrongf("the last records of more than %d streams: give a time instead", maxBegins)
			}
			b, ok, err := s.beginOf(ctx, subject, last)
			if err != nil {
				return nil, 0, err
			}
			if ok {
				all[subject] = b
				from = min(from, b.Sequence)
			}
		}
	}
	return all, from, nil
}

// beginOf goes back from the last batch of a subject. ok is false when none is held.
func (s *store) beginOf(ctx context.Context, subject string, last int) (b begin, ok bool, err error) {
	left := uint64(last)
	m, err := s.Last(ctx, subject)
	for ; err == nil; m, err = s.Get(ctx, b.prev) {
		head, err := batch.Peek(m.Subject, m.Header)
		if err != nil {
			return b, ok, nil // nothing before it can be found
		}
		b.Sequence, b.prev, ok = m.Sequence, head.Prev, true
		if head.Gap == nil {
			if head.Count >= left {
				b.Skip = head.Count - left
				return b, ok, nil
			}
			left -= head.Count
		}
		if head.Prev == 0 || head.Prev >= m.Sequence { // one would go round in circles
			return b, ok, nil
		}
	}
	if errors.Is(err, engine.ErrNone) {
		err = nil
	}
	return b, ok, err
}
