package recorder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"

	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// Recorder writes the records of a source as lines.
type Recorder struct {
	config  Config
	out     *printer
	notices *teller
}

// New checks a Config and returns a Recorder for it.
func New(config Config) (*Recorder, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("make recorder: %w", err)
	}
	if config.Notices == nil {
		config.Notices = io.Discard
	}
	return &Recorder{
		config:  config,
		out:     newPrinter(&config),
		notices: newTeller(config.Notices),
	}, nil
}

// errMet ends a recording that has all that was asked for.
var errMet = errors.New("met")

// Run records until the Config's Count, Until or For, the end of the source, or
// ctx ends it; see [ErrNotMet], [ErrEnded] and [ErrNotHad] for what it returns
// when they were not met. It runs once.
func (r *Recorder) Run(ctx context.Context) error {
	for _, name := range r.config.Streams {
		r.config.Source.Tail(name, stream.Backfill{Last: r.config.Last})
	}
	err := r.record(ctx)
	switch {
	case errors.Is(err, syscall.EPIPE):
		// Whoever reads has had enough: as with head, that is no news, unless
		// something was lost.
		if r.notices.lost() {
			r.notices.total(r.out.written)
		}
		return nil
	case errors.Is(err, errMet):
		err = nil
	}
	r.notices.total(r.out.written)
	return err
}

func (r *Recorder) record(ctx context.Context) error {
	until := ctx
	if r.config.For > 0 {
		var cancel context.CancelFunc
		until, cancel = context.WithTimeout(ctx, r.config.For)
		defer cancel()
	}
	for {
		// A source that always has something must not outrun the end.
		if until.Err() == nil {
			batch, err := r.config.Source.Take(until)
			if err == nil {
				err = r.write(batch)
				batch.Release()
				if err != nil {
					return err
				}
				continue
			}
			switch {
			case until.Err() != nil:
			case errors.Is(err, stream.ErrClosed):
				return r.ended()
			default:
				return fmt.Errorf("read records: %w", err)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		return r.ranOut()
	}
}

// write writes a batch, and returns errMet after the last record.
func (r *Recorder) write(batch *stream.Batch) error {
	notices := batch.Notices
	for i := range batch.Records {
		for len(notices) > 0 && notices[0].At <= i {
			if err := r.tell(&notices[0]); err != nil {
				return err
			}
			notices = notices[1:]
		}
		met, err := r.one(&batch.Records[i])
		if err != nil {
			return err
		}
		if met {
			if err := r.out.flush(); err != nil {
				return err
			}
			return errMet
		}
	}
	for i := range notices {
		if err := r.tell(&notices[i]); err != nil {
			return err
		}
	}
	return r.out.flush()
}

// one writes a record, if the filter lets it, and reports whether it was the
// last that was asked for.
func (r *Recorder) one(rec *stream.Record) (met bool, err error) {
	line := r.out.line(rec)
	if !r.config.Filter.Match(line) {
		return false, nil
	}
	if err := r.out.print(rec, line); err != nil {
		return false, err
	}
	met = r.config.Count > 0 && r.out.written >= uint64(r.config.Count)
	return met || (r.config.Until != nil && r.config.Until.Match(line)), nil
}

// tell writes a notice, after the records that came before it.
func (r *Recorder) tell(n *stream.Notice) error {
	text := r.notices.text(n)
	if text == "" {
		return nil
	}
	if err := r.out.flush(); err != nil {
		return err
	}
	r.notices.say(text)
	return nil
}

// ended tells what it means that the source has no more.
func (r *Recorder) ended() error {
	switch {
	case r.config.Count > 0:
		return fmt.Errorf("%w: there were %d of %d", ErrEnded, r.out.written, r.config.Count)
	case r.config.Until != nil:
		return fmt.Errorf("%w: none matched %q", ErrEnded, record.Safe(r.config.Until.String()))
	}
	return nil
}

// ranOut tells what it means that the time is over.
func (r *Recorder) ranOut() error {
	sources := r.config.Source.Status()
	if !had(sources) {
		return notHad(sources)
	}
	switch {
	case r.config.Count > 0:
		return fmt.Errorf("%w: %d of %d records came in %s", ErrNotMet, r.out.written, r.config.Count, r.config.For)
	case r.config.Until != nil:
		return fmt.Errorf("%w: no record that matches %q came in %s", ErrNotMet, record.Safe(r.config.Until.String()), r.config.For)
	}
	return nil
}
