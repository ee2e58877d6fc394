package archive

import (
	"context"
	"errors"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/archive/subject"
	"sluice/cluster/backoff"
)

// outcome is what became of a piece.
type outcome struct {
	*lane
	piece
	is       held // where the lane stands now; not if gaveUp
	head     batch.Head
	appended bool // it is in the archive, by us; else somebody else has been there
	gaveUp   bool // nobody knows: the archive ends
	stored   int  // bytes of its payload
	took     time.Duration
}

// want lets a lane's next piece be appended, once there is room in the window.
func (w *writer) want(l *lane) {
	if !l.flying && !l.waiting && len(l.queue) > 0 {
		l.waiting = true
		w.ready = append(w.ready, l)
	}
}

// dispatch begins to append what the window has room for.
func (w *writer) dispatch() {
	n := 0
	for ; n < len(w.ready) && w.flying < Window; n++ {
		l := w.ready[n]
		l.waiting = false
		if len(l.queue) == 0 || l.flying {
			continue // it was left meanwhile
		}
		p := l.queue[0]
		l.queue[0] = piece{}
		if l.queue = l.queue[1:]; len(l.queue) == 0 {
			l.queue = nil
		}
		l.flying = true
		w.flying++
		o := outcome{lane: l, piece: p, is: l.held}
		o.head = batch.Head{Consolidator: l.consolidator, Stream: l.stream, Epoch: p.first.Epoch, First: p.first.Seq, Gap: p.gap, Links: l.links}
		w.group.Go("append to the archive", func() { w.append(&o) })
	}
	clear(w.ready[:n])
	w.ready = w.ready[n:]
}

// append appends a piece, and tells the writer what became of it. It runs in a goroutine
// of its own, and touches nothing of the lane but its place.
func (w *writer) append(o *outcome) {
	began := time.Now()
	var m batch.Message
	if o.gap != nil {
		m = batch.EncodeGap(&o.head, began)
	} else {
		m = o.records.Encode(&o.head)
	}
	o.stored = len(m.Payload)
	ctx := w.group.Context()
	o.is, o.appended, o.gaveUp = w.settle(ctx, &o.head, m, o.is)
	o.took = time.Since(began)
	select {
	case w.appended <- *o:
	case <-ctx.Done():
	}
}

// settle appends a batch behind what the lane was known to hold, or finds out what it
// holds instead. It tries for as long as the store does not say.
func (w *writer) settle(ctx context.Context, h *batch.Head, m batch.Message, is held) (now held, appended, gaveUp bool) {
	var wait backoff.Backoff
	unsure := false // whether an append before this one has come through
	after := is.sequence
	for {
		sequence, err := w.store.Append(ctx, m, after)
		if err == nil {
			w.tell.reached()
			return behind(h, sequence), true, false
		}
		if errors.Is(err, engine.ErrMoved) {
			now, err = w.find(ctx, m.Subject)
		}
		switch {
		case err != nil:
			unsure = true
			w.tell.failed(err)
			if !wait.Wait(ctx) {
				return is, false, true
			}
		case unsure && now.sequence != 0 && now.next == h.Next() && now.links == h.Links.After(now.sequence):
			return now, true, false // it had come through
		case now.sequence == 0 && now.next == is.next && after != 0:
			after = 0 // retention has removed the last batch
		default:
			return now, false, false
		}
	}
}

// find finds where the archive stands at a subject.
func (w *writer) find(ctx context.Context, subject string) (held, error) { return held{}, nil }

// done takes note of what became of a piece.
func (w *writer) done(o outcome) {
	l := o.lane
	l.flying = false
	w.flying--
	w.count(l, -o.size)
	if o.gap == nil {
		l.class = w.memory.put(&o.records)
	}
	if o.gaveUp {
		return
	}
	l.held = o.is
	if !o.appended {
		w.leave(l, "another archive has written it")
		return
	}
	w.tell.appended(&o)
	w.unplaced(l)
	if len(l.queue) == 0 && l.open.Count() > 0 && time.Since(l.opened) >= Age {
		w.seal(l)
	}
	w.want(l)
}

var _ = subject.Of
