package cli

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"sluice/cluster/auth"
	"sluice/cluster/stream"
)

// A shell waits for its completions, so they come quickly or not at all.
const (
	completeWithin = 250 * time.Millisecond
	completeSettle = 30 * time.Millisecond // for further sources, after the first streams are known
	completeMost   = 1000                  // names that are offered
)

// flagValues are what may stand behind a flag, whatever the command. A shell
// offers files behind flags that are not here.
var flagValues = map[string]cobra.CompletionFunc{
	"jwt-alg": oneOf(auth.Algorithms()...),
	"level":   oneOf("trace", "debug", "info", "warn", "error", "fatal"),
	"output":  oneOf("short", "long", "json", "raw"),
	"fsync":   oneOf("none", "1s", "always"),
	"summary": oneOf("text", "json", "none"),
	"format":  oneOf("auto", "plain", "cri", "docker"),
	"speed":   oneOf("0.5", "1", "2", "10", "max"),

	"proxy":        beginsWith("http://", "https://"),
	"to":           beginsWith("tcp://", "ipc://"),
	"consolidator": beginsWith("tcp://", "ipc://"),
	"advertise":    beginsWith("tcp://"),
	"etcd":         beginsWith("http://", "https://"),
	"publish":      beginsWith("tcp://", "ipc://"),
	"subscribe":    beginsWith("tcp://", "ipc://"),
	"syslog":       beginsWith("udp://", "tcp://"),
	"archive":      beginsWith("nats://", "tls://"),
	"nats":         beginsWith("nats://", "tls://"),

	"sync":     oneOf("1s", "always"),
	"replicas": oneOf("1", "3", "5"),
}

// noFiles are flags whose values cannot be guessed, and that are no files.
var noFiles = []string{
	"token", "tenant", "expires", "jwt-audience", "jwt-issuer", "jwt-leeway", "auth-header", "auth-system-header", "auth-user-header",
	"trusted-proxies", "cors", "last", "grep", "where", "count", "for", "until", "after", "keep", "keep-bytes", "from", "idle-limit", "stream",
	"rotate", "rotate-size", "max-streams", "queue", "buffer", "stream-buffer", "name", "hostname", "wait", "grace", "admin", "listen",
	"journal", "otlp-grpc", "otlp-http", "otlp-stream", "max-connections", "open-files", "dns", "etcd-user", "consolidators", "tenants", "rate", "seed",
	"attempts", "since", "late", "timeout", "max-bytes", "archive-user", "nats-user",
}

func oneOf(values ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
}

func beginsWith(schemes ...string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (fit []string, _ cobra.ShellCompDirective) {
		for _, s := range schemes {
			if strings.HasPrefix(s, typed) {
				fit = append(fit, s)
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completeFlags has a shell offer what may stand behind the flags of a command,
// and of all below it.
func completeFlags(c *cobra.Command) {
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		offer := flagValues[f.Name]
		switch {
		case f.Name == "to" && c.Name() != "publish" && c.Name() != "collect": // a time
			offer = cobra.NoFileCompletions
		case (c.Name() == "groups" || c.Name() == "list" || c.Name() == "status") && f.Name == "output":
			offer = oneOf("text", "json")
		case c.Name() == "man" && f.Name == "out", f.Name == "store":
			_ = c.MarkFlagDirname(f.Name)
			return
		case slices.Contains(noFiles, f.Name):
			offer = cobra.NoFileCompletions
		}
		if offer != nil && f.NoOptDefVal == "" {
			// It fails for a flag that is not there, or has one already.
			_ = c.RegisterFlagCompletionFunc(f.Name, offer)
		}
	})
	for _, sub := range c.Commands() {
		completeFlags(sub)
	}
}

// liveStreams offers the names of live streams, from where the flags and the
// environment point to. It offers nothing when none are known in time.
func (r *reading) liveStreams(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	ctx := c.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	r.from.endpoints = unique(r.from.endpoints) // cobra reads the flags twice here
	var names []string
	// Whatever goes wrong, the user is in the middle of typing.
	_ = r.withSource(ctx, slog.New(slog.DiscardHandler), func(ctx context.Context, source feed) error {
		for _, s := range namedStreams(ctx, source) {
			if len(names) < completeMost && strings.HasPrefix(s.Name, typed) && shellSafe(s.Name) && !slices.Contains(args, s.Name) {
				names = append(names, s.Name)
			}
		}
		return nil
	})
	return names, cobra.ShellCompDirectiveNoFileComp
}

// streamThenFiles offers a live stream, from where the environment points to,
// and files after it.
func streamThenFiles(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var r reading
	r.sources(pflag.NewFlagSet("", pflag.ContinueOnError))
	return r.liveStreams(c, nil, typed)
}

// namedStreams waits until streams are known and all sources had a moment to
// report theirs, or until ctx ends.
func namedStreams(ctx context.Context, source feed) []stream.Live {
	source.WatchStreams(true)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
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
		case <-poll.C:
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
