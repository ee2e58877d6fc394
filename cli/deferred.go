package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"sluice/archive/consume"
	"sluice/cluster/jsonscan"
	"sluice/cluster/record"
	"sluice/cluster/stdio"
)

// putAside is the flags of the commands about what groups have put aside.
type putAside struct {
	archiveSource
	dead     bool
	all      bool
	output   string
	patience time.Duration
}

func newDeferred(ended *outcome) *cobra.Command {
	c := &cobra.Command{
		Use:   "deferred",
		Short: "See and settle what consumer groups could not do",
		Long: "See and settle what consumer groups could not do. Records whose command failed are put aside and tried again;\n" +
			"those that failed as often as they may are dead (--dead), and rest until they are retried or dropped.",
		Example: "  sluice deferred list index --dead\n  sluice deferred show index 17 --dead\n  sluice deferred retry index --all --dead",
		Args:    noArguments,
	}
	c.RunE = ended.run(func(context.Context, []string) error {
		return helpHint(c, usagef("say what to do: list, show, retry or drop"))
	})
	var list, show, retry, drop putAside
	c.AddCommand(
		list.command(ended, "list GROUP", "List what a group has put aside", "A line for each batch: its id, its stream, how many records, "+
			"how many attempts failed, when it is due, why the last one failed,\nand the message of its first record.", list.list),
		show.command(ended, "show GROUP ID…", "Print the records of what was put aside", "Print the records, a line each, as they were published.", show.show),
		retry.command(ended, "retry GROUP ID…|--all", "Have it tried again at once", "Have it tried again as soon as a worker has nothing new; the dead with all their attempts.", retry.retry),
		drop.command(ended, "drop GROUP ID…|--all", "Remove it for ever", "Remove it for ever: its records are not delivered to the group any more.", drop.drop),
	)
	return c
}

func (p *putAside) command(ended *outcome, use, short, long string, run func(context.Context, consume.Deferred, []uint64) error) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, ValidArgsFunction: cobra.NoFileCompletions}
	p.flags(c.Flags())
	c.Flags().Lookup("archive").DefValue = defaultArchive
	c.Flags().BoolVar(&p.dead, "dead", false, "those that are not tried any more")
	c.Flags().DurationVar(&p.patience, "for", 10*time.Second, "wait at most this time for an archive that does not answer")
	switch c.Name() {
	case "list":
		c.Flags().StringVar(&p.output, "output", "text", "print lines, or objects: text, json")
	case "retry", "drop":
		c.Flags().BoolVar(&p.all, "all", false, "all that the group has")
	}
	c.Args = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return helpHint(c, usagef("no group is named: name one of `sluice consume`"))
		case c.Name() == "list" && len(args) > 1:
			return helpHint(c, usagef("unknown argument %q: list takes a group alone", args[1]))
		case c.Name() != "list" && p.all == (len(args) > 1):
			return helpHint(c, usagef("give ids, as `sluice deferred list` shows them, or --all"))
		}
		return nil
	}
	c.RunE = ended.run(func(ctx context.Context, args []string) error {
		ids, err := itemIDs(args[1:])
		if err != nil {
			return err
		}
		client, err := p.dialDefault(slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		defer client.Close()
		ready, cancel := context.WithTimeout(ctx, p.patience)
		defer cancel()
		if err := client.Ready(ready); err != nil {
			return err
		}
		d := consume.Deferred{Archive: client, Group: args[0], Dead: p.dead}
		if p.all {
			if err := d.Each(ctx, func(i consume.Item) error { ids = append(ids, i.ID); return nil }); err != nil {
				return consumeError(err)
			}
		}
		return consumeError(run(ctx, d, ids))
	})
	return c
}

