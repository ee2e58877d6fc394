package cli

import (
	"context"

	"sluice/archive/engine"
	"sluice/archive/history"
	"sluice/archive/importer"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// sessionMemory is what one session's reading of the archive keeps, in bytes, of compressed
// batches.
const sessionMemory = 2 << 20

// pastArchive is an archive as a proxy reads it.
type pastArchive struct{ archive *history.Archive }

func proxyHistory(client *engine.Client) proxy.History { return pastArchive{history.New(client)} }

func (a pastArchive) Read(ctx context.Context, wants []proxy.Past, last int, hand func([]stream.Record, []stream.Notice) error) ([]map[string]stream.Position, error) {
	queries := make([]history.Query, len(wants))
	for i, want := range wants {
		queries[i] = history.Query{
			Stream: want.Stream, From: want.From, To: want.To, Late: want.Late, Last: last,
			After: want.After, Before: want.Before, Named: want.Named, Later: want.Later, Find: want.Keys, Memory: sessionMemory,
		}
	}
	all, err := a.archive.ReadTogether(ctx, queries, hand)
	ends := make([]map[string]stream.Position, len(all))
	for i := range all {
		ends[i] = all[i]
	}
	return ends, err
}

func (a pastArchive) Counts(ctx context.Context, want proxy.Past, window stream.Window) (stream.Counts, error) {
	return a.archive.Counts(ctx, history.Query{
		Stream: want.Stream, From: want.From, To: want.To, After: want.After, Before: want.Before, Named: want.Named,
	}, window)
}

func (a pastArchive) Imported() string { return importer.Consolidator }

func (a pastArchive) Held(ctx context.Context) ([]proxy.Held, error) {
	streams, err := a.archive.Holds(ctx)
	held := make([]proxy.Held, len(streams))
	for i, s := range streams {
		held[i] = proxy.Held{Stream: s.Name, Consolidators: s.Consolidators, Newest: s.Newest}
	}
	return held, err
}
