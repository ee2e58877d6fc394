package recorder

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"sluice/cluster/console"
	"sluice/cluster/names"
	"sluice/cluster/query"
	"sluice/headless"
	"sluice/headless/selection"
)

// Stdout is Config.Out for standard output.
const Stdout = "-"

// Fsync is when what was written is brought to the disk.
type Fsync uint8

// The times to sync.
const (
	FsyncSecond Fsync = iota // each second, and before a file gets its name
	FsyncNever               // the operating system does it when it likes
	FsyncAlways              // each time before more is taken from the source, too
)

// ParseFsync reads "1s", "none" or "always".
func ParseFsync(s string) (Fsync, error) {
	for f, name := range fsyncNames {
		if s == name {
			return Fsync(f), nil
		}
	}
	return 0, fmt.Errorf("parse fsync %q: want none, 1s or always", s)
}

var fsyncNames = [...]string{FsyncSecond: "1s", FsyncNever: "none", FsyncAlways: "always"}

// DefaultMaxStreams is Config.MaxStreams when it is 0.
const DefaultMaxStreams = selection.DefaultMax

// Config is what a Recorder records, where to, and how long.
type Config struct {
	Source     selection.Source // required; the Recorder does the tailing
	Streams    []string         // names and patterns (see names.Pattern), at least one
	Last       int              // records of backfill for each stream that is live at the start; 0 begins with the next one
	Since      bool             // the Source has of each stream what is wanted of before: all of it is recorded
	MaxStreams int              // streams that are followed; further ones are reported and passed over. 0 means DefaultMaxStreams

	// Out is the name of the file. Its ending, .gz or .zst, selects the
	// compression. With "{stream}" in it each stream has files of its own. Stdout
	// is standard output, never compressed. See the package's contract.
	Out    string
	Stdout io.Writer // required when Out is Stdout
	Force  bool      // overwrite files that are there; rotated ones take the next time stamp that is free

	Rotate     time.Duration // begin a new file at each multiple of it, by the wall clock in UTC; whole seconds; 0 never does
	RotateSize int64         // begin a new file rather than let one become larger, in bytes on disk, at least MinRotateSize; 0 never does
	Keep       int           // keep so many rotated files of each series; 0 keeps all
	Fsync      Fsync

	Filter query.Filter // zero: all records. It sees each record as one line of JSON

	// What ends the recording, besides the context. Zeros never do.
	Count int            // so many records were recorded
	Until *regexp.Regexp // a record was recorded whose JSON matches
	After time.Duration  // go on for so long after Count or Until was met
	For   time.Duration  // so much time passed since Run began

	Notices  io.Writer        // gets what happened to the sources, a line each; nil drops it
	Progress console.Progress // shows how it goes; with a terminal Notices go there, too
}

// MinRotateSize is the smallest Config.RotateSize, in bytes.
const MinRotateSize = 64 << 10

// several reports whether records of more than one stream may be recorded.
func (c *Config) several() bool {
	return len(c.Streams) > 1 || len(c.Streams) == 1 && names.IsPattern(c.Streams[0])
}

func (c *Config) rotates() bool { return c.Rotate > 0 || c.RotateSize > 0 }

// overwrites reports whether files that are there may go. Those of a rotated
// recording need not: there is always another time stamp.
func (c *Config) overwrites() bool { return c.Force && !c.rotates() }

func (c *Config) check() error {
	switch {
	case c.Source == nil:
		return errors.New("source is missing")
	case len(c.Streams) == 0:
		return errors.New("no stream is named: name one, such as system, or a pattern, such as 'tenant/*'")
	case c.Out == "":
		return errors.New("no file is named: give --out FILE, or --out - for standard output")
	case c.Out == Stdout && c.Stdout == nil:
		return errors.New("standard output is missing")
	case c.Out == Stdout && c.rotates():
		return errors.New("standard output cannot be rotated: give --out FILE")
	case c.Last < 0:
		return fmt.Errorf("last %d is negative", c.Last)
	case c.MaxStreams < 0:
		return fmt.Errorf("at most %d streams: want at least 1", c.MaxStreams)
	case c.Rotate < 0 || c.Rotate%time.Second != 0:
		return fmt.Errorf("interval to rotate %s is not of whole seconds", c.Rotate)
	case c.RotateSize < 0 || 0 < c.RotateSize && c.RotateSize < MinRotateSize:
		return fmt.Errorf("size to rotate %d is below %d bytes", c.RotateSize, MinRotateSize)
	case c.Keep < 0:
		return fmt.Errorf("keep %d is negative", c.Keep)
	case c.Keep > 0 && !c.rotates():
		return errors.New("keep goes with rotation: give --rotate or --rotate-size, too")
	case c.Fsync > FsyncAlways:
		return fmt.Errorf("fsync %d is unknown", c.Fsync)
	}
	if err := selection.Check(c.Streams); err != nil {
		return err
	}
	if strings.Contains(c.Out, "\x00") {
		return fmt.Errorf("name %q has a NUL in it", c.Out)
	}
	goal := c.goal()
	return goal.Check()
}

func (c *Config) goal() headless.Goal {
	return headless.Goal{Count: c.Count, Until: c.Until, After: c.After, For: c.For}
}
