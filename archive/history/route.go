package history

import (
	"context"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// takeLive takes what is live, as far as it is to be handed on as it is; nil if that is
// nothing.
func (s *Source) takeLive() *stream.Batch {
	s.mu.Lock()
	joining := s.joining
	s.joining = nil
	s.mu.Unlock()
	b := s.cfg.Live.TryTake()
	if b != nil {
		b = s.route(b)
	}
	if len(joining) > 0 {
		s.join(joining)
	}
	return b
}

// route hands each part of a live batch where it belongs. What it returns is to be taken;
// most often the batch itself.
func (s *Source) route(b *stream.Batch) *stream.Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := router{s: s, batch: b}
	r.copies = s.busy > 0 || !s.cfg.From.IsZero() || !s.cfg.To.IsZero() || r.parts()
	done := 0
	for i := range b.Notices {
		n := &b.Notices[i]
		r.records(b.Records[done:n.At])
		done = n.At
		r.notice(n)
	}
	r.records(b.Records[done:])
	if !r.copies {
		return b
	}
	// A batch of its own, since of this one something is not to be taken.
	if len(r.recs)+len(r.notices) > 0 {
		_ = s.copies.Put(context.Background(), r.recs, r.notices)
	}
	b.Release()
	return s.copies.TryTake()
}

// router routes one batch. s.mu is held.
type router struct {
	s      *Source
	batch  *stream.Batch
	copies bool // what is to be taken is gathered here

	recs    []stream.Record
	notices []stream.Notice
}

// parts reports whether there is something in the batch that is not to be taken: a gap
// that the archive may fill, or a second word of a backfill.
func (r *router) parts() bool {
	for i := range r.batch.Notices {
		n := &r.batch.Notices[i]
		t := r.s.tails[n.Stream]
		if t != nil && t.phase == isLive && (n.Kind == stream.KindGap && r.s.fills(t, n) || n.Kind == stream.KindBackfill && t.filled) {
			return true
		}
	}
	return false
}

// records routes records run by run: consecutive ones of one stream and consolidator.
func (r *router) records(recs []stream.Record) {
	for len(recs) > 0 {
		first, n := &recs[0], 1
		for n < len(recs) && recs[n].Stream == first.Stream && recs[n].Source == first.Source {
			n++
		}
		r.run(r.s.tails[first.Stream], recs[:n])
		recs = recs[n:]
	}
}

func (r *router) run(t *tail, recs []stream.Record) {
	switch {
	case t == nil: // it was stopped, and may still come
	case t.phase == isHeld:
		t.held.add(recs, nil)
		return
	case t.phase == isOld || t.over:
		return
	default:
		last := &recs[len(recs)-1]
		t.at[last.Source] = loss.Position{Epoch: last.Position.Epoch, Seq: last.Position.Seq + 1}
	}
	if !r.copies {
		return
	}
	if r.s.cfg.From.IsZero() && r.s.cfg.To.IsZero() {
		r.recs = append(r.recs, recs...)
		return
	}
	for i := range recs {
		if n := r.s.first(t, &recs[i]); n != nil {
			r.add(n)
		}
		if r.s.wants(recs[i].Data) {
			r.recs = append(r.recs, recs[i])
		}
	}
}

// first is what to tell before the first record that there is of a consolidator since the
// time asked for: that what came before it is gone; nil is nothing.
func (s *Source) first(t *tail, rec *stream.Record) *stream.Notice {
	if t == nil || t.begun == nil || t.begun[rec.Source] {
		return nil
	}
	at := record.PeekTime(rec.Data)
	if at == 0 {
		return nil
	}
	t.begun[rec.Source] = true
	if rec.Position.Seq == 0 || at <= s.cfg.From.UnixMilli() {
		return nil
	}
	n := stream.GapNotice(loss.Loss{
		Stream: t.name, Source: rec.Source, Hop: loss.AtConsolidator, Unknown: true, Reason: expired(at),
	}, time.Now())
	return &n
}

// wants reports whether a live record is of the time that is wanted. One that does not say
// its time is.
func (s *Source) wants(data []byte) bool {
	at := record.PeekTime(data)
	return at == 0 || (s.cfg.From.IsZero() || at >= s.cfg.From.UnixMilli()) && (s.cfg.To.IsZero() || at <= s.cfg.To.UnixMilli())
}

func (r *router) notice(n *stream.Notice) {
	t := r.s.tails[n.Stream]
	if n.Stream == "" || t == nil {
		r.add(n)
		return
	}
	switch {
	case t.phase == isOld:
		return
	case t.phase == isHeld && n.Kind != stream.KindBackfill && n.Kind != stream.KindRefused:
		t.held.add(nil, []stream.Notice{*n})
		return
	}
	switch n.Kind {
	case stream.KindGap:
		r.gap(t, n)
	case stream.KindPosition:
		t.at[n.Source] = n.Position
		r.add(n)
	case stream.KindBackfill:
		r.backfill(t, n)
	default:
		r.add(n)
	}
}

// gap hands a loss on, or begins to read from the archive what is lost.
func (r *router) gap(t *tail, n *stream.Notice) {
	if t.phase == isLive && r.s.fills(t, n) {
		lost := gap(*n)
		t.lost, t.query = &lost, nil
		r.s.cfg.Live.Stop(t.name)
		r.s.become(t, isOld)
		r.s.leaving = append(r.s.leaving, t)
		return
	}
	t.pass(n)
	r.add(n)
}

// pass moves behind a gap.
func (t *tail) pass(n *stream.Notice) {
	switch at := t.at[n.Source]; {
	case n.Position.Epoch != 0:
		t.at[n.Source] = n.Position
	case at.Epoch != 0:
		at.Seq += n.Count
		t.at[n.Source] = at
	}
}

// fills reports whether the archive may have what a gap has lost: the reader was away, or
// the consolidator was restarted. A reader that is too slow for what is live would be later
// still.
func (s *Source) fills(t *tail, n *stream.Notice) bool {
	if s.cfg.Archive == nil {
		return false
	}
	switch n.Reason {
	case loss.Away, loss.Restarted, loss.TooLate:
	default:
		return false
	}
	at, known := t.at[n.Source]
	return known && at.Epoch != 0 && !time.Now().Before(t.barren[n.Source])
}

// backfill notes that all has come that was there.
func (r *router) backfill(t *tail, n *stream.Notice) {
	if t.phase == isHeld {
		t.held.notices = append(t.held.notices, *n)
		if len(t.held.records) < t.from.Last {
			t.query = &Query{Stream: t.name, Last: t.from.Last - len(t.held.records), Before: t.held.begins()}
			r.s.cfg.Live.Stop(t.name)
			r.s.become(t, isOld)
			r.s.leaving = append(r.s.leaving, t)
			return
		}
		r.s.become(t, isLive)
		t.at, t.live, t.filled = t.held.ends(), true, true
		for _, n := range t.held.notices {
			n.At += len(r.recs)
			r.notices = append(r.notices, n)
		}
		r.recs = append(r.recs, t.held.records...)
		t.held = held{}
		return
	}
	t.live = true
	if t.filled {
		return // once per tail
	}
	t.filled = true
	r.add(n)
}

func (r *router) add(n *stream.Notice) {
	if r.copies {
		r.notices = append(r.notices, *n)
		r.notices[len(r.notices)-1].At = len(r.recs)
	}
}
