package consume

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"sluice/archive/engine"
	"sluice/cluster/names"
)

// Config is what a worker needs. Archive, Group and Handle must be given; Streams, too,
// unless the group is there.
type Config struct {
	Archive *engine.Client
	Group   string   // letters, digits, "-" and "_", 64 at most
	Streams []string // names and patterns

	// Handle handles a batch; nil acknowledges it, anything else defers it. Its context
	// ends after Timeout. It must not keep anything of the batch.
	Handle func(ctx context.Context, b *Batch) error

	Timeout  time.Duration // of one call of Handle; 0 is DefaultTimeout
	Attempts int           // of a single record; 0 is DefaultAttempts
	Ordered  bool          // one batch of a stream at a time, in order
	Start    Start         // where a new group begins
	Drain    bool          // end when there is nothing to do, rather than wait for more

	Logger *slog.Logger // nil: none
}

// What Config takes for zero.
const (
	DefaultTimeout  = 60 * time.Second
	DefaultAttempts = 5
)

// Start is where a new group begins. The zero Start is the oldest record that is held.
type Start struct {
	Since time.Time // with the first batch that holds a record of this time or later
	Last  int       // with the last records of each stream of each consolidator
	New   bool      // with what comes from now on
}

// ErrConfig is what errors about what is asked for are, for errors.Is: trying again does
// not change them.
var ErrConfig = errors.New("what is asked for is impossible")

// configError is an error about what is asked for.
type configError struct{ error }

func (configError) Is(target error) bool { return target == ErrConfig }
func (e configError) Unwrap() error      { return e.error }

func wrongf(format string, args ...any) error { return configError{fmt.Errorf(format, args...)} }

var groupName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// maxStreams is how many names and patterns a group has at most.
const maxStreams = 256

func checkGroup(name string) error {
	if !groupName.MatchString(name) {
		return wrongf("%.80q cannot name a group: use 1 to 64 letters, digits, - and _", name)
	}
	return nil
}

func (c *Config) check() error {
	if err := checkGroup(c.Group); err != nil {
		return err
	}
	if len(c.Streams) > maxStreams {
		return wrongf("a group has %d names and patterns of streams at most, not %d: use patterns", maxStreams, len(c.Streams))
	}
	for _, s := range c.Streams {
		if _, err := names.ParsePattern(s); err != nil {
			return configError{err}
		}
	}
	begins := 0
	for _, given := range []bool{!c.Start.Since.IsZero(), c.Start.Last != 0, c.Start.New} {
		if given {
			begins++
		}
	}
	switch {
	case c.Archive == nil || c.Handle == nil:
		return wrongf("an archive and a handler must be given")
	case c.Timeout < 0 || c.Attempts < 0 || c.Start.Last < 0:
		return wrongf("a negative timeout, number of attempts or of records")
	case begins > 1:
		return wrongf("a group begins at a time, with the last records, or with new ones: give one of them")
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Attempts == 0 {
		c.Attempts = DefaultAttempts
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}
