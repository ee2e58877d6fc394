package replay

import (
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"sluice/cluster/moment"
	"sluice/cluster/names"
)

// Stdin is the name of a file that stands for standard input.
const Stdin = "-"

// maxFiles bounds the recordings of one replay.
const maxFiles = 100_000

// DefaultMaxLine is room for the largest record that a proxy hands on, in
// bytes: each byte of 256 KiB may take six when it is escaped.
const DefaultMaxLine = 2 << 20

// Config is what is replayed, and how.
type Config struct {
	Files []string // at least one; Stdin at most once
	Stdin *os.File // what Stdin stands for; nil means os.Stdin

	Stream string // the stream that the records are handed on in; "" means that which a recording of several says, otherwise for each file StreamOf its name
	Listed bool   // all streams are known before the first record: New reads up to 1 GiB of recordings of several to find them, and what is of others is handed on in the stream of the file's name
	Gaps   bool   // hand on recorded losses as notices, for a reader that shows them

	Speed     float64       // recorded seconds in one second; 0 means as fast as they are taken
	IdleLimit time.Duration // no pause is longer; 0 means that pauses are as long as they were
	Seekable  bool          // when all was handed on, wait for [Source.Seek] until the context of Run ends
	From, To  moment.Moment // records at From or later, and before To; zero ones mean all; see the package's contract

	MaxLine  int              // bytes of a line; longer ones are cut; 0 means DefaultMaxLine
	Inbox    int              // bytes of records that may wait to be taken; 0 means 4 MiB
	Location *time.Location   // of what has no zone in From and To; nil means the local one
	Now      func() time.Time // nil means time.Now
}

const defaultInbox = 4 << 20

// check completes a Config.
func (c *Config) check() error {
	switch {
	case len(c.Files) == 0:
		return errors.New("no recording is named: name a file, or - for standard input")
	case len(c.Files) > maxFiles:
		return fmt.Errorf("%d recordings are too many: replay at most %d at once", len(c.Files), maxFiles)
	case c.Speed < 0 || math.IsNaN(c.Speed) || math.IsInf(c.Speed, 0):
		return fmt.Errorf("speed %g is no speed: give a number above 0, or max", c.Speed)
	case c.IdleLimit < 0:
		return fmt.Errorf("idle limit %s is negative", c.IdleLimit)
	case c.MaxLine < 0 || c.Inbox < 0:
		return fmt.Errorf("negative bound: line %d, inbox %d", c.MaxLine, c.Inbox)
	}
	stdin := 0
	for _, name := range c.Files {
		if name == Stdin {
			stdin++
		}
	}
	if stdin > 1 {
		return errors.New("standard input is named twice: it can be read once")
	}
	if c.Stream != "" {
		if err := names.Check(c.Stream); err != nil {
			return fmt.Errorf("stream %q: %w", c.Stream, err)
		}
	}
	if c.Stdin == nil {
		c.Stdin = os.Stdin
	}
	if c.MaxLine == 0 {
		c.MaxLine = DefaultMaxLine
	}
	if c.Inbox == 0 {
		c.Inbox = defaultInbox
	}
	if c.Location == nil {
		c.Location = time.Local
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}
