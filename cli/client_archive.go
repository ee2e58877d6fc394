package cli

import (
	"context"

	"sluice/archive/engine"
	"sluice/archive/history"
	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	earlier "sluice/tui/before"
)

// clientArchive is an archive as the full-screen client reads it.
func clientArchive(client *engine.Client) earlier.Archive {
	return archivePages{history.New(client)}
}

// clientThrough is the archive of a proxy as the full-screen client reads it.
func clientThrough(proxy *proxied.History) earlier.Archive { return proxyPages{proxy} }

type proxyPages struct{ proxy *proxied.History }

func (p proxyPages) Read(ctx context.Context, q earlier.Query, hand func([]stream.Record, []stream.Notice) error) (map[string]loss.Position, error) {
	return p.proxy.Read(ctx, q.Stream, pagesOf(q), hand)
}

func (p proxyPages) Counts(ctx context.Context, q earlier.Query, window stream.Window) (stream.Counts, error) {
	want := pagesOf(q)
	want.Counts, want.CountsFrom, want.CountsTo = window.Columns, window.From, window.To
	return p.proxy.Counts(ctx, q.Stream, want)
}

func pagesOf(q earlier.Query) httpapi.History {
	return httpapi.History{From: q.From, To: q.To, Last: q.Last, After: q.After, Before: q.Before, Named: q.Named, Later: q.Later}
}

type archivePages struct{ archive *history.Archive }

func (a archivePages) Read(ctx context.Context, q earlier.Query, hand func([]stream.Record, []stream.Notice) error) (map[string]loss.Position, error) {
	return a.archive.Read(ctx, archiveQuery(q), hand)
}

func (a archivePages) Counts(ctx context.Context, q earlier.Query, window stream.Window) (stream.Counts, error) {
	return a.archive.Counts(ctx, archiveQuery(q), window)
}

func archiveQuery(q earlier.Query) history.Query {
	return history.Query{
		Stream: q.Stream, From: q.From, To: q.To, Last: q.Last,
		After: q.After, Before: q.Before, Named: q.Named, Later: q.Later,
	}
}
