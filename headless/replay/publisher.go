package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"sluice/cluster/publish"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/headless"
)

// leaveWithin is how long an interrupted replay waits for what was published to
// be acknowledged.
const leaveWithin = 2 * time.Second

// PublisherConfig is what a Publisher publishes, and until when.
type PublisherConfig struct {
	Source  headless.Source // required
	Publish publish.Config  // where to
	Filter  query.Filter    // zero: all records

	// What ends the publishing, besides the context. Zeros never do.
	Count int            // so many records were published
	Until *regexp.Regexp // a record was published whose JSON matches
	For   time.Duration  // so much time passed since Run began

	Notices io.Writer                       // gets what happened, a line each; nil drops it
	More    func(newest time.Time) []string // further lines for the end, before the counts; newest is when the last record came
}

// Publisher publishes what a source hands on, each record to its stream, made bunyan
// as `sluice publish` does it, if it is not.
type Publisher struct {
	config   PublisherConfig
	client   *publish.Client
	intake   *headless.Intake
	reporter *headless.Reporter
	ctx      context.Context // Run's; ends the waiting for the consolidator

	tooLarge uint64
	newest   time.Time                 // when the last record came that was looked at
	normal   []byte                    // a record as one line
	made     []byte                    // a record made bunyan
	bunyans  map[string]*record.Bunyan // by stream
}

// NewPublisher checks a PublisherConfig and returns a Publisher for it, which is to
// be run: its client is open.
func NewPublisher(config PublisherConfig) (*Publisher, error) {
	goal := headless.Goal{Count: config.Count, Until: config.Until, For: config.For}
	if err := goal.Check(); err != nil {
		return nil, fmt.Errorf("make publisher: %w", err)
	}
	client, err := publish.Open(config.Publish)
	if err != nil {
		return nil, err
	}
	return &Publisher{
		config: config, client: client, intake: headless.NewIntake(config.Source, goal),
		reporter: headless.NewReporter(config.Notices),
		bunyans:  make(map[string]*record.Bunyan),
	}, nil
}

// Run publishes until the source ends, what was asked for is met, or ctx ends, and
// waits for the consolidator to acknowledge it. It runs once.
func (p *Publisher) Run(ctx context.Context) error {
	p.ctx = ctx
	var until time.Time // when For runs out
	if p.config.For > 0 {
		until = time.Now().Add(p.config.For)
		var cancel context.CancelFunc
		p.ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	err := p.intake.Run(ctx, p)
	switch {
	case errors.Is(err, headless.ErrMet), err != nil && ctx.Err() != nil:
		err = nil
	case errors.Is(err, stream.ErrClosed):
		err = p.intake.Ended()
	case errors.Is(err, context.DeadlineExceeded): // while the consolidator took nothing
		err = p.intake.Unmet()
	}
	if p.config.More != nil {
		for _, text := range p.config.More(p.newest) {
			p.reporter.Notify(text)
		}
	}
	return errors.Join(err, p.end(ctx, until))
}

// Record publishes a record, if it passes the filter as it was recorded and is not
// too large. It waits while the consolidator takes nothing.
func (p *Publisher) Record(rec *stream.Record) error {
	line := rec.Data
	if !record.IsLine(line) {
		p.normal = record.NormaliseAt(p.normal[:0], line, time.Unix(0, rec.Arrived))
		line = p.normal
	}
	if !p.config.Filter.Match(line, rec.Stream, rec.Source) {
		p.newest = time.Unix(0, rec.Arrived)
		return nil
	}
	err := p.client.Publish(p.ctx, rec.Stream, p.bunyan(rec, line))
	switch {
	case errors.Is(err, publish.ErrTooLarge):
		p.tooLarge++
		p.newest = time.Unix(0, rec.Arrived)
		return nil
	case err != nil:
		return err
	}
	p.newest = time.Unix(0, rec.Arrived)
	return p.intake.Taken(line)
}

// maxBunyans is for how many streams what makes bunyan is kept.
const maxBunyans = 1000

// bunyan makes a record bunyan, unless that would be too large. What does not say so
// itself is of the program that the stream is named after, and of an unknown host:
// it need not have been this one.
func (p *Publisher) bunyan(rec *stream.Record, line []byte) []byte {
	b := p.bunyans[rec.Stream]
	if b == nil {
		if b = record.NewBunyan(rec.Stream[strings.LastIndexByte(rec.Stream, '/')+1:], "unknown"); len(p.bunyans) < maxBunyans {
			p.bunyans[rec.Stream] = b
		}
	}
	at := time.Unix(0, rec.Arrived)
	var form record.Form
	if p.made, form = b.AppendObject(p.made[:0], rec.Data, at); form == record.FormText {
		return line
	}
	if len(p.made) > zmtp.MaxRecord {
		return line
	}
	return p.made
}

// Notice reports losses.
func (p *Publisher) Notice(n *stream.Notice) error {
	if n.Kind == stream.KindGap {
		p.reporter.Notify(record.Safe(n.Source) + ": " + record.Safe(n.Reason))
	}
	return nil
}

// Flush does nothing: the client sends when it can.
func (p *Publisher) Flush() error { return nil }

// Unwritten does nothing: what was not published is still in the recording, and
// the time up to which it was is reported.
func (p *Publisher) Unwritten([]stream.Record, []stream.Notice) {}

// end waits for the consolidator to acknowledge what was published, and reports
// what became of it. Until a time that is not zero it may wait.
func (p *Publisher) end(ctx context.Context, until time.Time) error {
	interrupted := ctx.Err() != nil
	if interrupted || !until.IsZero() {
		// Whoever interrupted it, or has no more time, wants to see it end.
		wait := leaveWithin
		if !interrupted {
			wait = max(wait, time.Until(until))
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.Background(), wait)
		defer cancel()
	}
	s := p.client.Close(ctx)
	text := fmt.Sprintf("published=%d acknowledged=%d", s.Published, s.Acknowledged)
	for _, n := range []struct {
		what string
		n    uint64
	}{{"unacknowledged", s.Unacknowledged}, {"repeated", s.Repeated}, {"refused", s.Refused}, {"uncertain", s.Uncertain}, {"unsent", s.Unsent}, {"too-large", p.tooLarge}} {
		if n.n > 0 {
			text += fmt.Sprintf(" %s=%d", n.what, n.n)
		}
	}
	p.reporter.Notify(text)
	missing := s.Refused + s.Uncertain + s.Unsent + p.tooLarge
	if missing == 0 || interrupted {
		return nil
	}
	switch status := p.client.Status(); {
	case !status.Had && errors.Is(status.Err, publish.ErrWrongPeer):
		return fmt.Errorf("%w: %s; name the publish endpoint of a consolidator with --publish, such as %s", headless.ErrNotConnected, record.Safe(status.Err.Error()), publish.DefaultEndpoint)
	case !status.Had:
		return fmt.Errorf("%w: %s was never reached; start it, or name another with --publish", headless.ErrNotConnected, record.Safe(p.config.Publish.Endpoint))
	case status.Err != nil:
		return fmt.Errorf("%w: %s was lost and did not come back in time: %d records were not published, or may not have been", headless.ErrNotConnected, record.Safe(p.config.Publish.Endpoint), missing)
	}
	return fmt.Errorf("%d records were not published, or may not have been", missing)
}
