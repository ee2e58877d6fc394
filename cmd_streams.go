package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/recorder"
)

const (
	streamsLook    = 100 * time.Millisecond  // between two looks at the sources
	streamsMeasure = 2500 * time.Millisecond // a rate needs two changes, which are told each second
)

func newStreams(ended *outcome) *cobra.Command {
	var (
		r        reading
		patience time.Duration
	)
	c := &cobra.Command{
		Use:   "streams",
		Short: "List the streams that are live now, with their rates",
		Long: "List the streams that had a record within the last minute: name, records a second, bytes a second, and\n" +
			"how many consolidators they come from. It measures for some seconds before it prints.",
		Example: "  sluice streams\n  sluice streams --consolidator tcp://127.0.0.1:5552",
		Args:    noArguments,
	}
	r.sources(c.Flags())
	c.Flags().DurationVar(&patience, "for", 10*time.Second, "wait at most this time for a first answer")
	c.RunE = ended.run(func(ctx context.Context, _ []string) error {
		return r.read(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, source *stream.Source) error {
			live, err := listStreams(ctx, source, patience)
			if err != nil {
				return err
			}
			if len(live) == 0 {
				fmt.Fprintln(os.Stderr, "sluice: no stream had a record within the last minute")
			}
			return printStreams(os.Stdout, live)
		})
	})
	return c
}

// listStreams waits until a source is connected, and measures then.
func listStreams(ctx context.Context, source *stream.Source, patience time.Duration) ([]stream.Live, error) {
	source.WatchStreams(true)
	look := time.NewTicker(streamsLook)
	defer look.Stop()
	began := time.Now()
	var connected time.Time
	for {
		select {
		case <-ctx.Done():
			return nil, errInterrupted
		case <-look.C:
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
			return nil, fmt.Errorf("list the streams: %w: %s", recorder.ErrNotHad, why)
		}
	}
}

// connection reports whether a source is connected, or why the first is not.
func connection(sources []stream.Status) (up bool, why string) {
	for _, s := range sources {
		if s.State.Connected() {
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

func printStreams(w io.Writer, live []stream.Live) error {
	if len(live) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "STREAM\tRECORDS/S\tBYTES/S\tSOURCES")
	for _, s := range live {
		fmt.Fprintf(t, "%s\t%.1f\t%.0f\t%d\n", record.Safe(s.Name), s.Rate, s.Bytes, s.Sources)
	}
	return t.Flush()
}
