package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func newMan(ended *outcome) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "man [COMMAND]",
		Short: "Print manual pages",
		Long: "Print the manual page of sluice, or of one of its commands, for man. With --out write all of them into a\n" +
			"directory: sluice.1, sluice-tail.1 and so on.",
		Example: "  sluice man tail | man -l -\n  sluice man --out ~/.local/share/man/man1",
	}
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 1 {
			return helpHint(c, usagef("one page at a time: name one command"))
		}
		if len(args) == 1 && documented(c.Root(), args[0]) == nil {
			return helpHint(c, usagef("unknown command %q", args[0]))
		}
		return nil
	}
	c.Flags().StringVar(&out, "out", "", "write the pages of all commands into this directory")
	c.ValidArgsFunction = func(c *cobra.Command, args []string, _ string) (names []string, d cobra.ShellCompDirective) {
		if len(args) == 0 {
			for _, sub := range pages(c.Root())[1:] {
				names = append(names, sub.Name())
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
	c.RunE = ended.run(func(_ context.Context, args []string) error {
		root := c.Root()
		if out != "" {
			return writePages(root, out)
		}
		page := root
		if len(args) == 1 {
			page = documented(root, args[0])
		}
		_, err := os.Stdout.WriteString(manPage(page))
		return outputError(err)
	})
	return c
}

// pages are the commands that have a page, the root first.
func pages(root *cobra.Command) []*cobra.Command {
	root.InitDefaultHelpFlag()
	root.InitDefaultCompletionCmd()
	all := []*cobra.Command{root}
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			all = append(all, c)
		}
	}
	return all
}

// documented is the command of a name; nil when there is none.
func documented(root *cobra.Command, name string) *cobra.Command {
	for _, c := range pages(root) {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// writePages writes the pages of all commands into a directory.
func writePages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the directory of the pages: %w", err)
	}
	for _, c := range pages(root) {
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(manPage(c)), 0o644); err != nil {
			return fmt.Errorf("write a page: %w", err)
		}
	}
	return nil
}
