package collector

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"sluice/cluster/admin"
	"sluice/cluster/console"
	"sluice/cluster/publish"
	"sluice/headless/collector/naming"
	"sluice/headless/shipper"
	"sluice/headless/shipper/paths"
)

// DefaultMaxStreams is Config.MaxStreams when it is 0.
const DefaultMaxStreams = 1000

// DefaultOpenFiles is Config.OpenFiles when it is 0.
const DefaultOpenFiles = 4096

// Config is what a Collector collects. It closes the Client.
type Config struct {
	Client   *publish.Client // required; one that waits
	Endpoint string          // the Client's, for notices

	Files     []Files        // the first that matches a file counts
	Format    shipper.Format // of their lines
	OpenFiles int            // that are open at a time; 0 means DefaultOpenFiles
	OpenDirs  int            // directories that are open to be watched, likewise; 0 is any number
	New       bool           // begin at the end of files, and of the journal, that are there at the beginning
	NoJoin    bool           // every line is a record

	Journal Journal
	Syslog  []Syslog
	OTLP    OTLP

	MaxStreams int // that one source of the network may name; 0 means DefaultMaxStreams

	State    string // the file in which places are kept; "" keeps none
	Once     bool   // the Client's
	Hostname string // of the machine, for what does not say it; "" means this one's

	Wait  time.Duration // as shipper.Config has it
	Grace time.Duration // likewise

	Admin    string // the address of the endpoint for operators; "" is none
	Profile  bool   // it serves /debug/pprof/, too
	Insecure bool   // addresses that other machines can reach are wanted

	AdminOpen bool // and so is such an address for Admin alone

	Notices  io.Writer        // gets what happened, a line each; nil drops it
	Progress console.Progress // shows how it goes; with a terminal Notices go there, too
	Logger   *slog.Logger     // of the endpoint for operators; nil discards
}

// Files are the files that match a pattern, and the rule for their streams.
type Files struct {
	Pattern *paths.Pattern
	Stream  *naming.Rule
}

// ParseFiles reads PATTERN=STREAM. The last "=" outside of braces divides it.
func ParseFiles(text string) (f Files, err error) {
	pattern, stream, err := cutRule(text)
	if err != nil {
		return f, err
	}
	if f.Pattern, err = paths.Parse(pattern); err != nil {
		return f, err
	}
	if f.Stream, err = naming.Parse(stream); err != nil {
		return f, err
	}
	for _, hole := range f.Stream.Holes() {
		if !slices.Contains(f.Pattern.Holes(), hole) {
			return f, fmt.Errorf("stream %q has the hole {%s}, and the pattern %q has none of that name: write {%s} there in place of a *", stream, hole, pattern, hole)
		}
	}
	return f, nil
}

// cutRule divides what is collected from its stream's rule.
func cutRule(text string) (what, stream string, err error) {
	depth, at := 0, -1
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			depth--
		case '=':
			if depth == 0 {
				at = i
			}
		}
	}
	if at <= 0 {
		return "", "", fmt.Errorf("%q has no stream: write WHAT=STREAM, as in '/var/log/nginx/*.log=system/nginx'", text)
	}
	return text[:at], strings.Trim(text[at+1:], "'"), nil
}

func (c *Config) check() error {
	if c.MaxStreams == 0 {
		c.MaxStreams = DefaultMaxStreams
	}
	if c.OpenFiles == 0 {
		c.OpenFiles = DefaultOpenFiles
	}
	switch {
	case c.Client == nil:
		return errors.New("client is missing")
	case c.MaxStreams < 0:
		return fmt.Errorf("number of streams %d is negative", c.MaxStreams)
	case len(c.Files)+len(c.Syslog) == 0 && c.Journal.Stream == nil && c.OTLP.GRPC+c.OTLP.HTTP == "":
		return errors.New("there is nothing to collect: name files or a source, as in --files '/var/log/*.log=system/log'")
	}
	for i := range c.Syslog {
		if err := checkAddress(c.Syslog[i].Address, c.Insecure); err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
	}
	for _, address := range []string{c.OTLP.GRPC, c.OTLP.HTTP} {
		if address == "" {
			continue
		}
		if c.OTLP.Stream == nil {
			return errors.New("no stream is named for OTLP: write --otlp-stream STREAM, as in 'tenant/{service.namespace}'")
		}
		if err := checkAddress(address, c.Insecure); err != nil {
			return fmt.Errorf("OTLP: %w", err)
		}
	}
	if c.Admin != "" {
		return admin.Check(c.Admin, c.Insecure || c.AdminOpen)
	}
	return nil
}