func itemIDs(args []string) ([]uint64, error) {
	var ids []uint64
	for _, text := range args {
		id, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, usagef("%q is no id: give one that `sluice deferred list` shows", text)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (p *putAside) list(ctx context.Context, d consume.Deferred, _ []uint64) error {
	if p.output != "text" && p.output != "json" {
		return usagef("--output %q: give text or json", p.output)
	}
	out := stdio.NewWriter(ctx, os.Stdout)
	defer out.Close()
	items, records := 0, 0
	err := d.Each(ctx, func(i consume.Item) error {
		items++
		records += len(i.Records)
		if p.output == "json" {
			return outputError(writeItemJSON(out, &i))
		}
		return outputError(writeItem(out, &i))
	})
	if err == nil && p.output == "text" {
		fmt.Fprintf(os.Stderr, "sluice: %s in %s\n", record.Plural(uint64(records), "record"), record.Plural(uint64(items), "item"))
	}
	return err
}

// maxListed is how much of an error or a message a list shows, in characters.
const maxListed = 80

func short(text string) string {
	text = record.Safe(text)
	if chars := []rune(text); len(chars) > maxListed {
		return string(chars[:maxListed-1]) + "…"
	}
	return text
}

func writeItem(w io.Writer, i *consume.Item) error {
	due := "-"
	if !i.Due.IsZero() {
		due = i.Due.Local().Format(time.DateTime)
	}
	_, err := fmt.Fprintf(w, "%d\t%s\t%d\t%d\t%s\t%s\t%s\n",
		i.ID, record.Safe(i.Stream), len(i.Records), i.Attempts, due, short(i.Error), short(message(i)))
	return err
}

// message is that of an item's first record.
func message(i *consume.Item) string {
	switch {
	case i.Damaged != nil:
		return i.Damaged.Error()
	case len(i.Records) == 0:
		return ""
	}
	if r := record.Parse(i.Records[0]); r.JSON {
		return r.Msg
	}
	return string(i.Records[0])
}

func writeItemJSON(w io.Writer, i *consume.Item) error {
	shown := struct {
		ID           uint64 `json:"id"`
		Stream       string `json:"stream"`
		Consolidator string `json:"consolidator"`
		Epoch        string `json:"epoch"`
		First        uint64 `json:"first"`
		Records      int    `json:"records"`
		Attempts     int    `json:"attempts"`
		Since        string `json:"since"`
		Due          string `json:"due,omitempty"`
		Error        string `json:"error"`
		Message      string `json:"message"`
	}{
		i.ID, i.Stream, i.Consolidator, fmt.Sprintf("%016x", i.Epoch), i.First, len(i.Records), i.Attempts,
		i.Since.UTC().Format(time.RFC3339Nano), "", i.Error, message(i),
	}
	if !i.Due.IsZero() {
		shown.Due = i.Due.UTC().Format(time.RFC3339Nano)
	}
	line, err := jsonscan.Marshal(shown)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

func (p *putAside) show(ctx context.Context, d consume.Deferred, ids []uint64) error {
	out := stdio.NewWriter(ctx, os.Stdout)
	defer out.Close()
	for _, id := range ids {
		i, err := d.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("show %d: %w", id, err)
		}
		if i.Damaged != nil {
			return fmt.Errorf("show %d: %w", id, i.Damaged)
		}
		for _, r := range i.Records {
			if _, err := out.Write(append(slices.Clip(r), '\n')); err != nil {
				return outputError(err)
			}
		}
	}
	return nil
}

func (p *putAside) retry(ctx context.Context, d consume.Deferred, ids []uint64) error {
	return p.settle(ctx, ids, "are tried again", d.Retry)
}

func (p *putAside) drop(ctx context.Context, d consume.Deferred, ids []uint64) error {
	return p.settle(ctx, ids, "were dropped", d.Drop)
}

// settle does something with items. With --all, those that a worker has settled meanwhile
// are passed over.
func (p *putAside) settle(ctx context.Context, ids []uint64, done string, with func(context.Context, uint64) error) error {
	n := 0
	for _, id := range ids {
		err := with(ctx, id)
		if p.all && errors.Is(err, consume.ErrNoItem) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%d: %w (%d before it %s)", id, err, n, done)
		}
		n++
	}
	fmt.Fprintf(os.Stderr, "sluice: %d %s\n", n, done)
	return nil
}
