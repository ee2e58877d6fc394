package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"sluice/cluster/moment"
	"sluice/cluster/names"
	"sluice/cluster/publish"
	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/headless/printer"
	"sluice/headless/replay"
	"sluice/tui"
)

// replaying is the flags of replay.
type replaying struct {
	reading
	speed     speed
	idleLimit time.Duration
	from, to  string
	stream    string
	publish   string
	keys      curveKeys
}

func newReplay(ended *outcome) *cobra.Command {
	r := replaying{speed: 1}
	c := &cobra.Command{
		Use:   "replay FILE…",
		Short: "Show recordings as if they happened now, or print them",
		Long: "Replay recordings: any files of one bunyan record, or any other JSON object or text, a line; plain, UTF-16,\n" +
			"gzip, zstd, bzip2 or xz, told apart by what is in them. Several files are merged by time; - is standard input. On a terminal\n" +
			"the full-screen client opens: P pauses the replay, > and < change its speed, . goes to the next record,\n" +
			"[ and ] a minute back and on, and T to any time, also one that was not replayed yet.\n" +
			"When standard output is no terminal, or with --plain (and with --count, --for, --until or --output), records\n" +
			"are printed as lines. With --publish they are published again, each to its stream.\n\n" +
			"A recording of several streams says itself of which its records are. The stream of any other is read off its\n" +
			"name: tenant+acme-20260301T120000Z.ndjson.zst, as record makes it with {stream}, is of tenant/acme. --stream\n" +
			"names another one for all.\n\n" +
			"A TIME is a time of day (14:05: the first in the recording), a day of the week with or without one (mon 14:00), a date\n" +
			"(2026-03-01, 2026-03-01 14:05, Mar 1), RFC 3339 (2026-03-01T14:05:00Z), today or yesterday; +10m is after the start\n" +
			"of the recording, -5m before its end. What has no zone is in the local one. T in the client takes the same.",
		Example: "  sluice replay incident.log.zst\n  sluice replay --speed 10 --idle-limit 2s vm-1.log vm-2.log.gz\n" +
			"  sluice replay --speed max --from 12:00 --to 12:05 --level error --output raw incident.log | jq .msg\n" +
			"  sluice replay --publish tcp://127.0.0.1:5551 --stream tenant/test incident.log.zst",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return helpHint(c, usagef("no recording is named: name a file, or - for standard input"))
		}
		return nil
	}
	set := c.Flags()
	set.Var(&r.speed, "speed", "replay so many times as fast as it was recorded; max is as fast as possible")
	set.DurationVar(&r.idleLimit, "idle-limit", 0, "make no pause longer than this, as in 2s; without it, pauses of more than a day are left out")
	set.StringVar(&r.from, "from", "", "begin with the records of this TIME")
	set.StringVar(&r.to, "to", "", "end before the records of this TIME")
	set.StringVar(&r.stream, "stream", "", "replay as this stream; default: what the recording says, or read off the name of each file")
	set.StringVar(&r.publish, "publish", "", "publish the records again, to the publish endpoint of a consolidator, as in tcp://127.0.0.1:5551")
	r.keys.flags(set)
	r.chosen(set)
	c.RunE = ended.run(func(ctx context.Context, files []string) error {
		config, err := r.replay(files)
		if err != nil {
			return err
		}
		switch {
		case r.keys.given() && !set.Changed("publish"):
			return usagef("--curve-key and --curve-server are for publishing again: give --publish, too")
		case set.Changed("publish") && (r.plain || set.Changed("output")):
			return usagef("--publish prints nothing: leave out --plain and --output")
		case set.Changed("publish"):
			err = replayPublish(ctx, &r, config)
		case r.wantsLines() || !isTerminal(os.Stdout):
			err = replayLines(ctx, &r, config)
		default:
			err = replayClient(ctx, &r, config)
		}
		if err == nil && ctx.Err() != nil {
			return errInterrupted
		}
		return err
	})
	return c
}

// replay makes a replay's Config of the flags.
func (r *replaying) replay(files []string) (replay.Config, error) {
	config := replay.Config{Files: files, Stream: r.stream, Speed: float64(r.speed), IdleLimit: r.idleLimit}
	var err error
	for _, m := range []struct {
		flag, text string
		moment     *moment.Moment
	}{{"--from", r.from, &config.From}, {"--to", r.to, &config.To}} {
		if m.text == "" {
			continue
		}
		if strings.Contains(m.text, "://") {
			return config, usagef("%s %q is no time: to publish a recording again give --publish %s", m.flag, m.text, m.text)
		}
		if *m.moment, err = moment.Parse(m.text); err != nil {
			return config, usagef("%s: %w", m.flag, err)
		}
	}
	return config, nil
}

// withReplay runs a replay as long as use runs.
func withReplay(ctx context.Context, config replay.Config, use func(context.Context, *replay.Source) error) error {
	source, err := replay.New(config)
	if err != nil {
		return replayError(err)
	}
	return rescue.Beside(ctx, "read the recording",
		func(ctx context.Context) error { return replayError(source.Run(ctx)) },
		func(ctx context.Context) error { return use(ctx, source) })
}

// replayError separates wrong usage from what the machine did not give.
func replayError(err error) error {
	var config *replay.ConfigError
	if errors.As(err, &config) {
		return &usageError{err}
	}
	return err
}

