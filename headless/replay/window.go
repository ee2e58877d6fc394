package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/cluster/moment"
)

// window finds what From and To mean for these recordings.
func (s *Source) window(ctx context.Context, recordings []*recording) error {
	if s.config.From.IsZero() && s.config.To.IsZero() {
		return nil
	}
	start := int64(0)
	for _, r := range recordings {
		if r.clock != 0 && (start == 0 || r.clock < start) {
			start = r.clock
		}
	}
	if start == 0 {
		return errors.New("no record says when it was: times to begin and to end cannot be found")
	}
	latest := int64(0)
	end := func() (time.Time, error) {
		if latest != 0 {
			return time.UnixMilli(latest), nil
		}
		for _, r := range recordings {
			last, err := r.last(ctx)
			if err != nil {
				return time.Time{}, fmt.Errorf("find the end of %q: %w", r.name, err)
			}
			latest = max(latest, last)
		}
		return time.UnixMilli(latest), nil
	}
	first := time.UnixMilli(start)
	frame := moment.Frame{Now: s.config.Now(), Location: s.config.Location, First: first, Last: end, Here: first}
	if !s.config.From.IsZero() {
		from, err := s.config.From.In(frame)
		if err != nil {
			return err
		}
		s.from = from.UnixMilli()
	}
	if s.config.To.IsZero() {
		return nil
	}
	if s.from > start {
		frame.First, frame.Here, frame.After = time.UnixMilli(s.from), time.UnixMilli(s.from), first
	}
	to, err := s.config.To.In(frame)
	if err != nil {
		return err
	}
	if s.to = to.UnixMilli(); s.from != 0 && s.to <= s.from {
		return &ConfigError{fmt.Errorf("nothing is from %s on and before %s: give a later end", s.clock(s.from), s.clock(s.to))}
	}
	return nil
}

func (s *Source) clock(t int64) string {
	return time.UnixMilli(t).In(s.config.Location).Format(time.RFC3339)
}
