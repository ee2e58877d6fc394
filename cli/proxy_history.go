package cli

import (
	"context"

	"sluice/archive/engine"
	"sluice/archive/history"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// sessionMemory is what one session's reading of the archive keeps, in bytes, of compressed
// batches.
const sessionMemory = 2 << 20

// proxyHistory is an archive as a proxy reads it.
func proxyHistory(client *engine.Client) proxy.History {
	archive := history.New(client)
	return func(ctx context.Context, want proxy.Past, hand func([]stream.Record, []stream.Notice) error) (map[string]stream.Position, error) {
		return archive.Read(ctx, history.Query{
			Stream: want.Stream, From: want.From, To: want.To, Last: want.Last,
			After: want.After, Before: want.Before, Named: want.Named, Find: want.Keys, Memory: sessionMemory,
		}, hand)
	}
}
