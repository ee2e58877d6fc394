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

// Printer writes the records of a source as lines.
type Printer struct {
	config  PrinterConfig
	out     *lineWriter
	notices *teller
}

// NewPrinter checks a PrinterConfig and returns a Printer for it.
func NewPrinter(config PrinterConfig) (*Printer, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("make printer: %w", err)
	}
	if config.Notices == nil {
		config.Notices = io.Discard
	}
	return &Printer{
		config:  config,
		out:     newLineWriter(&config),
		notices: newTeller(config.Notices),
	}, nil
}

// errMet ends what has all that was asked for.
var errMet = errors.New("met")

// Run prints until the PrinterConfig's Count, Until or For, the end of the source,
// or ctx ends it; see [ErrNotMet], [ErrEnded] and [ErrNotHad] for what it returns
// when they were not met. It runs once.
func (p *Printer) Run(ctx context.Context) error {
	for _, name := range p.config.Streams {
		p.config.Source.Tail(name, stream.Backfill{Last: p.config.Last})
	}
	err := p.print(ctx)
	switch {
	case errors.Is(err, syscall.EPIPE):
		// Whoever reads has had enough: as with head, that is no news, unless
		// something was lost.
		if p.notices.lost() {
			p.notices.total(p.out.written)
		}
		return nil
	case errors.Is(err, errMet):
		err = nil
	}
	p.notices.total(p.out.written)
	return err
}

func (p *Printer) print(ctx context.Context) error {
	until := ctx
	if p.config.For > 0 {
		var cancel context.CancelFunc
		until, cancel = context.WithTimeout(ctx, p.config.For)
		defer cancel()
	}
	for {
		// A source that always has something must not outrun the end.
		if until.Err() == nil {
			batch, err := p.config.Source.Take(until)
			if err == nil {
				err = p.write(batch)
				batch.Release()
				if err != nil {
					return err
				}
				continue
			}
			switch {
			case until.Err() != nil:
			case errors.Is(err, stream.ErrClosed):
				return p.ended()
			default:
				return fmt.Errorf("read records: %w", err)
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		return p.ranOut()
	}
}

// write writes a batch, and returns errMet after the last record.
func (p *Printer) write(batch *stream.Batch) error {
	notices := batch.Notices
	for i := range batch.Records {
		for len(notices) > 0 && notices[0].At <= i {
			if err := p.tell(&notices[0]); err != nil {
				return err
			}
			notices = notices[1:]
		}
		met, err := p.one(&batch.Records[i])
		if err != nil {
			return err
		}
		if met {
			if err := p.out.flush(); err != nil {
				return err
			}
			return errMet
		}
	}
	for i := range notices {
		if err := p.tell(&notices[i]); err != nil {
			return err
		}
	}
	return p.out.flush()
}

// one writes a record, if the filter lets it, and reports whether it was the
// last that was asked for.
func (p *Printer) one(rec *stream.Record) (met bool, err error) {
	line := p.out.line(rec)
	if !p.config.Filter.Match(line) {
		return false, nil
	}
	if err := p.out.print(rec, line); err != nil {
		return false, err
	}
	met = p.config.Count > 0 && p.out.written >= uint64(p.config.Count)
	return met || (p.config.Until != nil && p.config.Until.Match(line)), nil
}

// tell writes a notice, after the records that came before it.
func (p *Printer) tell(n *stream.Notice) error {
	text := p.notices.text(n)
	if text == "" {
		return nil
	}
	if err := p.out.flush(); err != nil {
		return err
	}
	p.notices.say(text)
	return nil
}

// ended tells what it means that the source has no more.
func (p *Printer) ended() error {
	switch {
	case p.config.Count > 0:
		return fmt.Errorf("%w: there were %d of %d", ErrEnded, p.out.written, p.config.Count)
	case p.config.Until != nil:
		return fmt.Errorf("%w: none matched %q", ErrEnded, record.Safe(p.config.Until.String()))
	}
	return nil
}

// ranOut tells what it means that the time is over.
func (p *Printer) ranOut() error {
	sources := p.config.Source.Status()
	if !had(sources) {
		return notHad(sources)
	}
	switch {
	case p.config.Count > 0:
		return fmt.Errorf("%w: %d of %d records came in %s", ErrNotMet, p.out.written, p.config.Count, p.config.For)
	case p.config.Until != nil:
		return fmt.Errorf("%w: no record that matches %q came in %s", ErrNotMet, record.Safe(p.config.Until.String()), p.config.For)
	}
	return nil
}
