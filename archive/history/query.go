package history

import (
	"errors"
	"fmt"
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/names"
)

// DefaultLate is how long after its own time a record may have come, to be found before
// [Query].To.
const DefaultLate = time.Hour

const defaultMemory = 32 << 20

// Query says which records of a stream are wanted. By itself it wants all that is held.
type Query struct {
	Stream string // its exact name

	// From and To are the times of the records, both included: their own; of one that has
	// none, the times between which its batch came. Zero is no bound. One whose own time is
	// later than its arrival, and than all that came before it, by more than batch.Ahead is
	// not found by From, nor by To one that came later than Late after it; zero means
	// DefaultLate.
	From, To time.Time
	Late     time.Duration

	// Last wants so many of the newest of these, over all consolidators together; 0 all.
	Last int

	// After begins at a consolidator with this position, whatever time that was, rather
	// than by From and Last. Of consolidators that are not in it comes what From and Last
	// want, or with Named nothing. Before ends there before this position.
	After, Before map[string]loss.Position
	Named         bool
	// Later are epochs that are known to be later than that of Before, by consolidator: where
	// that one is not held any more, what comes before these does; else it is taken for one that
	// is not held yet. It is looked at with Last.
	Later map[string][]uint64
	// Find, which may be nil, gives positions as After does, by the epoch in which they are.
	Find func(consolidator string, epoch uint64) (at loss.Position, ok bool)

	soon int64 // Unix milliseconds: what claims to be of later by more is of a wrong clock

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

// ended reports whether a batch is too late for all that is wanted: by when it came, and, in
// case that the archive's clock was ahead then, or that a recording was imported, by its
// records' own times.
func (q *Query) ended(l *link) bool {
	if q.To.IsZero() {
		return false
	}
	late := q.Late
	if late == 0 {
		late = DefaultLate
	}
	end := q.To.Add(late).UnixMilli()
	switch {
	case l.Arrived.Earliest <= end:
		return false
	case l.Own == batch.Span{}:
		return true
	case l.Own.Latest+late.Milliseconds() < l.Arrived.Earliest:
		return l.Own.Earliest > end // all of it came long after it was said, as of a recording
	default:
		return l.Own.Latest > end
	}
}

// came reports whether there may be something in a batch, or in one before it, that is late
// enough. Of an archive whose clock was far ahead once, that would be all for ever: there the
// batch's own arrival and its records' times count, whichever is later, since its clock may have been
// far behind afterwards.
func (q *Query) came(l *link) bool {
	at := l.Newest()
	if at > q.soon {
		at = l.Arrived.Latest
		if l.Own.Latest <= q.soon {
			at = max(at, l.Own.Latest)
		}
	}
	return q.From.IsZero() || at >= q.From.UnixMilli()
}

// reaches reports whether what came before a batch may be late enough, too.
func (q *Query) reaches(l *link) bool {
	at := l.Latest
	if at == 0 || at > q.soon {
		at = l.Arrived.Earliest - 1
	}
	return q.From.IsZero() || at >= q.From.UnixMilli()
}
