package recorder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stdio"
	"sluice/cluster/stream"
)

// Printer writes the records of a source as lines.
type Printer struct {
	config  PrinterConfig
	out     *lineWriter
	notices *teller
	newest  int64 // when the last record came that was looked at, Unix nanoseconds
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
			p.total()
		}
		return nil
	case errors.Is(err, errMet):
		err = nil
	case errors.Is(err, stdio.ErrStalled) && ctx.Err() != nil:
		p.notices.say("whoever reads the records takes nothing, and was not waited for")
		err = nil
	}
	p.total()
	return err
}

// total says what became of the records. Its last line counts.
func (p *Printer) total() {
	if p.config.More != nil {
		var newest time.Time
		if p.newest != 0 {
			newest = time.Unix(0, p.newest)
		}
		for _, text := range p.config.More(newest) {
			p.notices.say(text)
		}
	}
	p.notices.total(p.out.printed-p.out.lost, p.out.lost)
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
				records, notices, err := p.write(batch)
				if err != nil && !errors.Is(err, errMet) {
					p.unwritten(batch.Records[records:], batch.Notices[notices:])
					p.arrived()
				}
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

// write writes a batch, and returns errMet after the last record; and how much of
// the batch it has looked at.
func (p *Printer) write(batch *stream.Batch) (records, notices int, err error) {
	for records < len(batch.Records) {
		for notices < len(batch.Notices) && batch.Notices[notices].At <= records {
			notices++
			if err := p.tell(&batch.Notices[notices-1]); err != nil {
				return records, notices, err
			}
		}
		records++
		met, err := p.one(&batch.Records[records-1])
		if err == nil && met {
			err = cmp.Or(p.out.flush(), errMet)
		}
		if err != nil {
			return records, notices, err
		}
	}
	for notices < len(batch.Notices) {
		notices++
		if err := p.tell(&batch.Notices[notices-1]); err != nil {
			return records, notices, err
		}
	}
	return records, notices, p.out.flush()
}

// unwritten counts what is left of a batch after a write that failed, and tells
// what it says of losses.
func (p *Printer) unwritten(records []stream.Record, notices []stream.Notice) {
	for i := range records {
		p.newest = records[i].Arrived
		if p.config.Filter.Match(p.out.line(&records[i])) {
			p.out.printed++
			p.out.lost++
		}
	}
	for i := range notices {
		if notices[i].Kind == stream.KindGap {
			p.notices.say(p.notices.text(&notices[i]))
		}
	}
}

// arrived counts what has come meanwhile.
func (p *Printer) arrived() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if batch, err := p.config.Source.Take(now); err == nil {
		p.unwritten(batch.Records, batch.Notices)
		batch.Release()
	}
}

// one writes a record, if the filter lets it, and reports whether it was the
// last that was asked for.
func (p *Printer) one(rec *stream.Record) (met bool, err error) {
	p.newest = rec.Arrived
	line := p.out.line(rec)
	if !p.config.Filter.Match(line) {
		return false, nil
	}
	if err := p.out.print(rec, line); err != nil {
		return false, err
	}
	met = p.config.Count > 0 && p.out.printed >= uint64(p.config.Count)
	return met || (p.config.Until != nil && p.config.Until.Match(line)), nil
}

// tell writes a notice, after the records that came before it.
func (p *Printer) tell(n *stream.Notice) error {
	text := p.notices.text(n)
	if text == "" {
		return nil
	}
	err := p.out.flush()
	p.notices.say(text)
	return err
}

// ended tells what it means that the source has no more.
func (p *Printer) ended() error {
	switch {
	case p.config.Count > 0:
		return fmt.Errorf("%w: there were %d of %d", ErrEnded, p.out.printed, p.config.Count)
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
		return fmt.Errorf("%w: %d of %d records came in %s", ErrNotMet, p.out.printed, p.config.Count, p.config.For)
	case p.config.Until != nil:
		return fmt.Errorf("%w: no record that matches %q came in %s", ErrNotMet, record.Safe(p.config.Until.String()), p.config.For)
	}
	return nil
}
