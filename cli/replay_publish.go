package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"time"

	pub "sluice/cluster/publish"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/replay"
)

// leaveWithin is how long an interrupted replay waits for what was published to
// be acknowledged.
const leaveWithin = 2 * time.Second

// replayPublish publishes a replay, each record to its stream.
func replayPublish(ctx context.Context, r *replaying, config replay.Config) error {
	p := &republisher{count: r.count, to: r.publish}
	var err error
	if p.filter, err = r.filter(); err != nil {
		return err
	}
	if p.until, err = expression("--until", r.until); err != nil {
		return err
	}
	if r.count < 0 || r.during < 0 {
		return usagef("--count and --for cannot be negative")
	}
	p.client, err = pub.Open(pub.Config{
		Endpoint: r.publish,
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return &usageError{err}
	}
	var until time.Time // when --for runs out
	if r.during > 0 {
		until = time.Now().Add(r.during)
	}
	err = replayRun(ctx, config, func(ctx context.Context, source *replay.Source) error {
		err := p.publish(ctx, source, r.during)
		tellReplayed(ctx, os.Stderr, source.Stats(), config, p.newest)
		return err
	})
	return errors.Join(err, p.end(ctx, until))
}

// republisher publishes what a replay hands on.
type republisher struct {
	client *pub.Client
	to     string
	filter query.Filter
	count  int
	until  *regexp.Regexp

	published int
	tooLarge  int
	newest    time.Time // when the last record came that was looked at
	normal    []byte
}

// errMet ends publishing when Count or Until is met.
var errMet = errors.New("met")

// publish publishes until the recordings end, or what was asked for is met.
func (p *republisher) publish(ctx context.Context, source *replay.Source, during time.Duration) error {
	until := ctx
	if during > 0 {
		var cancel context.CancelFunc
		until, cancel = context.WithTimeout(ctx, during)
		defer cancel()
	}
	for {
		batch, err := source.Take(until)
		if err == nil {
			err = p.batch(until, batch)
			batch.Release()
		}
		switch {
		case err == nil:
			continue
		case errors.Is(err, errMet), ctx.Err() != nil:
			return nil
		case errors.Is(err, stream.ErrClosed):
			return p.unmet(headless.ErrEnded)
		case until.Err() != nil:
			return p.unmet(headless.ErrNotMet)
		}
		return err
	}
}

// unmet is why, if it is wanted to know that Count or Until was not met.
func (p *republisher) unmet(why error) error {
	switch {
	case p.count > 0:
		return fmt.Errorf("%w: %d of %d records were published", why, p.published, p.count)
	case p.until != nil:
		return fmt.Errorf("%w: none matched %q", why, p.until)
	}
	return nil
}

// batch publishes a batch. It waits while the consolidator does.
func (p *republisher) batch(ctx context.Context, batch *stream.Batch) error {
	for _, n := range batch.Notices {
		if n.Kind == stream.KindGap {
			fmt.Fprintf(os.Stderr, "sluice: %s: %s\n", record.Safe(n.Source), record.Safe(n.Reason))
		}
	}
	for i := range batch.Records {
		r := &batch.Records[i]
		line := r.Data
		if !record.IsLine(line) {
			p.normal = record.NormaliseAt(p.normal[:0], line, time.Unix(0, r.Arrived))
			line = p.normal
		}
		published, err := p.one(ctx, r.Stream, line)
		if err != nil {
			return err
		}
		p.newest = time.Unix(0, r.Arrived)
		if !published {
			continue
		}
		if p.count > 0 && p.published >= p.count || p.until != nil && p.until.Match(line) {
			return errMet
		}
	}
	return nil
}

// one publishes a line, if the filter lets it and it is not too large.
func (p *republisher) one(ctx context.Context, stream string, line []byte) (published bool, err error) {
	if !p.filter.Match(line) {
		return false, nil
	}
	err = p.client.Publish(ctx, stream, line)
	switch {
	case errors.Is(err, pub.ErrTooLarge):
		p.tooLarge++
		return false, nil
	case err != nil:
		return false, err
	}
	p.published++
	return true, nil
}

// end waits for the consolidator to acknowledge what was published, and tells
// what became of it. A time until which there is time is not zero.
func (p *republisher) end(ctx context.Context, until time.Time) error {
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
	}{{"unacknowledged", s.Unacknowledged}, {"repeated", s.Repeated}, {"refused", s.Refused}, {"uncertain", s.Uncertain}, {"unsent", s.Unsent}, {"too-large", uint64(p.tooLarge)}} {
		if n.n > 0 {
			text += fmt.Sprintf(" %s=%d", n.what, n.n)
		}
	}
	fmt.Fprintf(os.Stderr, "sluice: %s\n", text)
	if missing := s.Refused + s.Uncertain + s.Unsent + uint64(p.tooLarge); missing > 0 && !interrupted {
		switch status := p.client.Status(); {
		case !status.Had && errors.Is(status.Err, pub.ErrWrongPeer):
			return fmt.Errorf("%w: %s; name the publish endpoint of a consolidator with --publish, such as %s", headless.ErrNotConnected, record.Safe(status.Err.Error()), pub.DefaultEndpoint)
		case !status.Had:
			return fmt.Errorf("%w: %s was never had; start it, or name another with --publish", headless.ErrNotConnected, record.Safe(p.to))
		case status.Err != nil:
			return fmt.Errorf("%w: %s was lost, and not had again in time: %d records were not published, or nobody knows", headless.ErrNotConnected, record.Safe(p.to), missing)
		}
		return fmt.Errorf("%d records were not published, or nobody knows", missing)
	}
	return nil
}
