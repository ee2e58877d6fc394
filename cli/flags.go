package cli

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/spf13/pflag"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/stdio"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/cluster/stream/proxied"
)

const (
	defaultProxy   = "http://127.0.0.1:5580"
	lastFullScreen = 1000 // records of backfill by default
)

// reading is the flags that all reading commands share.
type reading struct {
	keep      int // records, of the full-screen client
	keepBytes size
	set       *pflag.FlagSet

	proxy     string
	token     string
	tokenFile string
	ca        string
	history   *proxied.History // through the proxy that records come from; nil: there is none
	from      consolidatorSource
	curve     curveKeys

	last   int
	level  string
	grep   string
	where  string
	output string
	count  int
	during time.Duration
	until  string
	plain  bool

	restore bool

	before before

	inbox int // bytes of records that may wait; 0 is the source's default
}

// sources adds the flags for where to read from.
func (r *reading) sources(set *pflag.FlagSet) {
	r.set = set
	set.StringVar(&r.proxy, "proxy", defaultProxy, "read through the proxy at this URL; SLUICE_PROXY")
	set.StringVar(&r.token, "token", "", "show this token to the proxy; SLUICE_TOKEN, which other users of the machine cannot see")
	tokenFileFlag(set, &r.tokenFile)
	set.StringVar(&r.ca, "ca", "", "believe the certificates that those in this file have signed, in PEM, besides the system's")
	set.StringArrayVar(&r.from.endpoints, "consolidator", nil, "read straight from the consolidator at this endpoint, tcp://… (repeatable); SLUICE_CONSOLIDATORS, separated by commas")
	r.from.flags(set, true)
	r.curve.flags(set)
}

// client adds the flags of the full-screen client alone.
func (r *reading) client(set *pflag.FlagSet) {
	set.IntVar(&r.keep, "keep", 1_000_000, "keep at most N records, when full-screen")
	r.keepBytes = 512 << 20
	set.Var(&r.keepBytes, "keep-bytes", "and let them take at most this much memory")
	set.BoolVar(&r.restore, "restore", false, "begin with the panes that were open when the client was left last; with the names of streams, those that showed just these")
}

// records adds the flags for which records, how many, and how they are printed.
func (r *reading) records(set *pflag.FlagSet) {
	set.IntVar(&r.last, "last", 0, "begin with the last N records; 1000 when full-screen")
	r.before.flags(set)
	r.chosen(set)
}

// chosen adds those of them that apply to recordings, too.
func (r *reading) chosen(set *pflag.FlagSet) {
	r.filters(set)
	set.StringVar(&r.output, "output", "short", "print records as layout: short, long, json, raw")
	set.BoolVar(&r.plain, "plain", false, "print lines, although there is a terminal")
}

// filters adds those that are not about printing.
func (r *reading) filters(set *pflag.FlagSet) {
	r.set = set
	set.StringVar(&r.level, "level", "", "only records of this level or above, or of one that is not understood: trace, debug, info, warn, error, fatal")
	set.StringVar(&r.grep, "grep", "", "only records whose raw JSON matches this regular expression (RE2)")
	set.StringVar(&r.where, "where", "", "only records that meet this filter, as in 'status>=500 -health', see docs/client.md; texts are looked for in the raw JSON")
	set.IntVar(&r.count, "count", 0, "end after N records")
	set.DurationVar(&r.during, "for", 0, "end after this time, as in 30s")
	set.StringVar(&r.until, "until", "", "end after the record whose raw JSON matches this regular expression (RE2)")
}

// wantsLines reports whether a flag was given that only means something when lines
// are printed.
func (r *reading) wantsLines() bool {
	return r.plain || r.set.Changed("count") || r.set.Changed("for") || r.set.Changed("until") || r.set.Changed("output")
}

// backfill is --last, or its default.
func (r *reading) backfill(otherwise int) (int, error) {
	if flag := r.set.Lookup("last"); flag == nil || !flag.Changed {
		return otherwise, nil
	}
	if r.last < 0 {
		return 0, usagef("--last %d is negative", r.last)
	}
	return r.last, nil
}

func (r *reading) filter() (f query.Filter, err error) {
	if r.level != "" {
		if f.Level, err = record.ParseLevel(r.level); err != nil {
			return f, usagef("--level: %w", err)
		}
	}
	if f.Grep, err = expression("--grep", r.grep); err != nil {
		return f, err
	}
	if f.Where, err = query.ParseWhere(r.where); err != nil {
		return f, usagef("--where: %w", err)
	}
	return f, nil
}

// expression compiles the value of a flag; an empty one is no expression.
func expression(flag, value string) (*regexp.Regexp, error) {
	if value == "" {
		return nil, nil
	}
	re, err := regexp.Compile(value)
	if err != nil {
		return nil, usagef("%s %q is no regular expression: %w", flag, value, err)
	}
	return re, nil
}

// isProxied reports whether records are read through a proxy.
func (r *reading) isProxied() bool {
	way, _, err := chosen(r.set, true)
	return err == nil && (way == "" || way == "proxy")
}

// source is where to read from: a flag goes before the environment.
func (r *reading) source(logger *slog.Logger, since url.Values) (*stream.Source, error) {
	through := func(url string) (*stream.Source, error) {
		if r.curve.given() {
			return nil, errors.New("--curve-key and --curve-server are for consolidators, and this reads through a proxy: give --consolidator, too")
		}
		token, file, err := r.credentials()
		if err != nil {
			return nil, err
		}
		config := proxied.Config{URL: url, Token: token, TokenFile: file, CA: r.ca, Query: since, Inbox: r.inbox, Logger: logger}
		if r.history, err = proxied.NewHistory(config); err != nil {
			return nil, err
		}
		return proxied.New(config)
	}
	way, value, err := chosen(r.set, true)
	switch {
	case err != nil:
		return nil, err
	case way == "" || way == "proxy":
		if err := r.from.unused(way); err != nil {
			return nil, err
		}
		return through(cmp.Or(value, r.proxy))
	case value != "":
		r.from.fromEnvironment(way, value)
	}
	finder, err := r.from.finder(way, logger)
	if err != nil {
		return nil, err
	}
	keys, err := r.curve.keyring(r.from.endpoints)
	if err != nil {
		return nil, err
	}
	return direct.New(direct.Config{Finder: finder, Keys: keys, Inbox: r.inbox, Logger: logger})
}

// stdout is standard output. When ctx has ended, or --for has run out, its
// reader is not waited for much longer. Close it.
func (r *reading) stdout(ctx context.Context) *stdio.Writer {
	if r.during > 0 {
		until, cancel := context.WithTimeout(ctx, r.during)
		context.AfterFunc(until, cancel)
		ctx = until
	}
	return stdio.NewWriter(ctx, os.Stdout)
}

// withSource runs a source as long as use runs.
func (r *reading) withSource(ctx context.Context, logger *slog.Logger, use func(context.Context, feed) error) error {
	from, to, err := r.before.times(time.Now())
	if err != nil {
		return err
	}
	query := r.before.query(from)
	live, err := r.source(logger, query)
	if err != nil {
		return &usageError{err}
	}
	source, end, err := r.before.over(live, r.isProxied() && query != nil, from, to, logger)
	if err != nil {
		return err
	}
	defer end()
	return rescue.Beside(ctx, "read records", source.Run, func(ctx context.Context) error { return use(ctx, source) })
}
