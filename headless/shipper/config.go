package shipper

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sluice/cluster/console"
	"sluice/cluster/names"
	"sluice/cluster/publish"
	"sluice/headless/shipper/follow"
	"sluice/headless/shipper/paths"
)

// Config is what a Shipper publishes, and how. It closes the Client.
type Config struct {
	Client   *publish.Client // required; one that waits
	Endpoint string          // the Client's, for notices
	Stream   string          // required for Files
	Files    []string        // in their order; "-" is standard input; none means standard input
	Stdin    *os.File        // required when it is read

	// Patterns find files that are followed, too, as soon as they are there; it may be
	// empty, with Sources alone. Target says where one goes.
	Patterns []*paths.Pattern
	Target   func(path string) (Target, error)
	Format   Format   // of the lines of files
	Sources  []Source // where records come from besides; with Follow

	Follow bool // go on when a file has ended, by its name; standard input always is
	New    bool // begin at the end of files that are there when a Shipper that follows begins

	OpenFiles int    // files that are open at a time when following; 0 means DefaultOpenFiles
	OpenDirs  int    // directories that are open to be watched; 0 is as many as there are; others are looked at
	State     string // the file in which the places in followed files are kept from one run to the next; "" keeps none
	Once      bool   // the Client's: what is uncertain at the end is not published again by the next run with State

	Name     string // of the program, for lines without one; "" means the last part of the stream's name
	Hostname string // of the machine, likewise; "" means this one's
	NoJoin   bool   // every line is a record

	// Wait is how long the consolidator may be away, or acknowledge nothing
	// that it was sent, before Run gives up; 0 means for ever.
	Wait  time.Duration
	Grace time.Duration // for the last records and their acknowledgements, after the context has ended; 0 means 5 s

	Notices  io.Writer        // gets what happened, a line each; nil drops it
	Progress console.Progress // shows how it goes; with a terminal Notices go there, too
}

// Target is where the lines of a file go.
type Target struct {
	Stream string
	Name   string  // of the program, for lines without one; "" means the Config's
	Fields []Field // that each record gets which has none of that name
}

// Field is a field of a record.
type Field struct{ Name, Value string }

// DefaultGrace is Config.Grace when it is 0.
const DefaultGrace = 5 * time.Second

// DefaultOpenFiles is Config.OpenFiles when it is 0.
const DefaultOpenFiles = follow.DefaultOpen

// Stdin is the name of standard input among files.
const Stdin = "-"

func (c *Config) check() error {
	if c.Client == nil {
		return errors.New("client is missing")
	}
	collects := len(c.Patterns) > 0 || len(c.Sources) > 0
	if err := names.Check(c.Stream); err != nil && (!collects || len(c.Files) > 0) {
		return fmt.Errorf("stream %q: %w", c.Stream, err)
	}
	if len(c.Files) == 0 && !collects {
		if c.Follow {
			return errors.New("there is nothing to follow: name a file; standard input is read to its end anyhow")
		}
		c.Files = []string{Stdin}
	}
	seen := make(map[string]bool)
	for _, f := range c.Files {
		switch {
		case f == "":
			return errors.New("the name of a file is empty")
		case f == Stdin && c.Stdin == nil:
			return errors.New("standard input is missing")
		case seen[f] && (c.Follow || f == Stdin):
			return fmt.Errorf("file %q is named twice", f)
		}
		seen[f] = true
	}
	if c.OpenFiles == 0 {
		c.OpenFiles = DefaultOpenFiles
	}
	switch {
	case collects && !c.Follow:
		return errors.New("patterns and sources make sense with following only")
	case len(c.Patterns) > 0 && c.Target == nil:
		return errors.New("nothing says where files go that patterns find")
	case c.New && !c.Follow:
		return errors.New("beginning at the end makes sense with following only")
	case c.State != "" && !c.Follow:
		return errors.New("keeping places makes sense with following only")
	case c.OpenFiles < 0:
		return fmt.Errorf("number of open files %d is negative", c.OpenFiles)
	case c.Wait < 0:
		return fmt.Errorf("time to wait %s is negative", c.Wait)
	case c.Grace < 0:
		return fmt.Errorf("time to end %s is negative", c.Grace)
	case c.Grace == 0:
		c.Grace = DefaultGrace
	}
	return nil
}
