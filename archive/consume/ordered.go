package consume

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"sluice/archive/engine"
)

// turn is how long a worker stays with a stream that has ever more, before it looks for
// others.
const turn = time.Second

// workOrdered works in order, until ctx ends or something goes wrong.
func (w *Worker) workOrdered(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	b := newBoard(w.group.Spans[0].From)
	followed := make(chan error, 1)
	go func() { followed <- b.follow(ctx, w.store, w.Group, w.filters) }()
	defer func() {
		cancel()
		<-followed
	}()
	me := rand.Text()
	for ctx.Err() == nil {
		w.news.log(false)
		subject, p, ok := b.next()
		if !ok {
			if did, err := w.retryOne(ctx); err != nil {
				return err
			} else if did {
				continue
			}
			if w.Drain && b.nothing() && w.nothingDeferred(ctx) {
				return errDrained
			}
			wait := time.NewTimer(min(idleFor, askEvery))
			select {
			case <-ctx.Done():
			case <-b.changed:
			case <-wait.C:
			case err := <-followed:
				followed <- nil
				if err == nil {
					err = errors.New("the archive cannot be followed")
				}
				return err
			}
			wait.Stop()
			continue
		}
		if err := w.workAt(ctx, b, me, subject, p); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// workAt works at a subject for a turn, if no other worker is faster.
func (w *Worker) workAt(ctx context.Context, b *board, me, subject string, p standing) error {
	c, within, err := w.store.claim(ctx, w.Group, subject, me, p.place, p.revision)
	if errors.Is(err, errMoved) {
		b.later(subject, true)
		return nil
	}
	if err != nil {
		return err
	}
	err = w.turnAt(within, b, c, subject, p.Deaths > 0 || p.Tried)
	if errors.Is(err, errMoved) || within.Err() != nil && ctx.Err() == nil {
		return nil // another worker has it
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	revision, free := c.release(leaving)
	if errors.Is(free, errMoved) {
		return nil
	}
	if free == nil {
		b.stands(subject, c.place, revision)
	}
	return errors.Join(err, free)
}

func (w *Worker) turnAt(ctx context.Context, b *board, c *claim, subject string, again bool) error {
	for began := time.Now(); time.Since(began) < turn; {
		within, cancel := context.WithTimeout(ctx, answerWithin)
		got, _, err := w.store.Page(within, subject, c.place.Sequence+1, engine.Page{Messages: w.pace.ahead()})
		cancel()
		if err != nil {
			return err
		}
		if len(got) == 0 {
			return w.nothingAt(ctx, b, subject)
		}
		for i := range got {
			waits, err := w.doInOrder(ctx, c, &got[i], again)
			if err != nil || waits {
				return err
			}
			again = false
		}
		if got[len(got)-1].Sequence >= b.newestOf(subject) {
			return nil
		}
	}
	return nil
}

// nothingAt is called when nothing is held of a subject although there was something: it
// expired, or the server that was asked does not know of it yet.
func (w *Worker) nothingAt(ctx context.Context, b *board, subject string) error {
	_, err := w.store.LastAtLeader(ctx, subject)
	if err != nil && !errors.Is(err, engine.ErrNone) {
		return err
	}
	b.later(subject, err == nil)
	return nil
}

// doInOrder does a batch in its place. waits reports that it is to be tried again later.
func (w *Worker) doInOrder(ctx context.Context, c *claim, m *engine.Message, again bool) (waits bool, err error) {
	p, err := w.open(m.Subject, m.Header, m.Payload)
	if err != nil {
		return false, err
	}
	at := c.place
	if at.Batch != m.Sequence {
		at = place{seen: at.seen, Owner: at.Owner, Batch: m.Sequence, Deaths: at.Deaths}
	}
	if l, ok := at.missing(&p.head); ok && at.Number > 0 && p.head.Prev > at.Sequence {
		if err := w.tell(ctx, &p, l); err != nil {
			return false, err
		}
	}
	head := p.head
	p.trim(w.group, m.Sequence)
	p.from, p.redelivered = from(engine.Logs, m.Sequence), again
	switch {
	case !w.wants(head.Stream) || len(p.records) == 0 && head.Gap == nil:
	case head.Gap != nil:
		ended, err := w.call(ctx, p.batch(w.Group))
		if ended {
			return false, ctx.Err()
		}
		w.count(&p, err)
	default:
		if waits, err = w.doParts(ctx, c, &p, at); err != nil || waits {
			return waits, err
		}
	}
	return false, c.put(ctx, at.done(m.Sequence, &head))
}

// doParts does the records of a batch that are left, at once if nothing fails, or else in
// halves, as what is deferred elsewhere.
func (w *Worker) doParts(ctx context.Context, c *claim, p *piece, at place) (waits bool, err error) {
	for at.Done < len(p.records) {
		size := len(p.records) - at.Done
		if at.Size > 0 {
			size = min(size, at.Size)
		}
		part := *p
		part.records, part.head.First = p.records[at.Done:at.Done+size], p.head.First+uint64(at.Done)
		part.attempts = at.Attempts
		died := at.Deaths >= maxDeaths && at.Size == 0 || at.Deaths > 0 && at.Size > 0 && at.Tried
		at.Deaths, at.Tried = 0, false
		if part.redelivered {
			w.cameAgain(&part)
			p.redelivered = false
		}
		failed := errDied
		if !died {
			if err := c.trying(ctx, at); err != nil {
				return false, err
			}
			var ended bool
			if ended, failed = w.call(ctx, part.batch(w.Group)); ended {
				return false, ctx.Err()
			}
		}
		if failed == nil {
			w.count(&part, nil)
			at.Done, at.Attempts, at.Size = at.Done+size, 0, at.Size*2
		} else if err := w.failedInOrder(ctx, &part, &at, failed); err != nil {
			return false, err
		}
		if at.Done == len(p.records) {
			return false, nil
		}
		if err := c.put(ctx, at); err != nil {
			return false, err
		}
		if at.Due.After(time.Now()) {
			return true, nil
		}
	}
	return false, nil
}

// failedInOrder notes what is to become of records that failed.
func (w *Worker) failedInOrder(ctx context.Context, part *piece, at *place, failed error) error {
	w.news.deferred(part, failed)
	w.stats.add(func(s *Stats) { s.Deferred++ })
	if len(part.records) > 1 || failed == errDied && at.Size == 0 { // no handler may ever have had it
		at.Size = max(len(part.records)/2, 1)
		return nil
	}
	at.Size = 1
	at.Attempts++
	if at.Attempts < w.Attempts {
		at.Due = time.Now().Add(delays[class(at.Attempts)] * time.Second)
		return nil
	}
	if err := w.putPart(ctx, part, 0, 1, at.Attempts, failed); err != nil {
		return fmt.Errorf("give a record up: %w", err)
	}
	at.Done, at.Attempts = at.Done+1, 0
	return nil
}
