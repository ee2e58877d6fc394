package proxied

import "sluice/cluster/stream"

// NewEventBody lets tests feed it by hand.
var NewEventBody = newEventBody

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
