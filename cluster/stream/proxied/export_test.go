package proxied

import (
	"time"

	"sluice/cluster/block"
	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
)

// NewEventBody lets tests feed it by hand.
var NewEventBody = newEventBody

// Next returns the next events, and the block that they are in.
func (b *eventBody) Next() ([]byte, *block.Block, error) {
	events, err := b.next()
	return events, b.in, err
}

// Impatient asks again soon for what was refused.
func Impatient(cfg Config) Config {
	cfg.refusedWait, cfg.problemWait = 10*time.Millisecond, 10*time.Millisecond
	return cfg
}

// Broken returns a Source with a tail that panics when Run starts it.
func Broken(cfg Config) (*stream.Source, error) {
	out := stream.NewHandover(cfg.Inbox)
	b, err := newBackend(cfg, out)
	if err != nil {
		return nil, err
	}
	b.tails["broken"] = newTail(nil, "broken", stream.Backfill{})
	return stream.NewSource(out, b), nil
}

// LiveStreams lets tests say what changes.
type LiveStreams struct{ l liveStreams }

// Take takes what has changed, and returns the list, and whether it is whole.
func (s *LiveStreams) Take(e *httpapi.ChangesEvent) ([]stream.Live, bool) {
	whole := s.l.take(e)
	return s.l.list, whole
}
