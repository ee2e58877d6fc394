package shipper

import (
	"context"
	"time"

	"sluice/cluster/record"
)

// Source is where records come from besides files.
type Source interface {
	// Run hands records to out until ctx ends, and then those that it has taken
	// already. It deals with what fails outside of this process itself, and says so;
	// an error is one of out, or a mistake: it is run no more then.
	Run(ctx context.Context, out *Feed) error
}

// Feed takes what a Source brings. Its methods may be called from any goroutine.
type Feed struct{ s *Shipper }

// Notify tells whoever runs this.
func (f *Feed) Notify(text string) { f.s.console.Notify(text) }

// Lost tells that messages are missing, n of them, to whoever runs this and, as a
// record of level warn, to those who read the stream; n 0 is an unknown number.
// fields are as in record.AppendNotice. Losses make Run return ErrMissing.
func (f *Feed) Lost(stream string, n uint64, text string, fields ...any) error {
	if n == 0 {
		f.s.counts.doubts.Add(1)
	} else {
		f.s.counts.dropped.Add(n)
	}
	return f.s.notice(stream, text, fields...)
}

// Settle waits until all that was published is acknowledged, or what else becomes of
// it, or ctx ends, and then returns the context's error. lost is how many records
// were refused meanwhile, or not sent, or may not have arrived, of whomever.
func (f *Feed) Settle(ctx context.Context) (lost uint64, err error) {
	before := f.s.cfg.Client.Stats()
	err = f.s.cfg.Client.Settle(ctx)
	now := f.s.cfg.Client.Stats()
	return now.Refused + now.Uncertain + now.Unsent - before.Refused - before.Uncertain - before.Unsent, err
}

// Connected reports whether a consolidator is there.
func (f *Feed) Connected() bool { return f.s.cfg.Client.Status().Connected }

// Cursor is how far a source was acknowledged the last time, and whether that run
// ended in order; "" when it is unknown.
func (f *Feed) Cursor(source string) string { return f.s.places.cursor(source) }

// Mark notes how far a source is published.
func (f *Feed) Mark(source, cursor string) { f.s.places.markCursor(source, cursor) }

// Pipe makes records of what a source brings. It belongs to one goroutine.
type Pipe struct{ sink sink }

// Pipe returns a Pipe. Its records, where they do not say it themselves, have these
// names of a program and a host; host "" is this machine.
func (f *Feed) Pipe(name, host string) *Pipe {
	if host == "" {
		host = f.s.cfg.Hostname
	}
	return &Pipe{sink{ctx: f.s.publishing, client: f.s.cfg.Client, bunyan: record.NewBunyan(name, host), counts: &f.s.counts}}
}

// PipeWithin returns a Pipe that waits only until ctx ends. What it does not take is
// not counted: whoever brings it keeps it, and is told.
func (f *Feed) PipeWithin(ctx context.Context, name, host string) *Pipe {
	p := f.Pipe(name, host)
	p.sink.ctx, p.sink.returned = ctx, true
	return p
}

// Publish publishes an object of JSON, made a bunyan record, to a stream; now is when
// it came. What is no object, or larger than a record may be, becomes the msg of a
// record. It waits while the buffer is full; an error means that nothing is taken any more.
func (p *Pipe) Publish(stream string, object []byte, now time.Time) error {
	p.sink.stream, p.sink.now = stream, now
	if err := p.sink.line(object, 0, int64(len(object))); err != nil {
		return err
	}
	return p.sink.flush()
}

// notice publishes a record of level warn by this program itself, and says the same
// to whoever runs it.
func (s *Shipper) notice(stream, text string, fields ...any) error {
	s.console.Notify(text)
	rec := record.AppendNotice(nil, time.Now(), record.Warn, text, fields...)
	s.counts.notices.Add(1)
	err := s.cfg.Client.Publish(s.publishing, stream, rec)
	if err != nil {
		s.counts.untaken.Add(1)
	}
	return err
}
