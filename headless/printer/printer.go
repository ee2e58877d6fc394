package printer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"sluice/cluster/stdio"
	"sluice/cluster/stream"
	"sluice/headless"
)

// Printer writes the records of a source as lines.
type Printer struct {
	config   Config
	intake   *headless.Intake
	out      *lineWriter
	reporter *headless.Reporter
	newest   int64 // when the last record came that was looked at, Unix nanoseconds
}

// New checks a Config and returns a Printer for it.
func New(config Config) (*Printer, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("make printer: %w", err)
	}
	return &Printer{
		config:   config,
		intake:   headless.NewIntake(config.Source, config.goal()),
		out:      newLineWriter(&config),
		reporter: headless.NewReporter(config.Notices),
	}, nil
}

// Run prints until the Config's Count, Until or For, the end of the source, or
// ctx ends it; see [headless.ErrNotMet], [headless.ErrEnded] and
// [headless.ErrNotConnected] for what it returns when they were not met. It runs
// once.
func (p *Printer) Run(ctx context.Context) error {
	for _, name := range p.config.Streams {
		p.config.Source.Tail(name, stream.Backfill{Last: p.config.Last})
	}
	err := p.intake.Run(ctx, sink{p})
	switch {
	case errors.Is(err, syscall.EPIPE):
		// The reader has had enough: as with head, that is no news, unless
		// something was lost.
		if p.reporter.Lost() {
			p.total()
		}
		return nil
	case errors.Is(err, headless.ErrMet):
		err = nil
	case errors.Is(err, stream.ErrClosed):
		err = p.intake.Ended()
	case errors.Is(err, stdio.ErrStalled) && ctx.Err() != nil:
		p.reporter.Notify("whoever reads the records takes nothing, and was not waited for")
		err = nil
	}
	p.total()
	return err
}

// total reports what became of the records. Its last line counts.
func (p *Printer) total() {
	if p.config.More != nil {
		var newest time.Time
		if p.newest != 0 {
			newest = time.Unix(0, p.newest)
		}
		for _, text := range p.config.More(newest) {
			p.reporter.Notify(text)
		}
	}
	p.reporter.Total(p.out.printed-p.out.lost, p.out.lost, p.config.Source.Status())
}

// sink is a Printer as its intake sees it.
type sink struct{ *Printer }

// Record writes a record, if it passes the filter.
func (p sink) Record(rec *stream.Record) error {
	p.newest = rec.Arrived
	line := p.out.line(rec)
	if !p.config.Filter.Match(line, rec.Stream, rec.Source) {
		return nil
	}
	if err := p.out.print(rec, line); err != nil {
		return err
	}
	if err := p.intake.Taken(line); err != nil {
		return cmp.Or(p.out.flush(), err)
	}
	return nil
}

// Notice reports what happened, after the records that came before it.
func (p sink) Notice(n *stream.Notice) error {
	text := p.reporter.Text(n)
	if text == "" {
		return nil
	}
	err := p.out.flush()
	p.reporter.Notify(text)
	return err
}

// Flush writes what is not written yet.
func (p sink) Flush() error { return p.out.flush() }

// Unwritten counts what came after a write that failed, and reports losses.
func (p sink) Unwritten(records []stream.Record, notices []stream.Notice) {
	for i := range records {
		p.newest = records[i].Arrived
		if p.config.Filter.Match(p.out.line(&records[i]), records[i].Stream, records[i].Source) {
			p.out.printed++
			p.out.lost++
		}
	}
	for i := range notices {
		if notices[i].Kind == stream.KindGap {
			p.reporter.Notify(p.reporter.Text(&notices[i]))
		}
	}
}
