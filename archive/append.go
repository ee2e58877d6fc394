package archive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/cluster/backoff"
	"sluice/cluster/loss"
	"sluice/cluster/record"
)

// outcome is what became of a piece.
type outcome struct {
	*lane
	piece
	is     held // where the lane stands now
	head   batch.Head
	end    end
	stored int     // bytes of its payload
	parts  []piece // in its place, if it is too large
}

// end is how an append ended.
type end uint8

const (
	isAppended  end = iota // it is in the archive, by us
	isElsewhere            // another archive has written something else there
	isTooLarge             // the store does not take so large a batch
	isUnknown              // nobody knows: this archive ends
)

// patience is how long an append may take until it is tried again.
const patience = 2 * time.Second

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
		l.flying, l.flew = true, p.came
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
	var m batch.Message
	if o.gap != nil {
		m = batch.EncodeGap(&o.head, time.Now())
	} else {
		m = o.records.Encode(&o.head)
	}
	o.stored = len(m.Payload)
	ctx := w.group.Context()
	if o.is, o.end = w.settle(ctx, &o.head, m, o.is); o.end == isTooLarge {
		o.parts = parts(&o.head, m.Payload)
	}
	select {
	case w.appended <- *o:
	case <-ctx.Done():
	}
}

// settle appends a batch behind what the lane was known to hold, or finds out what it
// holds instead. It tries for as long as the store does not say.
func (w *writer) settle(ctx context.Context, h *batch.Head, m batch.Message, is held) (now held, e end) {
	var wait backoff.Backoff
	unsure := false // whether an append before this one has come through
	after := is.sequence
	for {
		elected := w.a.cfg.Engine.Elected()
		sequence, err := w.once(ctx, m, h.Stream, after, elected)
		if err == nil {
			w.reached()
			return behind(h, sequence), isAppended
		}
		refused, batched := errors.Is(err, engine.ErrWrongSequence), false
		if refused {
			now, batched, err = w.find(ctx, h.Consolidator, h.Stream)
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return is, isUnknown
		case errors.Is(err, engine.ErrTooLarge) && h.Gap == nil:
			return is, isTooLarge
		case err != nil:
			unsure = unsure || !refused
			w.failed(err)
			if !again(ctx, &wait, elected) {
				return is, isUnknown
			}
		case unsure && batched && now.next == h.Next() && now.links == h.After(now.sequence):
			return now, isAppended // it had come through
		case batched && now.links != h.Links, now.links.Number > h.Number:
			return now, isElsewhere
		case after == now.sequence && !wait.Wait(ctx):
			return is, isUnknown
		default:
			after = now.sequence // retention has removed the last batch, or a foreign message follows it
		}
	}
}

// again waits until it is time to try again, at once when the store has got a leader. It
// reports false when ctx has ended.
func again(ctx context.Context, wait *backoff.Backoff, elected <-chan struct{}) bool {
	timer := time.NewTimer(wait.Next())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-elected:
		*wait = backoff.Backoff{}
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// errElected is why an append is not waited for any more: its leader has gone, and with it
// the answer.
var errElected = errors.New("the store has got another leader")

// once appends a batch, or returns an error when that takes too long, or the store has got
// another leader: a server that has gone gives no answer.
func (w *writer) once(ctx context.Context, m batch.Message, stream string, after uint64, elected <-chan struct{}) (uint64, error) {
	type answer struct {
		sequence uint64
		err      error
	}
	answered := make(chan answer, 1)
	m.Header = maps.Clone(m.Header) // the engine adds to it, and may have it still
	err := w.a.cfg.Engine.Append(m, stream, after, func(sequence uint64, err error) { answered <- answer{sequence, err} })
	if err != nil {
		return 0, err
	}
	over := time.NewTimer(patience)
	defer over.Stop()
	select {
	case a := <-answered:
		return a.sequence, a.err
	case <-elected:
		return 0, fmt.Errorf("append to %s: %w", m.Subject, errElected)
	case <-over.C:
		w.a.cfg.Engine.Unanswered(time.Now().Add(-patience))
		return 0, fmt.Errorf("append to %s: no answer in %s", m.Subject, patience)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// done takes note of what became of a piece.
func (w *writer) done(o outcome) {
	l := o.lane
	l.flying = false
	w.flying--
	w.count(l, -o.size)
	if o.end == isAppended {
		w.tell.appended(&o)
	}
	if o.gap == nil {
		l.class = w.memory.put(&o.records)
	}
	switch o.end {
	case isUnknown:
		return
	case isElsewhere:
		w.tell.refused.Add(1)
		l.held = o.is
		w.leave(l)
		return
	case isTooLarge:
		for i := range o.parts {
			o.parts[i].came = l.flew
			w.count(l, o.parts[i].size)
		}
		l.queue = append(o.parts, l.queue...)
		w.want(l)
		return
	}
	l.held = o.is
	w.sequence = max(w.sequence, l.sequence)
	w.unplaced(l)
	if len(l.queue) == 0 && l.open.Count() > 0 && time.Since(l.opened) >= w.a.cfg.Age {
		w.seal(l)
	}
	w.want(l)
}

// tooLarge is why a record is lost that no batch has room for.
const tooLarge = "larger than the archive's NATS servers take"

// parts divides a batch that the store does not take in two; of a single record it makes
// a gap.
func parts(h *batch.Head, payload []byte) []piece {
	at := loss.Position{Epoch: h.Epoch, Seq: h.First}
	records, _, err := h.Open(payload, nil)
	if h.Count == 1 || err != nil {
		return []piece{{gap: &loss.Loss{Source: h.Consolidator, Hop: hop, Reason: tooLarge, Count: h.Count}, first: at, size: batchCost}}
	}
	two := make([]piece, 2)
	for seq, data := range records.All() {
		p := &two[0]
		if seq-h.First >= h.Count/2 {
			p = &two[1]
		}
		if p.records.Count() == 0 {
			p.first = loss.Position{Epoch: h.Epoch, Seq: seq}
		}
		_ = p.records.Add(data, record.PeekTime(data), h.Arrived.Latest) // it had room in a batch before
		p.size = p.records.Size()
	}
	return two
}
