package cli

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"sluice/cluster/names"
	"sluice/cluster/record"
	"sluice/headless/printer"
	"sluice/tui"
)

func newTail(ended *outcome) *cobra.Command {
	var r reading
	c := &cobra.Command{
		Use:   "tail STREAM…",
		Short: "Show streams full-screen, or print them as lines",
		Long: "Show streams in the full-screen client, side by side; a+b is two streams in one pane, merged by time (a plus in\n" +
			"a name is written \\+); a pattern such as 'tenant/*' is all streams that match, and those that appear later.\n" +
			"When standard output is no terminal, or with --plain\n" +
			"(and with --count, --for, --until or --output), print their records as lines: records to standard output,\n" +
			"everything else to standard error.",
		Example: "  sluice tail system tenant/acme\n  sluice tail system+tenant/acme tenant/globex\n  sluice tail system 'tenant/*'\n  sluice tail --plain --last 100 --count 100 tenant/acme\n  sluice tail --for 30s --until 'deploy .* finished' system | head",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return helpHint(c, usagef("no stream is named: name one, such as system, or list them with \"sluice streams\""))
		}
		for _, name := range allStreams(args) {
			if err := checkStream(name); err != nil {
				return helpHint(c, err)
			}
		}
		return nil
	}
	r.sources(c.Flags())
	r.client(c.Flags())
	r.records(c.Flags())
	c.ValidArgsFunction = r.liveStreams
	c.RunE = ended.run(func(ctx context.Context, streams []string) error {
		var err error
		if r.wantsLines() || !isTerminal(os.Stdout) {
			err = printLines(ctx, &r, allStreams(streams))
		} else {
			err = openClient(ctx, &r, streams)
		}
		if err == nil && ctx.Err() != nil {
			return errInterrupted
		}
		return err
	})
	return c
}

// checkStream reports why a text names no stream, and is no pattern of streams.
func checkStream(text string) error {
	if names.IsPattern(text) {
		if _, err := names.ParsePattern(text); err != nil {
			return &usageError{err}
		}
		return nil
	}
	if err := names.Check(text); err != nil {
		return usagef("stream %q: %w", text, err)
	}
	return nil
}

// allStreams are the streams of all panes.
func allStreams(panes []string) []string {
	var streams []string
	for _, pane := range panes {
		for _, stream := range names.Split(pane) {
			if !slices.Contains(streams, stream) {
				streams = append(streams, stream)
			}
		}
	}
	return streams
}

// printLines prints records as lines.
func printLines(ctx context.Context, r *reading, streams []string) error {
	config, err := r.printing()
	if err != nil {
		return err
	}
	config.Streams, config.Patterns = streams, true
	config.Since = r.before.since != "" || r.before.from != ""
	if config.Last, err = r.backfill(0); err != nil {
		return err
	}
	return r.withSource(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, source feed) error {
		config.Source = source
		out := r.stdout(ctx)
		defer out.Close()
		config.Out = out
		printer, err := printer.New(config)
		if err != nil {
			return &usageError{err}
		}
		return printer.Run(ctx)
	})
}

// printing makes a printer's Config of the flags.
func (r *reading) printing() (printer.Config, error) {
	config := printer.Config{Notices: os.Stderr, Count: r.count, For: r.during}
	var err error
	if config.Filter, err = r.filter(); err != nil {
		return config, err
	}
	if config.Until, err = expression("--until", r.until); err != nil {
		return config, err
	}
	if config.Layout, err = record.ParseLayout(r.output); err != nil {
		return config, usagef("--output: %w", err)
	}
	if isTerminal(os.Stdout) {
		config.Style = record.Style{Colour: os.Getenv("NO_COLOR") == "", Location: time.Local, Terminal: true}
	}
	return config, nil
}

// openClient opens the full-screen client.
func openClient(ctx context.Context, r *reading, streams []string) error {
	config := tui.Config{Streams: streams, Restore: r.restore, LayoutPath: layoutPath()}
	loadSettings(&config)
	if r.set.Changed("keep") {
		config.Records = r.keep
	}
	if r.set.Changed("keep-bytes") {
		config.Bytes = int64(r.keepBytes)
	}
	last := lastFullScreen
	if n := config.Settings.Last; n != nil {
		last = int(*n)
	}
	var err error
	if config.Last, err = r.backfill(last); err != nil {
		return err
	}
	if config.Filter, err = r.filter(); err != nil {
		return err
	}
	if r.level == "" {
		config.Filter.Level = config.Settings.Level.Level
	}
	// What comes while the screen is drawn, or while the machine is busy, waits.
	r.inbox = clientInbox
	log := openLogFile("client")
	defer log.close(os.Stderr)
	return r.withSource(ctx, log.logger(), func(ctx context.Context, source feed) error {
		config.Feed = source
		switch {
		case r.before.client != nil:
			config.Archive = clientArchive(r.before.client)
		case r.history != nil:
			config.Archive = clientThrough(r.history)
			defer r.history.Close()
		}
		client, err := tui.New(config)
		if err != nil {
			return &usageError{err}
		}
		return client.Run(ctx)
	})
}

// clientInbox is how many bytes of records may wait for the full-screen client:
// most of a second of 300,000 records of 240 bytes.
const clientInbox = 64 << 20

// openPicker opens the full-screen client on streams, or on the picker of live streams.
func openPicker(ctx context.Context, r *reading, streams []string) error {
	if !isTerminal(os.Stdout) {
		return usagef("the full-screen client needs a terminal: name streams, as in \"sluice tail --plain system\"")
	}
	return openClient(ctx, r, streams)
}
