package printer

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/headless"
	"sluice/headless/selection"
)

// Config says what a Printer reads and how it writes.
type Config struct {
	Source   headless.Source // required; the Printer does the tailing; with Patterns a [selection.Source]
	Streams  []string        // names, at least one; with more than one, or a pattern, the short and long layouts begin each line with the stream's name
	Patterns bool            // Streams may be patterns, too: the streams that they match are printed as they appear, up to [selection.DefaultMax]
	Last     int             // records of backfill for each stream; 0 begins with the next one
	Since    bool            // of streams that appear, what was before is printed, too

	Out     io.Writer // required; gets records and nothing else, one Write for what came together, up to 64 KiB
	Notices io.Writer // gets what happened, a line each; nil drops it

	Layout record.Layout // zero: short
	Style  record.Style  // zero: for a file
	Filter query.Filter  // zero: all records. It sees each record as one line of JSON

	// What ends the printing, besides the context. Zeros never do.
	Count int            // so many records were written
	Until *regexp.Regexp // a record was written whose JSON matches
	For   time.Duration  // so much time passed since Run began

	// More returns further lines for the end, before the last line, which counts;
	// nil is none. newest is when the last record came that is counted there,
	// filtered or not; zero when there was none.
	More func(newest time.Time) []string
}

func (c *Config) check() error {
	switch {
	case c.Source == nil:
		return errors.New("source is missing")
	case c.Out == nil:
		return errors.New("output is missing")
	case len(c.Streams) == 0:
		return errors.New("no stream is named: name one, such as system")
	case c.Last < 0:
		return fmt.Errorf("last %d is negative", c.Last)
	case c.Layout > record.LayoutRaw:
		return fmt.Errorf("layout %s is unknown", c.Layout)
	}
	if c.Patterns {
		if err := selection.Check(c.Streams); err != nil {
			return err
		}
	}
	for _, name := range c.Streams {
		if err := names.Check(name); err != nil {
			return fmt.Errorf("stream %q: %w", name, err)
		}
	}
	goal := c.goal()
	return goal.Check()
}

// several reports whether records of more than one stream may be printed.
func (c *Config) several() bool {
	return len(c.Streams) > 1 || c.Patterns && names.IsPattern(c.Streams[0])
}

func (c *Config) goal() headless.Goal {
	return headless.Goal{Count: c.Count, Until: c.Until, For: c.For}
}