// replayLines prints a replay as lines.
func replayLines(ctx context.Context, r *replaying, config replay.Config) error {
	out, err := r.printing()
	if err != nil {
		return err
	}
	return withReplay(ctx, config, func(ctx context.Context, source *replay.Source) error {
		out.Source, out.Streams = source, source.StreamNames()
		stdout := r.stdout(ctx)
		defer stdout.Close()
		out.Out = stdout
		out.More = func(newest time.Time) []string { return replayed(ctx, source.Stats(), config, newest) }
		printer, err := printer.New(out)
		if err != nil {
			return &usageError{err}
		}
		return printer.Run(ctx)
	})
}

// replayed describes how a replay differs from the recordings: lines that were cut, and, of a replay that ctx has ended, up to which time of
// the recording its counts go.
func replayed(ctx context.Context, stats replay.Stats, config replay.Config, newest time.Time) (lines []string) {
	limit := config.MaxLine
	if limit == 0 {
		limit = replay.DefaultMaxLine
	}
	switch {
	case stats.Cut == 1:
		lines = append(lines, fmt.Sprintf("1 line was longer than %d bytes and was cut there", limit))
	case stats.Cut > 1:
		lines = append(lines, fmt.Sprintf("%d lines were longer than %d bytes and were cut there", stats.Cut, limit))
	}
	switch {
	case stats.Strange == 1:
		lines = append(lines, "1 record has a time far from that of its neighbours, and stands with them")
	case stats.Strange > 1:
		lines = append(lines, fmt.Sprintf("%d records have times far from those of their neighbours, and stand with them", stats.Strange))
	}
	if j := stats.Jumps; j.Count > 0 {
		text := "not waited for: "
		if j.Count > 1 {
			text += fmt.Sprintf("%d jumps of more than a day, the longest ", j.Count)
		}
		lines = append(lines, text+"from "+j.From.UTC().Format(time.RFC3339)+" to "+j.To.UTC().Format(time.RFC3339))
	}
	for _, h := range stats.Holes {
		lines = append(lines, record.Safe(h.File)+": "+h.String())
	}
	switch {
	case ctx.Err() == nil && stats.Ended && stats.Records == 0 && stats.Outside > 0:
		lines = append(lines, "every record is from before --from, or not from before --to")
	case ctx.Err() == nil:
	case newest.IsZero():
		lines = append(lines, "interrupted before the first record")
	default:
		lines = append(lines, "interrupted: what comes after "+newest.Format(time.RFC3339Nano)+" is not counted")
	}
	return lines
}

// replayPublish publishes a replay, each record to its stream.
func replayPublish(ctx context.Context, r *replaying, config replay.Config) error {
	out := replay.PublisherConfig{
		Publish: publish.Config{
			Endpoint: r.publish,
			Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		},
		Count: r.count, For: r.during, Notices: os.Stderr,
	}
	err := r.keys.publish(&out.Publish)
	if err != nil {
		return &usageError{err}
	}
	if out.Filter, err = r.filter(); err != nil {
		return err
	}
	if out.Until, err = expression("--until", r.until); err != nil {
		return err
	}
	return withReplay(ctx, config, func(ctx context.Context, source *replay.Source) error {
		out.Source = source
		out.More = func(newest time.Time) []string { return replayed(ctx, source.Stats(), config, newest) }
		publisher, err := replay.NewPublisher(out)
		if err != nil {
			return &usageError{err}
		}
		return publisher.Run(ctx)
	})
}

// replayClient replays into the full-screen client.
func replayClient(ctx context.Context, r *replaying, config replay.Config) error {
	client := tui.Config{Title: "sluice replay"}
	loadSettings(&client)
	var err error
	if client.Filter, err = r.filter(); err != nil {
		return err
	}
	config.Gaps, config.Seekable, config.Listed = true, true, true
	for _, name := range config.Files {
		if name == replay.Stdin {
			return usagef("the full-screen client has the keyboard on standard input: name a file, or give --plain")
		}
	}
	return withReplay(ctx, config, func(ctx context.Context, source *replay.Source) error {
		client.Feed, client.Streams = source, []string{inOnePane(source.StreamNames())}
		client.RecordTime, client.Seek = source.RecordTime, source.Seek
		client.Actions = []tui.Action{
			{Key: "P", Help: "stop the replay, or go on", Do: source.Pause},
			{Key: ">", Help: "replay twice as fast", Do: source.Faster},
			{Key: "<", Help: "replay half as fast", Do: source.Slower},
			{Key: ".", Help: "next record at once", Do: source.SkipPause},
			{Key: "[", Help: "a minute back", Do: func() string { return source.Skip(-time.Minute) }},
			{Key: "]", Help: "a minute on", Do: func() string { return source.Skip(time.Minute) }},
		}
		screen, err := tui.New(client)
		if err != nil {
			return &usageError{err}
		}
		err = screen.Run(ctx)
		for _, text := range replayed(context.WithoutCancel(ctx), source.Stats(), config, time.Time{}) { // that it was left is no news
			fmt.Fprintf(os.Stderr, "sluice: %s\n", text)
		}
		return err
	})
}

// inOnePane names streams so that the client merges them in one pane.
func inOnePane(streams []string) string {
	escaped := make([]string, len(streams))
	for i, name := range streams {
		escaped[i] = strings.ReplaceAll(names.Literal(name), "+", `\+`)
	}
	return strings.Join(escaped, "+")
}
