package cli

import (
	"context"
	"errors"

	"sluice/archive/engine"
	"sluice/archive/importer"
)

// imports are those of one recording: one for each of its streams.
type imports struct {
	engine *engine.Engine
	epoch  uint64
	of     map[string]*importer.Import
	last   *importer.Import
	name   string // of its stream
}

// into is the import of a stream.
func (i *imports) into(ctx context.Context, stream string) (*importer.Import, error) {
	if i.last != nil && i.name == stream {
		return i.last, nil
	}
	in := i.of[stream]
	if in == nil {
		var err error
		if in, err = importer.Begin(ctx, i.engine, stream, i.epoch); err != nil {
			return nil, err
		}
		i.of[stream] = in
	}
	i.last, i.name = in, stream
	return in, nil
}

// end ends all of them, and returns what became of the recording.
func (i *imports) end(ctx context.Context) (sum importer.Counts, err error) {
	for _, in := range i.of {
		c, e := in.End(ctx)
		err = errors.Join(err, e)
		sum.Records += c.Records
		sum.Held += c.Held
		sum.Batches += c.Batches
		sum.Lost += c.Lost
		sum.Unknown += c.Unknown
	}
	return sum, err
}
