package headless

import (
	"context"

	"sluice/cluster/stream"
)

// Source is what a client for scripts needs of a [stream.Source]. Whoever makes
// it runs it.
type Source interface {
	// Tail begins to follow a stream.
	Tail(name string, from stream.Backfill)
	// Take returns what arrived, and blocks while there is nothing. The batch
	// belongs to the caller until it is released.
	Take(ctx context.Context) (*stream.Batch, error)
	// Status returns each source as it is now.
	Status() []stream.Status
}
