package recorder

import (
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// recorded is one stream that is recorded.
type recorded struct {
	Counts
	stream string
	writer *writer // nil until something comes

	// Of a stream that appeared while the recording ran:
	appeared bool
	holding  bool            // its backfill is not complete
	held     []stream.Record // of it, with their own data
	heldSize int             // bytes of them
	slack    time.Duration
	since    int64           // Unix milliseconds: backfill from before it is no part of the recording; 0 when the times are not believed
	sources  map[string]bool // by which records came
}

// countLoss counts a loss.
func (s *recorded) countLoss(l *loss.Loss) {
	s.Gaps++
	s.Dropped += l.Count
	if l.Unknown {
		s.Unknown++
	}
}
