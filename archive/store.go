package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/backoff"
)

// failed notes that the store takes nothing, or does not answer.
func (w *writer) failed(err error) {
	if w.tell.failed(err) {
		w.a.cfg.Logger.Warn("the store takes nothing: what comes waits, and then the consolidators keep what they can", "error", err)
	}
}

// reached notes that the store has answered.
func (w *writer) reached() {
	if for_ := w.tell.reached(); for_ > 0 {
		w.a.cfg.Logger.Info("the store takes batches again", "after", for_.Round(time.Millisecond))
	}
}

// find finds where the archive stands in a lane, by the leader's word: behind the last
// batch, or where there is none (batched is false), at the place that was noted.
func (w *writer) find(ctx context.Context, consolidator, stream string) (is held, batched bool, err error) {
	e, of := w.a.cfg.Engine, subject.Of(consolidator, stream)
	m, err := e.LastAtLeader(ctx, of)
	if err != nil && !errors.Is(err, engine.ErrNone) {
		return held{}, false, err
	}
	if err == nil {
		h, err := m.Head()
		if err == nil {
			return behind(&h, m.Sequence), true, nil
		}
		if errors.Is(err, batch.ErrNewer) {
			return held{}, false, err
		}
		w.a.cfg.Logger.Warn("passed over what is no batch of the archive", "consolidator", consolidator, "stream", stream, "sequence", m.Sequence, "error", err)
	}
	p, err := e.Position(ctx, consolidator, stream)
	if err != nil && !errors.Is(err, engine.ErrNone) {
		return held{}, false, err
	}
	is = held{next: p.Position, links: p.Links}
	for from := p.Links.Prev + 1; from <= m.Sequence; {
		// Behind the place that was noted there may be batches before the foreign message.
		page, _, err := e.Page(ctx, of, from, engine.Page{})
		if err != nil {
			return held{}, false, err
		}
		for i := range page {
			if h, err := page[i].Head(); err == nil {
				is = behind(&h, page[i].Sequence)
			}
			from = page[i].Sequence + 1
		}
		if len(page) == 0 {
			break
		}
	}
	is.sequence = m.Sequence
	return is, false, nil
}

// load tells the writer where the archive stands in every lane, until that is done.
func (w *writer) load(ctx context.Context) {
	var wait backoff.Backoff
	for {
		err := w.loadAll(ctx)
		if err == nil {
			w.reached()
			w.send(ctx, told{all: true})
			return
		}
		if ctx.Err() != nil {
			return
		}
		w.failed(err)
		if !wait.Wait(ctx) {
			return
		}
	}
}

func (w *writer) loadAll(ctx context.Context) error {
	for p, err := range w.a.cfg.Engine.Positions(ctx) {
		if err != nil {
			return fmt.Errorf("read the places of the archive: %w", err)
		}
		w.send(ctx, told{place: place{p.Consolidator, p.Stream}, held: held{next: p.Position, links: p.Links}})
	}
	for m, err := range w.a.cfg.Engine.Heads(ctx, subject.Root+".>") {
		if err != nil {
			return fmt.Errorf("read the last batches of the archive: %w", err)
		}
		w.sendHead(ctx, &m)
	}
	return nil
}

// watch tells the writer what others append, from a sequence on, until ctx ends.
func (w *writer) watch(ctx context.Context, from uint64) {
	var wait backoff.Backoff
	for {
		for m, err := range w.a.cfg.Engine.Watch(ctx, engine.Watching{From: from, Heads: true}) {
			if err != nil {
				break
			}
			w.sendHead(ctx, &m)
			from = m.Sequence + 1
		}
		if !wait.Wait(ctx) {
			return
		}
	}
}

// sendHead tells the writer of a batch.
func (w *writer) sendHead(ctx context.Context, m *engine.Message) {
	h, err := batch.Peek(m.Subject, m.Header)
	if err != nil {
		w.sendFound(ctx, m.Subject)
		return
	}
	w.send(ctx, told{place: place{h.Consolidator, h.Stream}, held: behind(&h, m.Sequence), at: m.Stored})
}

// sendFound tells the writer of a lane whose last message is no batch.
func (w *writer) sendFound(ctx context.Context, of string) {
	consolidator, stream, err := subject.Parse(of)
	if err != nil {
		return // it is of no lane
	}
	if is, _, err := w.find(ctx, consolidator, stream); err == nil {
		w.send(ctx, told{place: place{consolidator, stream}, held: is})
	}
}

func (w *writer) send(ctx context.Context, t told) {
	select {
	case w.watched <- t:
	case <-ctx.Done():
	}
}
