package printer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stdio"
	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/selection"
)

// Printer writes the records of a source as lines.
type Printer struct {
	config   Config
	intake   *headless.Intake
	out      *lineWriter
	reporter *headless.Reporter
	selected *selection.Selection           // nil: only what is named
	new      map[string]*selection.Newcomer // of streams that appeared
	began    time.Time
	newest   int64 // when the last record came that was looked at, Unix nanoseconds
}

// New checks a Config and returns a Printer for it.
func New(config Config) (*Printer, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("make printer: %w", err)
	}
	p := &Printer{
		config:   config,
		intake:   headless.NewIntake(config.Source, config.goal()),
		out:      newLineWriter(&config),
		reporter: headless.NewReporter(config.Notices),
		new:      make(map[string]*selection.Newcomer),
	}
	if config.Patterns {
		var err error
		p.selected, err = selection.New(selection.Config{
			Source: config.Source, Streams: config.Streams, Last: config.Last, Since: config.Since,
			Follow: p.follow, Notify: p.reporter.Notify,
		})
		if err != nil {
			return nil, fmt.Errorf("make printer: %w", err)
		}
	}
	return p, nil
}

// follow prepares for a stream that is followed.
func (p *Printer) follow(name string, newcomer selection.Newcomer) {
	p.out.column(name)
	if newcomer.Appeared() {
		p.new[name] = &newcomer
	}
}

// Run prints until the Config's Count, Until or For, the end of the source, or
// ctx ends it; see [headless.ErrNotMet], [headless.ErrEnded] and
// [headless.ErrNotConnected] for what it returns when they were not met. It runs
// once.
func (p *Printer) Run(ctx context.Context) error {
	p.began = time.Now()
	if p.selected != nil {
		p.selected.Begin()
	} else {
		for _, name := range p.config.Streams {
			p.config.Source.Tail(name, stream.Backfill{Last: p.config.Last})
		}
	}
	err := p.intake.Run(ctx, sink{p})
	if p.selected != nil && p.intake.TimedOut() {
		if unmet := p.selected.Unmet(p.config.For); unmet != nil {
			err = unmet
		}
	}
	if err == nil || errors.Is(err, headless.ErrNotMet) || errors.Is(err, stream.ErrClosed) {
		if e := p.completeAll(); e != nil {
			err = e
		}
	}
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

// Due looks for streams that have appeared. See [headless.Scheduled].
func (p sink) Due(now time.Time) (idle time.Duration, err error) {
	if p.selected == nil {
		return -1, nil
	}
	return p.selected.Due(now), nil
}

// Record writes a record, if it passes the filter, and is not from before a stream
// appeared.
func (p sink) Record(rec *stream.Record) error {
	if len(p.new) > 0 {
		if n := p.new[rec.Stream]; n != nil {
			if n.Hold(rec) {
				return nil
			}
			if err := p.complete(n); err != nil {
				return err
			}
			if lost, missing := n.Missing(rec); missing {
				p.lose(lost)
			}
			if n.Older(rec) {
				return nil
			}
		}
	}
	return p.write(rec)
}

// complete writes what was held of a stream that appeared.
func (p *Printer) complete(n *selection.Newcomer) error {
	held := n.Complete(p.began)
	for i := range held {
		rec := &held[i]
		if lost, missing := n.Missing(rec); missing {
			p.lose(lost)
		}
		if n.Older(rec) {
			continue
		}
		if err := (sink{p}).write(rec); err != nil {
			if !errors.Is(err, headless.ErrMet) {
				sink{p}.Unwritten(held[i+1:], nil)
			}
			return err
		}
	}
	return nil
}

// completeAll writes what is held when the printing ends.
func (p *Printer) completeAll() error {
	for _, n := range p.new {
		if err := p.complete(n); err != nil {
			return cmp.Or(p.out.flush(), err)
		}
	}
	return p.out.flush()
}

// lose reports a loss.
func (p *Printer) lose(lost loss.Loss) {
	n := stream.GapNotice(lost, time.Now())
	p.reporter.Notify(p.reporter.Text(&n))
}

// write writes a record, if it passes the filter.
func (p sink) write(rec *stream.Record) error {
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
	if held := p.new[n.Stream]; held != nil && (n.Kind == stream.KindGap || n.Kind == stream.KindBackfill) {
		if err := p.complete(held); err != nil {
			return err
		}
	}
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
