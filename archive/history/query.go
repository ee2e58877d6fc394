package history

import (
	"errors"
	"fmt"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/names"
)

// Skew is how far a clock may go ahead of the archive's: a record whose own time is
// later than its arrival by more is not found by [Query].From.
const Skew = 30 * time.Second

// DefaultLate is how long after its own time a record may have come, to be found before
// [Query].To.
const DefaultLate = time.Hour

const defaultMemory = 32 << 20

// Query says which records of a stream are wanted. By itself it wants all that is held.
type Query struct {
	Stream string // its exact name

	// From and To are the times of the records, both included: their own; of one that has
	// none, the times between which its batch came. Zero is no bound. What came by Skew
	// and more before From is not looked at, nor what came later than Late after To; zero
	// means DefaultLate.
	From, To time.Time
	Late     time.Duration

	// Last wants so many of the newest of these, over all consolidators together; 0 all.
	Last int

	// After begins at a consolidator with this position, whatever time that was, rather
	// than by From and Last. Of consolidators that are not in it comes what From and Last
	// want, or with Named nothing. Before ends there before this position.
	After, Before map[string]loss.Position
	Named         bool
	// Find, which may be nil, gives positions as After does, by the epoch in which they are.
	Find func(consolidator string, epoch uint64) (at loss.Position, ok bool)

	Memory int // bytes of compressed batches that are kept; 0 means 32 MiB
}

func (q *Query) memory() int {
	if q.Memory == 0 {
		return defaultMemory
	}
	return q.Memory
}

func (q *Query) check() error {
	switch {
	case names.Check(q.Stream) != nil:
		return fmt.Errorf("read the archive: stream %q: %w", q.Stream, names.Check(q.Stream))
	case q.Last < 0:
		return fmt.Errorf("read the archive: %d last records are wanted", q.Last)
	case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
		return errors.New("read the archive: the time at which it is to end is before that at which it begins")
	}
	return nil
}

// ended reports whether a batch came too late for all that is wanted.
func (q *Query) ended(l *link) bool {
	late := q.Late
	if late == 0 {
		late = DefaultLate
	}
	return !q.To.IsZero() && l.Arrived.Earliest > q.To.Add(late).UnixMilli()
}

// came reports whether a batch came late enough to be looked at.
func (q *Query) came(l *link) bool {
	return q.From.IsZero() || l.Arrived.Latest >= q.From.Add(-Skew).UnixMilli()
}
