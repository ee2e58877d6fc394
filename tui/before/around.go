package before

import (
	"context"
	"time"

	"sluice/tui/rows"
)

// Around reads what is around a time: Ask.Want rows that pass from then on, and as many from
// before. Ask.Begin and Ask.Match are not looked at. at is the number of the first row that
// is not before the time, within the page that begins there.
func Around(ctx context.Context, a Reader, ask *Ask, at time.Time) (older Found, newer Reached, err error) {
	// Where it is: the first record of each source that is not before it. One that has none
	// among the next is not there yet.
	begin := make(rows.Edges)
	if err = fewStreams(ask.Streams); err != nil {
		return older, newer, err
	}
	for of, name := range ask.Streams {
		p, _, _, err := read(ctx, a, Query{Stream: name, From: at}, ask.Streams, of, max(ask.Want, minChunk), maxPage)
		if err != nil {
			return older, newer, err
		}
		reach(p, 0, begin)
		ask.Progress.add(p.Len(), at.UnixMilli())
	}
	onward := &Onward{Streams: ask.Streams, After: begin, Named: true, Want: ask.Want, MaxBytes: ask.MaxBytes, Show: ask.Show, Progress: ask.Progress}
	if newer, err = Newer(ctx, a, onward); err != nil {
		return older, newer, err
	}
	before := *ask
	before.Begin, before.Match, before.Held, before.To = begin, nil, nil, at.Add(-time.Millisecond)
	if older, err = Older(ctx, a, &before); err != nil {
		return older, newer, err
	}
	// Of sources that were there only before, it is known now where they go on.
	for stream, of := range older.End {
		for source, place := range of {
			if _, known := newer.End[stream][source]; !known {
				newer.End.Set(stream, source, place)
			}
		}
	}
	return older, newer, nil
}
