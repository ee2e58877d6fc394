package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"sluice/archive/engine"
	"sluice/archive/history"
	"sluice/cluster/httpapi"
	"sluice/cluster/moment"
	"sluice/cluster/stream"
)

// feed is where records come from, live and of before.
type feed interface {
	Run(ctx context.Context) error
	Tail(name string, from stream.Backfill)
	Stop(name string)
	Ready() <-chan struct{}
	TryTake() *stream.Batch
	Take(ctx context.Context) (*stream.Batch, error)
	stream.Directory
}

// before is the flags for what was said before, and for the times of records.
type before struct {
	set     *pflag.FlagSet // nil: there are none of these flags
	archive archiveSource
	client  *engine.Client // of the archive, while records are read; nil: there is none

	since, from, to string
	late            time.Duration
}

// flags adds the flags.
func (b *before) flags(set *pflag.FlagSet) {
	b.set = set
	b.archive.flags(set)
	set.StringVar(&b.since, "since", "", "begin with the records since then: so long ago, as in 2h or 7d, at a time that was last, as in 08:53, 'mon 14:00' or yesterday, or as in 2026-03-01T08:00")
	set.StringVar(&b.from, "from", "", "another name of --since")
	set.StringVar(&b.to, "to", "", "end with the records of that time, which is written as that of --since; +10m is so long after that")
	set.DurationVar(&b.late, "late", history.DefaultLate, "with --to, look for records in the archive that came so much later than their own time")
}

// times are the bounds of the times of records; zero is none.
func (b *before) times(now time.Time) (from, to time.Time, err error) {
	if b.since != "" && b.from != "" {
		return from, to, usagef("--since and --from are both given: give one, they mean the same")
	}
	if text, flag := cmp.Or(b.since, b.from), "--since"; text != "" {
		if b.since == "" {
			flag = "--from"
		}
		if from, err = parseSince(flag, text, now); err != nil {
			return from, to, err
		}
	}
	if b.to != "" {
		m, err := moment.Parse(b.to)
		if err == nil && m.Ahead() && from.IsZero() {
			err = errors.New("it is so long after --since, which is not given")
		}
		if err == nil {
			to, err = m.In(moment.Frame{Now: now, First: from, Here: from})
		}
		if err != nil {
			return from, to, usagef("--to: %w", err)
		}
	}
	switch {
	case from.After(now):
		return from, to, usagef("--since %s is in the future: give a time that has been, or no --since for what comes", from.Format(time.RFC3339))
	case !to.IsZero() && to.Before(from):
		return from, to, usagef("--to %s is before --since %s", to.Format(time.RFC3339), from.Format(time.RFC3339))
	case b.late < 0:
		return from, to, usagef("--late %s is negative", b.late)
	case !to.IsZero() && from.IsZero():
		return from, to, usagef("--to is given without --since: give where to begin, too")
	}
	return from, to, nil
}

// parseSince reads a time that has been, of a flag.
func parseSince(flag, text string, now time.Time) (time.Time, error) {
	m, err := moment.Parse(text)
	if err == nil && m.Ahead() {
		err = fmt.Errorf("%q is after something else: write %s", text, "2h, 7d, 08:53, mon 14:00, yesterday or 2026-03-01T08:00")
	}
	if err != nil {
		return time.Time{}, usagef("%s: %w", flag, err)
	}
	at, err := m.In(moment.Frame{Now: now, Limit: now})
	if err != nil {
		return time.Time{}, usagef("%s: %w", flag, err)
	}
	return at, nil
}

// query adds what a proxy is to know, unless history is read here.
func (b *before) query(from time.Time) url.Values {
	if from.IsZero() || b.archive.given() {
		return nil
	}
	return url.Values{httpapi.QuerySince: {from.UTC().Format(time.RFC3339Nano)}}
}

// over puts history before a live source, if some is wanted; tells is whether that tells
// itself what it no longer has. Call the function that it
// returns when the source is not needed any more.
func (b *before) over(live *stream.Source, tells bool, from, to time.Time, logger *slog.Logger) (feed, func(), error) {
	if b.set == nil || !b.archive.given() && from.IsZero() && to.IsZero() {
		return live, func() {}, nil
	}
	config := history.Config{Live: live, From: from, To: to, Late: b.late, Tells: tells}
	client, err := b.archive.dial(logger)
	if err != nil {
		return nil, nil, err
	}
	end := func() {}
	if client != nil {
		end = client.Close
		config.Archive = history.New(client)
		b.client = client
	}
	source, err := history.NewSource(config)
	if err != nil {
		end()
		return nil, nil, &usageError{err}
	}
	return source, end, nil
}
