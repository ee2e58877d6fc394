package cli

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"sluice/headless/recorder"
)

// defaultQueue is how much may wait for the disk, in bytes: a second and more
// of what a machine can record.
const defaultQueue = 64 << 20

func newRecord(ended *outcome) *cobra.Command {
	var (
		r          reading
		config     recorder.Config
		after      time.Duration
		fsync      string
		summary    = summaryText
		rotateSize size
		queue      = size(defaultQueue)
	)
	c := &cobra.Command{
		Use:   "record STREAM… --out FILE",
		Short: "Record streams into files, for scripts",
		Long: "Record streams into files, one record a line, byte for byte. A stream may be a pattern, such as 'tenant/*':\n" +
			"the streams that it matches are recorded as they appear. What was lost stands in the recording where it was\n" +
			"lost, and a summary goes to standard error at the end.\n\n" +
			"FILE is written as FILE.part, and gets its name when it is whole. An ending of .gz or .zst compresses it. With\n" +
			"{stream} in it, each stream has files of its own; in one of several streams, lines say of which the records are,\n" +
			"and replay shows them there. Rotated files have a time stamp before their ending.",
		Example: "  sluice record system --out system.ndjson --for 10m\n" +
			"  sluice record system --out incident.ndjson.zst --last 1000 --until '\"level\":60' --after 30s\n" +
			"  sluice record 'tenant/*' --out 'logs/{stream}.ndjson.zst' --rotate 1h --keep 48\n" +
			"  sluice record system --out - --count 100 | jq .msg",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return helpHint(c, usagef("no stream is named: name one, such as system, or a pattern, such as 'tenant/*'"))
		}
		return nil
	}
	flags := c.Flags()
	r.sources(flags)
	r.filters(flags)
	flags.IntVar(&r.last, "last", 0, "begin with the last N records of each stream")
	r.before.flags(flags)
	flags.DurationVar(&after, "after", 0, "go on for this time after --count or --until was met")
	flags.StringVar(&config.Out, "out", "", "record into this file; - is standard output (required)")
	flags.BoolVar(&config.Force, "force", false, "overwrite files that are there")
	flags.DurationVar(&config.Rotate, "rotate", 0, "begin a new file at each multiple of this time by the clock (UTC), as in 1h")
	flags.Var(&rotateSize, "rotate-size", "begin a new file rather than let one grow beyond this size, as in 100M")
	flags.IntVar(&config.Keep, "keep", 0, "keep the newest N rotated files, of each stream with {stream}, and remove older ones")
	flags.StringVar(&fsync, "fsync", "1s", "bring what was recorded to the disk: none, 1s or always")
	flags.Var(&summary, "summary", "report at the end what was recorded and lost, on standard error: text, json, none")
	flags.Var(&queue, "queue", "let at most this size of records wait for the disk; more is lost upstream, and counted")
	flags.IntVar(&config.MaxStreams, "max-streams", recorder.DefaultMaxStreams, "record at most N streams of patterns")
	c.ValidArgsFunction = r.liveStreams
	c.RunE = ended.run(func(ctx context.Context, streams []string) error {
		config.Streams, config.Count, config.For, config.After = streams, r.count, r.during, after
		config.RotateSize = int64(rotateSize)
		config.Since = r.before.since != "" || r.before.from != ""
		r.inbox = int(queue)
		if err := r.recording(&config, fsync); err != nil {
			return err
		}
		return r.withSource(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, source feed) error {
			config.Source = source
			out := r.stdout(ctx)
			defer out.Close()
			config.Stdout = out
			rec, err := recorder.New(config)
			if err != nil {
				return &usageError{err}
			}
			err = rec.Run(ctx)
			if s := rec.Summary(); s != nil {
				summary.write(s)
			}
			return err
		})
	})
	return c
}

// recording makes a recorder's Config of the flags.
func (r *reading) recording(config *recorder.Config, fsync string) (err error) {
	if config.Last, err = r.backfill(0); err != nil {
		return err
	}
	if config.Filter, err = r.filter(); err != nil {
		return err
	}
	if config.Until, err = expression("--until", r.until); err != nil {
		return err
	}
	if config.Fsync, err = recorder.ParseFsync(fsync); err != nil {
		return usagef("--fsync: %w", err)
	}
	config.Notices = os.Stderr
	if isTerminal(os.Stderr) && (config.Out != recorder.Stdout || !isTerminal(os.Stdout)) {
		config.Progress.Terminal, config.Progress.Width = os.Stderr, stderrWidth
	}
	return nil
}

// stderrWidth is how wide the terminal is that standard error is, in cells.
func stderrWidth() int {
	if width, _, err := term.GetSize(os.Stderr.Fd()); err == nil {
		return width
	}
	return 80
}
