package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"sluice/archive/consume"
	"sluice/archive/consume/command"
	"sluice/cluster/stdio"
)

func newConsume(ended *outcome) *cobra.Command {
	var (
		from    archiveSource
		config  consume.Config
		text    string
		since   string
		during  time.Duration
		forget  bool
		summary = summaryText
	)
	c := &cobra.Command{
		Use:   "consume GROUP [STREAM…]",
		Short: "Work through what the archive keeps, shared with other workers",
		Long: "Work through what the archive keeps, and what comes to it. All workers with the same GROUP share the work, on any\n" +
			"number of machines; they come, go, die and hang without a pause for the others. STREAM is a name or a pattern, such\n" +
			"as 'tenant/*'; a group that is there needs none.\n\n" +
			"Each batch of records goes to the standard input of the command (--exec), a record a line. When it exits with 0 the\n" +
			"batch is done. When it fails, or takes longer than --timeout, the batch is put aside and tried again in halves, until\n" +
			"only the records that fail are left; each of them is tried --attempts times, and then rests among the dead: see\n" +
			"`sluice deferred`. The command finds SLUICE_STREAM, SLUICE_BATCH and more in its environment. Without --exec records\n" +
			"are written to standard output, and are done when they are written.\n\n" +
			"What is new comes before what has waited. Each record is delivered at least once; the summary says how many\n" +
			"batches came again, since a worker died with them.",
		Example: "  sluice consume index 'tenant/*' --exec './into-elasticsearch.sh'\n" +
			"  sluice consume audit system/auth --ordered --since 24h --drain > audit.ndjson\n" +
			"  sluice consume errors '**' --new --exec 'jq -c \"select(.level >= 50)\" >> errors.ndjson'",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return helpHint(c, usagef("no group is named: name one that says what the work is, such as index"))
		}
		return nil
	}
	c.ValidArgsFunction = cobra.NoFileCompletions
	flags := c.Flags()
	from.flags(flags)
	flags.Lookup("archive").DefValue = defaultArchive
	flags.StringVar(&text, "exec", "", "have sh run this command for each batch, with the records on its standard input")
	flags.DurationVar(&config.Timeout, "timeout", consume.DefaultTimeout, "end the command after this time, and put the batch aside")
	flags.IntVar(&config.Attempts, "attempts", consume.DefaultAttempts, "try a record that fails N times, and then leave it to the dead")
	flags.BoolVar(&config.Ordered, "ordered", false, "one batch of a stream at a time, in order: what fails holds up its stream until it is dead")
	flags.StringVar(&since, "since", "", "a new group begins here: so long ago, as in 24h or 7d, or at a time, as in 08:53, 'mon 14:00', yesterday or 2026-03-01T08:00; default: with the oldest that is held")
	flags.IntVar(&config.Start.Last, "last", 0, "or with the last N records of each stream of each consolidator")
	flags.BoolVar(&config.Start.New, "new", false, "or with what comes from now on")
	flags.BoolVar(&config.Drain, "drain", false, "end when there is nothing to do, rather than wait for more")
	flags.DurationVar(&during, "for", 0, "end after this time, as in 30s")
	flags.BoolVar(&forget, "forget", false, "remove the group, and what it has put aside, and end: the next worker begins anew")
	flags.Var(&summary, "summary", "report at the end what was done, on standard error: text, json, none")
	c.RunE = ended.run(func(ctx context.Context, args []string) error {
		config.Group, config.Streams = args[0], args[1:]
		if err := startAt(&config.Start, since, flags.Changed("last"), time.Now()); err != nil {
			return err
		}
		if during < 0 || flags.Changed("timeout") && config.Timeout <= 0 || flags.Changed("attempts") && config.Attempts <= 0 {
			return usagef("--for, --timeout and --attempts must be above zero")
		}
		log, flush := serverLog()
		defer flush()
		client, err := from.dialDefault(log)
		if err != nil {
			return err
		}
		defer client.Close()
		if forget {
			return consumeError(consume.Forget(ctx, client, config.Group))
		}
		if during > 0 {
			within, cancel := context.WithTimeout(ctx, during)
			defer cancel()
			ctx = within
		}
		ctx, fail := context.WithCancelCause(ctx)
		defer fail(nil)
		out := stdio.NewWriter(ctx, os.Stdout)
		defer out.Close()
		told := func(loss string) { log.Warn(loss) }
		if text != "" {
			config.Handle = (&command.Command{Text: text, Stdout: os.Stdout, Stderr: os.Stderr, Told: told}).Handle
		} else {
			if flags.Changed("exec") {
				return usagef("--exec is empty: give a command, or leave it out to write records to standard output")
			}
			config.Handle = (&command.Lines{To: out, Told: told, Failed: func(err error) { fail(outputError(err)) }}).Handle
		}
		config.Archive, config.Logger = client, log
		return runWorker(ctx, config, summary)
	})
	return c
}

func runWorker(ctx context.Context, config consume.Config, summary summaryFormat) error {
	worker, err := consume.New(config)
	if err != nil {
		return consumeError(err)
	}
	err = worker.Run(ctx)
	stats := worker.Stats()
	summary.write(&stats)
	if err != nil {
		return consumeError(err)
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// consumeError tells wrong usage from what failed.
func consumeError(err error) error {
	if errors.Is(err, consume.ErrConfig) {
		return &usageError{err}
	}
	return err
}

// startAt reads where a new group begins.
func startAt(s *consume.Start, since string, last bool, now time.Time) (err error) {
	switch {
	case last && s.Last <= 0:
		return usagef("--last %d: give a number above zero, or --new", s.Last)
	case since == "":
		return nil
	}
	if s.Since, err = parseSince("--since", since, now); err != nil {
		return err
	}
	if s.Since.After(now) {
		return usagef("--since %s is in the future: to begin with what comes from now on, give --new", since)
	}
	return nil
}
