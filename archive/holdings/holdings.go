package holdings

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/loss"
)

// Lane is one stream at one consolidator, and what is held of it.
type Lane struct {
	Stream, Consolidator string

	Batches     uint64
	Held        batch.Totals
	First, Last time.Time     // when the oldest and the newest batch that is held were stored
	Next        loss.Position // of the record to be archived next

	// Err is why nothing but the names is known: a batch that is damaged, or something else
	// that was written by nobody of ours.
	Err error
}

const atOnce = 32 // questions

// List is what is held of the streams that match, in the order of their names and
// consolidators. filter is the subject that takes in them all, and perhaps more:
// subject.All, or what subject.Filter gives. A nil match matches all.
func List(ctx context.Context, c *engine.Client, filter string, match func(stream string) bool) ([]Lane, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu     sync.Mutex
		lanes  []Lane
		failed error
		asking sync.WaitGroup
	)
	places := make(chan struct{}, atOnce)
	for last, err := range c.Heads(ctx, filter) {
		if err != nil {
			cancel()
			asking.Wait()
			return nil, cmp.Or(failed, err)
		}
		consolidator, stream, err := subject.Parse(last.Subject)
		if err != nil {
			consolidator, stream = "", last.Subject
		} else if match != nil && !match(stream) {
			continue
		}
		places <- struct{}{}
		asking.Go(func() {
			defer func() { <-places }()
			lane, err := look(ctx, c, &last)
			lane.Consolidator, lane.Stream = consolidator, stream
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, engine.ErrNone): // it has expired meanwhile
			case err != nil:
				failed = cmp.Or(failed, err)
				cancel()
			default:
				lanes = append(lanes, lane)
			}
		})
	}
	asking.Wait()
	if failed != nil {
		return nil, failed
	}
	slices.SortFunc(lanes, func(a, b Lane) int {
		return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Consolidator, b.Consolidator))
	})
	return lanes, nil
}

// look finds out what is held between the last batch of a subject and its first.
func look(ctx context.Context, c *engine.Client, last *engine.Message) (l Lane, err error) {
	l.Last = last.Stored
	end, err := batch.Peek(last.Subject, last.Header)
	if err != nil {
		l.Err = err
		return l, nil
	}
	first, err := c.From(ctx, last.Subject, 1)
	if err != nil {
		return l, err
	}
	l.First = first.Stored
	begin, err := batch.Peek(first.Subject, first.Header)
	if err != nil {
		l.Err = err
		return l, nil
	}
	l.Batches = end.Number - begin.Number + 1
	l.Held = end.Totals().Sub(begin.Before)
	l.Next = end.Next()
	return l, nil
}
