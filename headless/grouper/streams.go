package grouper

import (
	"context"
	"errors"
	"io"

	"sluice/cluster/stream"
	"sluice/headless"
)

// Follow folds the records of streams, from a source that somebody runs, with the last
// so many of each, until the goal is met, the source has no more, or ctx ends. It writes
// to notices what was lost and what happened. See [headless.Intake] for the errors.
func (g *Grouper) Follow(ctx context.Context, source headless.Source, streams []string, last int, goal headless.Goal, notices io.Writer) error {
	for _, name := range streams {
		source.Tail(name, stream.Backfill{Last: last})
	}
	s := &sink{Grouper: g, intake: headless.NewIntake(source, goal), reporter: headless.NewReporter(notices)}
	err := s.intake.Run(ctx, s)
	switch {
	case errors.Is(err, headless.ErrMet):
		err = nil
	case errors.Is(err, stream.ErrClosed):
		err = s.intake.Ended()
	}
	s.reporter.Total(s.taken, 0, source.Status())
	return err
}

// sink is a Grouper as an intake sees it.
type sink struct {
	*Grouper
	intake   *headless.Intake
	reporter *headless.Reporter
	taken    uint64
}

// Record folds a record, if it passes the filter.
func (s *sink) Record(rec *stream.Record) error {
	if s.Grouper.Record(rec.Data, rec.Stream, rec.Source) == none {
		return nil
	}
	s.taken++
	return s.intake.Taken(rec.Data)
}

// Notice reports what happened.
func (s *sink) Notice(n *stream.Notice) error {
	if text := s.reporter.Text(n); text != "" {
		s.reporter.Notify(text)
	}
	return nil
}

// Flush has nothing to do.
func (s *sink) Flush() error { return nil }

// Unwritten has nothing to count: Record and Notice do not fail.
func (s *sink) Unwritten([]stream.Record, []stream.Notice) {}
