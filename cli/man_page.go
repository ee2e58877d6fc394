package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/cluster/version"
)

// roff builds a page in the man macros.
type roff struct{ strings.Builder }

// text writes running text: a blank line begins a paragraph, and what is
// indented stays as it is.
func (r *roff) text(s string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(s), "\n\n") {
		if i > 0 {
			r.WriteString(".PP\n")
		}
		r.WriteString(escapeRoff(paragraph) + "\n")
	}
}

func (r *roff) section(name string) { fmt.Fprintf(r, ".SH %s\n", name) }

// item writes a tagged paragraph.
func (r *roff) item(tag, text string) {
	fmt.Fprintf(r, ".TP\n\\fB%s\\fR\n", escapeRoff(tag))
	r.text(text)
}

// verbatim writes lines as they are.
func (r *roff) verbatim(s string) {
	r.WriteString(".nf\n.RS 4\n" + escapeRoff(s) + "\n.RE\n.fi\n")
}

// escapeRoff makes a text mean itself: no escapes, and no line that begins with
// a control character.
func escapeRoff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `…`, `...`, `×`, `\(mu`, `→`, `\(->`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}

// environment is what each variable means that commands read.
var environment = []struct{ name, text string }{
	{"SLUICE_ETCD", "Where etcd is, whose consolidators are read from, for --etcd."},
	{"SLUICE_ETCD_PASSWORD", "The password of --etcd-user, which other users of the machine cannot see here."},
	{"SLUICE_DNS", "Name that DNS has consolidators for, for --dns."},
	{"SLUICE_CONSOLIDATORS_FILE", "File that lists consolidators, for --consolidators-file."},
	{"SLUICE_PROXY", "URL of the proxy to read through, for --proxy."},
	{"SLUICE_TOKEN", "Token to show to the proxy, for --token. Other users of the machine cannot see it here."},
	{"SLUICE_ARCHIVE", "Where the archive is, for --archive."},
	{"SLUICE_ARCHIVE_PASSWORD", "The password of --archive-user, which other users of the machine cannot see here."},
	{"SLUICE_NATS", "The NATS servers that an archive is kept in, for --nats."},
	{"SLUICE_NATS_PASSWORD", "The password of --nats-user, which other users of the machine cannot see here."},
	{"SLUICE_CONSOLIDATORS", "Endpoints of the consolidators to read from, separated by commas, for --consolidator."},
}

// exitCodes is what each exit code means.
var exitCodes = []struct {
	code int
	text string
}{
	{exitDone, "Done as asked. A server or a recorder that a signal ended, too."},
	{exitFailed, "Failed; or --for ran out, or a recording ended, before --count or --until was met."},
	{exitUsage, "Wrong usage."},
	{exitNotConnected, "No source was ever connected, or those that were are lost."},
	{exitInterrupted, "Interrupted by a signal."},
}

// manPage is the page of one command.
func manPage(c *cobra.Command) string {
	var r roff
	title := strings.ReplaceAll(c.CommandPath(), " ", "-")
	fmt.Fprintf(&r, ".TH %s 1 \"\" \"sluice %s\" \"Sluice\"\n", strings.ToUpper(escapeRoff(title)), escapeRoff(version.Get().Version))
	r.section("NAME")
	fmt.Fprintf(&r, "%s \\- %s\n", escapeRoff(title), escapeRoff(c.Short))
	r.section("SYNOPSIS")
	fmt.Fprintf(&r, "\\fB%s\\fR", escapeRoff(c.CommandPath()))
	if _, rest, ok := strings.Cut(c.Use, " "); ok {
		r.WriteString(" " + escapeRoff(rest))
	} else if c.HasAvailableSubCommands() {
		r.WriteString(" [COMMAND]")
	}
	r.WriteString(" [OPTION...]\n")
	r.section("DESCRIPTION")
	if c.Long != "" {
		r.text(c.Long)
	} else {
		r.text(c.Short + ".")
	}
	if c.HasAvailableSubCommands() {
		r.section("COMMANDS")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && sub.Name() != "help" {
				r.item(sub.UseLine(), sub.Short+".")
			}
		}
	}
	c.InitDefaultHelpFlag()
	r.section("OPTIONS")
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			r.option(f)
		}
	})
	if c.Example != "" {
		r.section("EXAMPLES")
		r.verbatim(strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
	}
	if c.Flags().Lookup("proxy") != nil {
		r.section("ENVIRONMENT")
		for _, e := range environment {
			r.item(e.name, e.text)
		}
	}
	r.section(`"EXIT STATUS"`)
	for _, e := range exitCodes {
		r.item(fmt.Sprint(e.code), e.text)
	}
	r.section(`"SEE ALSO"`)
	var others []string
	for _, other := range pages(c.Root()) {
		if other != c {
			others = append(others, escapeRoff(strings.ReplaceAll(other.CommandPath(), " ", "-"))+"(1)")
		}
	}
	r.WriteString(strings.Join(others, ", ") + "\n")
	return r.String()
}

// option writes a flag: its names, what value it takes, what it does, and what
// it is when it is not given.
func (r *roff) option(f *pflag.Flag) {
	tag := "--" + f.Name
	if f.Shorthand != "" {
		tag = "-" + f.Shorthand + ", " + tag
	}
	value, usage := pflag.UnquoteUsage(f)
	switch value {
	case "":
	case "string", "strings", "stringArray", "stringSlice":
		tag += " VALUE"
	default:
		tag += " " + strings.ToUpper(value)
	}
	switch f.DefValue {
	case "", "0", "0s", "false", "[]":
	default:
		usage += " (default " + strings.Trim(f.DefValue, "[]") + ")"
	}
	r.item(tag, strings.ToUpper(usage[:1])+usage[1:]+".")
}
