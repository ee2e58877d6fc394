package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"sluice/cluster/record"
	"sluice/cluster/stdio"
	"sluice/cluster/stream"
	"sluice/headless"
)

const (
	streamsPoll    = 100 * time.Millisecond  // between two polls of the sources
	streamsMeasure = 2500 * time.Millisecond // a rate needs two changes, which come each second
)

func newStreams(ended *outcome) *cobra.Command {
	var (
		r           reading
		patience    time.Duration
		watch, json bool
	)
	c := &cobra.Command{
		Use:   "streams",
		Short: "List the streams that are live now, with their rates",
		Long: "List the streams that had a record within the last minute: name, records a second, bytes a second, and\n" +
			"how many consolidators they come from. It measures for some seconds before it prints. With --watch it goes\n" +
			"on each second until it is interrupted: on a terminal the list is redrawn, elsewhere it is appended, each\n" +
			"line beginning with its time.\n\n" +
			"With --json each line is an object: time (when it was looked at), name, rate (records a second), bytes (a\n" +
			"second), records (published, over all consolidators, since each of them has the stream), sources.",
		Example: "  sluice streams\n  sluice streams --watch --consolidator tcp://127.0.0.1:5552\n  sluice streams --json | jq -r 'select(.rate > 100).name'",
		Args:    noArguments,
	}
	r.sources(c.Flags())
	c.Flags().DurationVar(&patience, "for", 10*time.Second, "wait at most this time for a first answer")
	c.Flags().BoolVar(&watch, "watch", false, "go on, each second")
	c.Flags().BoolVar(&json, "json", false, "print one JSON object a stream")
	c.RunE = ended.run(func(ctx context.Context, _ []string) error {
		if patience < 0 {
			return usagef("--for %s is negative", patience)
		}
		list := newListing(os.Stdout, watch, json)
		out := stdio.NewWriter(ctx, os.Stdout)
		defer out.Close()
		list.out = out
		return r.withSource(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, source feed) error {
			live, err := listStreams(ctx, source, patience)
			if err != nil {
				return err
			}
			missing := unlisted(source.Status())
			switch {
			case watch || len(live) > 0:
			case len(missing) > 0:
				fmt.Fprintln(os.Stderr, "sluice: no stream is known to have had a record within the last minute")
			default:
				fmt.Fprintln(os.Stderr, "sluice: no stream had a record within the last minute")
			}
			for _, text := range missing {
				fmt.Fprintf(os.Stderr, "sluice: %s\n", text)
			}
			if err := list.print(time.Now(), live, nil); err != nil || !watch {
				return outputError(err)
			}
			return outputError(watchStreams(ctx, source, list))
		})
	})
	return c
}

// watchStreams prints the streams each second until ctx ends.
func watchStreams(ctx context.Context, source feed, list *listing) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			if list.screen != nil {
				_, _ = io.WriteString(list.out, "\n") // behind the ^C
			}
			return errInterrupted
		case now := <-tick.C:
			if b := source.TryTake(); b != nil {
				b.Release()
			}
			var trouble error
			if up, why := connection(source.Status()); !up {
				trouble = errors.New(why)
			}
			if err := list.print(now, source.Streams(), trouble); err != nil {
				return err
			}
		}
	}
}

// outputError is nil for an error that says that the reader has had enough, and
// errInterrupted for one that says that the reader was not waited for.
func outputError(err error) error {
	switch {
	case errors.Is(err, syscall.EPIPE):
		return nil
	case errors.Is(err, stdio.ErrStalled):
		return errInterrupted
	}
	return err
}

// listStreams waits until a source is connected, and measures then.
func listStreams(ctx context.Context, source feed, patience time.Duration) ([]stream.Live, error) {
	source.WatchStreams(true)
	poll := time.NewTicker(streamsPoll)
	defer poll.Stop()
	began := time.Now()
	var connected time.Time
	for {
		select {
		case <-ctx.Done():
			return nil, errInterrupted
		case <-poll.C:
		}
		if b := source.TryTake(); b != nil { // states; nothing is tailed
			b.Release()
		}
		up, why := connection(source.Status())
		switch {
		case up && connected.IsZero():
			connected = time.Now()
		case !up:
			connected = time.Time{}
		case time.Since(connected) >= streamsMeasure:
			return source.Streams(), nil
		}
		if !up && time.Since(began) >= patience {
			return nil, fmt.Errorf("list the streams: %w: %s", headless.ErrNotConnected, why)
		}
	}
}

// maxUnlisted is how many sources are named whose streams are not listed.
const maxUnlisted = 5

// unlisted describes the sources whose streams are not in the list.
func unlisted(sources []stream.Status) (texts []string) {
	n := 0
	for _, s := range sources {
		if s.State == stream.StateLive && !s.Finder || s.Archive {
			continue
		}
		if n++; n > maxUnlisted {
			continue
		}
		name := record.Safe(s.Name)
		if s.Finder {
			texts = append(texts, record.Safe(s.FinderText()))
			continue
		}
		if s.State == stream.StateUnaccounted {
			texts = append(texts, name+" is no consolidator, and cannot say which streams it has")
			continue
		}
		text := name + " is " + s.State.String()
		if s.Err != "" {
			text += ": " + record.Safe(s.Err)
		}
		texts = append(texts, text+"; streams that only it has are not listed")
	}
	if n > maxUnlisted {
		texts = append(texts, fmt.Sprintf("and so are %d more", n-maxUnlisted))
	}
	return texts
}

// connection reports whether a source is connected, or why the first is not.
func connection(sources []stream.Status) (up bool, why string) {
	for _, s := range sources {
		switch {
		case s.Archive:
			continue
		case s.Finder:
			if why == "" {
				why = s.FinderText()
			}
			continue
		case s.State.Connected():
			return true, ""
		}
		if why == "" {
			why = fmt.Sprintf("%s is %s", s.Address, s.State)
			if s.Err != "" {
				why += ": " + s.Err
			}
		}
	}
	return false, why
}
