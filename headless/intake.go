package headless

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/cluster/stream"
)

// Sink takes what an [Intake] hands on.
type Sink interface {
	// Record takes a record, and calls Intake.Taken if the record counts.
	Record(rec *stream.Record) error
	// Notice takes a notice, after the records that came before it.
	Notice(n *stream.Notice) error
	// Flush ends a batch.
	Flush() error
	// Unwritten counts records and losses that arrived and were not taken, since
	// the sink had failed.
	Unwritten(records []stream.Record, notices []stream.Notice)
}

// Scheduled is a [Sink] that has work of its own to do from time to time.
type Scheduled interface {
	Sink
	// Due does what is due, and returns how long there is nothing to do. It is
	// called before each batch, and at the latest when that time is over.
	Due(now time.Time) (idle time.Duration, err error)
}

// Intake takes batches from a source until a goal is met. It is for one
// goroutine.
type Intake struct {
	source Source
	goal   Goal
	began  time.Time // when Run was called
	ends   time.Time // when Goal.After is over; zero until Count or Until is met
	taken  uint64    // records
	ranOut bool      // Goal.For is over
}

// NewIntake returns an Intake for a source and a [Goal] that was checked.
func NewIntake(source Source, goal Goal) *Intake { return &Intake{source: source, goal: goal} }

// Run hands batches to sink until the goal is met: [ErrMet]; until ctx ends: nil;
// or until the time is over: nil if nothing else was asked for, otherwise
// [ErrNotMet] or [ErrNotConnected]. Any other error is the source's, among them
// [stream.ErrClosed] when it has no more, or the sink's. It runs once.
func (in *Intake) Run(ctx context.Context, sink Sink) error {
	in.began = time.Now()
	scheduled, _ := sink.(Scheduled)
	until := ctx
	if in.goal.For > 0 {
		var cancel context.CancelFunc
		until, cancel = context.WithDeadline(ctx, in.began.Add(in.goal.For))
		defer cancel()
	}
	for {
		now := time.Now()
		// What has arrived when the time is over is taken, too, once.
		over := until.Err() != nil || in.over(now)
		err := in.next(until, now, over, sink, scheduled)
		switch {
		case err != nil && !(errors.Is(err, stream.ErrClosed) && (over || until.Err() != nil)):
			return err
		case !over:
		case !in.ends.IsZero():
			return ErrMet
		case ctx.Err() != nil:
			return nil
		default:
			in.ranOut = true
			return in.Unmet()
		}
	}
}

// over reports whether the time is.
func (in *Intake) over(now time.Time) bool {
	return in.goal.For > 0 && now.Sub(in.began) >= in.goal.For || in.Met() && !now.Before(in.ends)
}

// next waits for a batch until something else is due, and hands it to the sink;
// when the time is over it does not wait. That nothing came is no error.
func (in *Intake) next(ctx context.Context, now time.Time, over bool, sink Sink, scheduled Scheduled) error {
	idle := time.Duration(-1)
	if scheduled != nil {
		var err error
		if idle, err = scheduled.Due(now); err != nil {
			in.Abandon(sink)
			return err
		}
	}
	if in.Met() {
		if left := max(0, in.ends.Sub(now)); idle < 0 || left < idle {
			idle = left
		}
	}
	var cancel context.CancelFunc
	switch {
	case over:
		ctx, cancel = context.WithCancel(ctx)
		cancel()
	case idle >= 0:
		ctx, cancel = context.WithTimeout(ctx, idle)
		defer cancel()
	}
	batch, err := in.source.Take(ctx)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case err != nil:
		return fmt.Errorf("read records: %w", err)
	}
	defer batch.Release()
	if scheduled != nil {
		if _, err := scheduled.Due(time.Now()); err != nil {
			sink.Unwritten(batch.Records, batch.Notices)
			in.Abandon(sink)
			return err
		}
	}
	records, notices, err := hand(sink, batch)
	if err == nil {
		return sink.Flush()
	}
	if !errors.Is(err, ErrMet) {
		sink.Unwritten(batch.Records[records:], batch.Notices[notices:])
		in.Abandon(sink)
	}
	return err
}

// hand hands what is in a batch to a sink, and returns how much of it was handed.
func hand(sink Sink, batch *stream.Batch) (records, notices int, err error) {
	for records < len(batch.Records) {
		for notices < len(batch.Notices) && batch.Notices[notices].At <= records {
			notices++
			if err := sink.Notice(&batch.Notices[notices-1]); err != nil {
				return records, notices, err
			}
		}
		records++
		if err := sink.Record(&batch.Records[records-1]); err != nil {
			return records, notices, err
		}
	}
	for notices < len(batch.Notices) {
		notices++
		if err := sink.Notice(&batch.Notices[notices-1]); err != nil {
			return records, notices, err
		}
	}
	return records, notices, nil
}

// Abandon counts what has arrived as unwritten: it is not taken any more.
func (in *Intake) Abandon(sink Sink) {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if batch, err := in.source.Take(now); err == nil {
		sink.Unwritten(batch.Records, batch.Notices)
		batch.Release()
	}
}

// TimedOut reports whether Run has returned since the time of Goal.For was over.
func (in *Intake) TimedOut() bool { return in.ranOut }
