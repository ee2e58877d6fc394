package archive

import (
	"context"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// settled is how long after its beginning an archive goes by what was archived last of
// all: where nothing was for a while, nobody else is there.
const settled = 10 * time.Second

// told is what the store tells of a lane, or of all that it has.
type told struct {
	place
	held
	at  time.Time // of the batch, by the store's clock
	all bool      // all that the store had was told
}

// told takes note of what the store has.
func (w *writer) told(t told) {
	if t.all {
		w.loaded = time.Now()
		w.quiet()
		for _, l := range w.lanes {
			w.check(l, w.loaded)
		}
		return
	}
	if w.newest.Before(t.at) {
		w.newest = t.at
	}
	w.sequence = max(w.sequence, t.sequence)
	l := w.lane(t.place)
	if l.mine || l.flying || !t.after(&l.held) {
		return // what it appends says so, too
	}
	l.held = t.held
	if !l.late.IsZero() {
		l.late = time.Now()
	}
}

// after reports whether a lane went on since another time that it was looked at: batches
// have numbers.
func (t *told) after(h *held) bool {
	if h.sequence == 0 && t.sequence != 0 {
		return true // a batch tells more than the place that was noted
	}
	return t.links.Number > h.links.Number
}

// look sees where the consolidators stand, and takes over what stands still.
func (w *writer) look(now time.Time) {
	if now.Sub(w.looked) < lookEvery {
		return
	}
	since := w.looked
	w.looked = now
	w.heads = w.a.source.AppendHeads(w.heads[:0], since)
	for i := range w.heads {
		h := &w.heads[i]
		if !w.a.wants(h.Stream) {
			continue
		}
		l := w.lane(place{h.Source, h.Stream})
		l.head = h.Next
		if l.mine && !h.Tailed {
			w.read(l, l.at)
		}
		w.check(l, now)
	}
	if w.a.cfg.Engine.Err() != nil {
		w.trouble = now
	}
	for l := range w.late {
		w.check(l, now)
	}
	w.probe(now)
	w.sweep(now)
	w.watchOthers(now)
	w.age()
}

// watchFor is how long others are watched after nothing stands still any more.
const watchFor = 30 * time.Second

// watchOthers watches what others append while there is anything that stands still. Who
// writes everything watches nothing.
func (w *writer) watchOthers(now time.Time) {
	switch {
	case len(w.late) > 0:
		w.needed = now
		if w.watching == nil {
			ctx, end := context.WithCancel(w.group.Context())
			w.watching = end
			from := w.sequence + 1
			w.group.Go("watch the archive", func() { w.watch(ctx, from) })
		}
	case w.watching != nil && now.Sub(w.needed) > watchFor:
		w.watching()
		w.watching = nil
	}
}

// check takes a lane over if it is time. A new one is taken at once: should another
// archive do the same, one of them is refused.
func (w *writer) check(l *lane, now time.Time) {
	if l.mine || w.loaded.IsZero() || !l.isBehind() {
		l.late = time.Time{}
		delete(w.late, l)
		return
	}
	if l.late.IsZero() {
		l.late = now
		if now.Sub(w.loaded) < settled && w.newest.Before(now) {
			l.late = w.newest // it stood still before we came
		}
		w.late[l] = struct{}{}
	}
	since := l.late
	if since.Before(w.trouble) {
		since = w.trouble
	}
	if l.next.Epoch != 0 && now.Sub(since) < w.a.cfg.Standstill || w.takes < l.stopped {
		return
	}
	if w.begins(l) {
		l.late = time.Time{}
		delete(w.late, l)
		w.tell.taken.Add(1)
	}
}

// begins begins to read a lane that is not read. It reports false when that cannot be: its
// consolidator is not there, or closes connections that have asked for more.
func (w *writer) begins(l *lane) bool {
	if w.reading[l.consolidator] >= maxReading || !w.read(l, l.next) {
		return false
	}
	l.mine = true
	w.mine++
	w.reading[l.consolidator]++
	return true
}

// read reads a lane from a position on.
func (w *writer) read(l *lane, at loss.Position) bool {
	l.at, l.begun = at, false
	return w.a.source.TailAt(l.consolidator, l.stream, stream.Position(at))
}

// leave leaves a lane to another archive, with what was read of it and is not appended.
func (w *writer) leave(l *lane) {
	w.a.source.StopAt(l.consolidator, l.stream)
	for i := range l.queue {
		w.memory.put(&l.queue[i].records)
	}
	w.memory.put(&l.open)
	w.count(l, -l.bytes)
	l.queue, l.mine, l.begun, l.probed = nil, false, false, false
	w.mine--
	w.reading[l.consolidator]--
	l.stopped = w.takes + 2
	w.check(l, time.Now())
}

// A consolidator closes a connection with more than 100,000 tails.
const (
	maxReading = 90_000 // lanes at one consolidator
	manyLanes  = 60_000 // of them, above which those that are idle are left
	idleFor    = time.Minute
	sweepEvery = 10 * time.Second
)

// sweep leaves lanes that are idle, where there are many. They are read again with their
// next record.
func (w *writer) sweep(now time.Time) {
	if now.Sub(w.swept) < sweepEvery {
		return
	}
	w.swept = now
	for consolidator, n := range w.reading {
		if n <= manyLanes {
			continue
		}
		for _, l := range w.lanes {
			if l.consolidator == consolidator && l.mine && l.begun && l.bytes == 0 && !l.flying && now.Sub(l.opened) > idleFor {
				w.leave(l)
			}
		}
	}
}
