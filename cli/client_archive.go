package cli

import (
	"context"

	"sluice/archive/engine"
	"sluice/archive/history"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	earlier "sluice/tui/before"
)

// clientArchive is an archive as the full-screen client reads it.
func clientArchive(client *engine.Client) earlier.Archive {
	return archivePages{history.New(client)}
}

type archivePages struct{ archive *history.Archive }

func (a archivePages) Read(ctx context.Context, q earlier.Query, hand func([]stream.Record, []stream.Notice) error) (map[string]loss.Position, error) {
	return a.archive.Read(ctx, history.Query{
		Stream: q.Stream, From: q.From, To: q.To, Last: q.Last,
		After: q.After, Before: q.Before, Named: q.Named,
	}, hand)
}
