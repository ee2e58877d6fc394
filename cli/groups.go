package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"sluice/cluster/stdio"
	"sluice/headless"
	"sluice/headless/grouper"
)

// grouping is the flags of groups.
type grouping struct {
	reading
	each bool
	than []string
}

func newGroups(ended *outcome) *cobra.Command {
	var g grouping
	c := &cobra.Command{
		Use:   "groups FILE…|STREAM…",
		Short: "Fold similar messages into templates, with counts",
		Long: "Fold the messages of recordings, of any other logs, or of streams into templates: what differs from message to\n" +
			"message, such as numbers, ids and names, becomes <*>. Each template is printed with how many messages it has,\n" +
			"of which levels, and when the first and the last came; the most frequent first.\n\n" +
			"Files are read as replay reads them; - is standard input. What was printed in several lines, such as a stack\n" +
			"trace, is one message. An argument that names no file is a stream, and read until --count, --for, --until or ^C.\n\n" +
			"With --each a number is printed for each line of the files, in order: that of its template, 0 for a blank\n" +
			"line. With --output json each line is an object: group (the number), template, count, first, last, levels.\n" +
			"With --than only templates are printed that the recording OLDER does not have: what is new since then?",
		Example: "  sluice groups incident.ndjson.zst\n  sluice groups --level warn --than monday.log.gz tuesday.log.gz\n" +
			"  sluice groups --for 30s tenant/acme\n  sluice groups --output json app.log | jq -r 'select(.levels.error > 10).template'",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return helpHint(c, usagef("nothing is named: name a recording, - for standard input, or a stream, such as system"))
		}
		return nil
	}
	flags := c.Flags()
	g.sources(flags)
	g.filters(flags)
	flags.IntVar(&g.last, "last", 0, "begin with the last N records of each stream")
	flags.BoolVar(&g.each, "each", false, "print the number of its template for each line of the files")
	flags.StringArrayVar(&g.than, "than", nil, "leave out the templates that this recording has (repeatable)")
	flags.StringVar(&g.output, "output", "text", "print templates as: text, json")
	c.RunE = ended.run(g.run)
	return c
}

func (g *grouping) run(ctx context.Context, args []string) error {
	filter, err := g.filter()
	if err != nil {
		return err
	}
	if g.output != "text" && g.output != "json" {
		return usagef("--output %q: write text or json", g.output)
	}
	streams, err := g.streams(args)
	if err != nil {
		return err
	}
	folded := grouper.New(grouper.Config{Filter: filter, Numbers: g.each, Notify: func(text string) { fmt.Fprintf(os.Stderr, "sluice: %s\n", text) }})
	for _, name := range g.than {
		if err := folded.Know(ctx, name); err != nil {
			return err
		}
	}
	if streams {
		err = g.follow(ctx, folded, args)
	} else {
		for _, name := range args {
			if err := folded.Read(ctx, name); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
	}
	out := stdio.NewWriter(context.WithoutCancel(ctx), os.Stdout)
	defer out.Close()
	var written error
	switch {
	case g.each:
		written = folded.WriteNumbers(out)
	case g.output == "json":
		written = folded.WriteJSON(out)
	default:
		written = folded.WriteTable(out, time.Local)
	}
	if written := outputError(written); written != nil {
		return written
	}
	return err
}

// streams reports whether the arguments are streams, not files, and what is wrong with
// them and the flags otherwise.
func (g *grouping) streams(args []string) (bool, error) {
	files := 0
	for _, name := range args {
		if _, err := os.Stat(name); name == grouper.Stdin || !errors.Is(err, fs.ErrNotExist) {
			files++
		}
	}
	switch {
	case files == len(args):
		for _, flag := range []string{"proxy", "consolidator", "etcd", "dns", "consolidators-file", "last", "count", "for", "until"} {
			if g.set.Changed(flag) {
				return false, usagef("--%s is for streams, and %q is a file", flag, args[0])
			}
		}
		return false, nil
	case files > 0:
		return false, usagef("name either files or streams: some of these are no files")
	case g.each:
		return false, usagef("--each is for the lines of files, and there is no file %q", args[0])
	}
	return true, nil
}

// follow folds streams.
func (g *grouping) follow(ctx context.Context, folded *grouper.Grouper, streams []string) error {
	last, err := g.backfill(0)
	if err != nil {
		return err
	}
	goal := headless.Goal{Count: g.count, For: g.during}
	if goal.Until, err = expression("--until", g.until); err != nil {
		return err
	}
	if err := goal.Check(); err != nil {
		return &usageError{err}
	}
	return g.withSource(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, source feed) error {
		return folded.Follow(ctx, source, streams, last, goal, os.Stderr)
	})
}
