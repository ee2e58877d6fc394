package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/cluster/stream"
)

// A shell waits for its completions, so they are had quickly or not at all.
const (
	completeWithin = 250 * time.Millisecond
	completeSettle = 30 * time.Millisecond // for further sources, after the first streams are known
	completeMost   = 1000                  // names that are offered
)

// complete offers values for the flags that all reading commands share.
func (r *reading) complete(c *cobra.Command) {
	for flag, values := range map[string][]string{
		"level":  {"trace", "debug", "info", "warn", "error", "fatal"},
		"output": {"short", "long", "json", "raw"},
	} {
		if c.Flags().Lookup(flag) != nil {
			// It fails for a flag that is not there, or has one already.
			_ = c.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
		}
	}
}

// liveStreams offers the names of live streams, from where the flags and the
// environment say. It says nothing when there are none to be had.
func (r *reading) liveStreams(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	ctx := c.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	r.consolidators = unique(r.consolidators) // cobra reads the flags twice here
	var names []string
	// Whatever goes wrong, the user is in the middle of typing.
	_ = r.read(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, source *stream.Source) error {
		for _, s := range namedStreams(ctx, source) {
			if len(names) < completeMost && strings.HasPrefix(s.Name, typed) && shellSafe(s.Name) && !slices.Contains(args, s.Name) {
				names = append(names, s.Name)
			}
		}
		return nil
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

// streamThenFiles offers a live stream, from where the environment says, and
// files after it.
func streamThenFiles(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var r reading
	r.sources(pflag.NewFlagSet("", pflag.ContinueOnError))
	return r.liveStreams(c, nil, typed)
}

// namedStreams waits until streams are known and all sources had a moment to
// tell theirs, or until ctx ends.
func namedStreams(ctx context.Context, source *stream.Source) []stream.Live {
	source.WatchStreams(true)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	var known time.Time
	for {
		live := source.Streams()
		if len(live) > 0 && known.IsZero() {
			known = time.Now()
		}
		if !known.IsZero() && time.Since(known) >= completeSettle {
			return live
		}
		select {
		case <-ctx.Done():
			return live
		case <-look.C:
			if b := source.TryTake(); b != nil {
				b.Release()
			}
		}
	}
}

// shellSafe reports whether a name means itself in any shell, since names come
// from the network and completion puts them into a command line as they are;
// and for tail, which takes a plus for two streams.
func shellSafe(name string) bool {
	for i, r := range name {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '_', r == '/':
		case i > 0 && strings.ContainsRune(".-:@=,%", r):
		default:
			return false
		}
	}
	return name != ""
}

// unique is a list without what it holds already.
func unique(list []string) (kept []string) {
	for _, s := range list {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
