// Package cli is the command line: flags into Config structs, signals into a
// context, Run, and how it ended into an exit code.
package cli

import (
	"context"
	"io"
	"os"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"sluice/cluster/version"
)

// Main runs the command line args, without the program's name, and returns the
// exit code of the process. SIGINT, SIGTERM and SIGHUP end the command; a second
// one ends the process.
func Main(args []string) int {
	ctx, stop := handleSignals()
	defer stop()
	var ended outcome
	root := newRoot(&ended)
	root.SetArgs(args)
	err := fang.Execute(
		ctx, root,
		fang.WithVersion(version.Get().String()),
		fang.WithoutManpage(), // newMan has more in its pages
		fang.WithErrorHandler(func(_ io.Writer, _ fang.Styles, err error) { printError(os.Stderr, err) }),
	)
	if err != nil { // cobra's own: the command line could not be read
		return exitUsage
	}
	return Report(os.Stderr, ended.err)
}

// newRoot returns the command tree. How the command ended goes into ended and
// not through fang, which asks the terminal for its colours before it prints
// an error.
func newRoot(ended *outcome) *cobra.Command {
	var r reading
	root := &cobra.Command{
		Use:   "sluice [PATTERN…]",
		Short: "The live logs of a whole cluster in one terminal",
		Long: "Sluice shows the live logs of a whole cluster in one terminal.\n\n" +
			"Without a command it opens the full-screen client on a picker of the live streams, or on the streams that\n" +
			"patterns match, such as 'tenant/*', and those that appear later.",
		Example: "  sluice devenv\n  sluice 'tenant/*'\n  sluice tail system tenant/acme\n  sluice tail --plain --last 100 tenant/acme",
		Args:    patternsOnly,

		SuggestionsMinimumDistance: 2,
	}
	r.sources(root.Flags())
	r.client(root.Flags())
	root.RunE = ended.run(func(ctx context.Context, patterns []string) error { return openPicker(ctx, &r, patterns) })
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return helpHint(c, err) })
	root.AddCommand(
		newTail(ended),
		newReplay(ended),
		newRecord(ended),
		newPublish(ended),
		newCollect(ended),
		newStreams(ended),
		newGroups(ended),
		newConsolidator(ended),
		newProxy(ended),
		newArchive(ended),
		newConsume(ended),
		newDeferred(ended),
		newKeygen(ended),
		newToken(ended),
		newDevenv(ended),
		newMan(ended),
		newVersion(ended),
	)
	for _, c := range root.Commands() {
		if c.ValidArgsFunction == nil && c.Name() != "replay" && c.Name() != "groups" { // which takes files
			c.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
	completeFlags(root)
	return root
}

// patternsOnly refuses arguments of the root that are neither patterns nor names of
// streams that no command could have: each would be an unknown command.
func patternsOnly(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if strings.ContainsAny(args[0], "*?/+\\") {
		for _, name := range allStreams(args) {
			if err := checkStream(name); err != nil {
				return helpHint(c, err)
			}
		}
		return nil
	}
	err := usagef("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		err = usagef("unknown command %q: did you mean %q?", args[0], near[0])
	}
	return helpHint(c, err)
}

// noArguments refuses arguments.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return helpHint(c, usagef("unknown argument %q: %s takes none", args[0], c.CommandPath()))
}
