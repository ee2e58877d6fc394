package archive

import (
	"context"
	"time"

	"sluice/cluster/rescue"
	"sluice/cluster/stream/direct"
)

const (
	tickEvery = 20 * time.Millisecond  // how exactly batches are cut by their age
	lookEvery = 200 * time.Millisecond // how often heads are looked at
	linger    = 5 * time.Millisecond   // between two reads of the source, where little comes
)

// writer is the goroutine that owns the lanes. Others append for it, and load and watch
// what the store has.
type writer struct {
	a    *Archive
	tell *counts

	lanes map[place]*lane
	last  *lane // that was found last
	takes uint64
	due   []dueLane // lanes that have something open, the oldest first
	ready []*lane   // that wait for room in the window
	late  map[*lane]struct{}

	mine    int            // lanes
	reading map[string]int // those, by consolidator
	swept   time.Time      // when those that are idle were left
	flying  int            // pieces that are being appended
	waiting int            // bytes that are not appended yet
	memory  builders

	unprobed map[string][]*lane // by consolidator: what the store has and nobody tells of
	heads    []direct.Head
	looked   time.Time // when the heads were looked at
	places   places
	loaded   time.Time // since when it is known what the store has
	newest   time.Time // of what was archived last, not by us
	sequence uint64    // of the last batch that is known
	watching func()    // ends watching others; nil while they are not
	needed   time.Time // when that was needed last
	trouble  time.Time // when the store was last known not to answer

	group    *rescue.Group
	appended chan outcome
	watched  chan told
}

// dueLane is a lane that is due an age after it was opened.
type dueLane struct {
	*lane
	opened time.Time
}

func newWriter(a *Archive) *writer {
	return &writer{
		a: a, tell: &a.counts,
		lanes: make(map[place]*lane), late: make(map[*lane]struct{}), reading: make(map[string]int),
		appended: make(chan outcome, Window), watched: make(chan told, 64),
		places: places{noted: make(chan struct{}, 1)},
	}
}

// run archives until ctx ends, and then what was read, as far as the grace lasts.
func (w *writer) run(ctx context.Context) error {
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	w.group = rescue.NewGroup(work)
	w.group.Go("load the archive's places", func() { w.load(w.group.Context()) })
	w.a.source.Linger(linger, time.Now())
	w.a.source.WatchStreams(true)
	w.loop(ctx)
	defer w.publish()
	if w.group.Context().Err() == nil {
		w.finish()
	}
	end()
	w.group.End()
	return w.group.Wait()
}

// loop archives until ctx ends, or a goroutine has panicked.
func (w *writer) loop(ctx context.Context) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		ready := w.a.source.Ready()
		if w.waiting >= w.a.cfg.Buffer {
			ready = nil // the consolidators keep it
		}
		select {
		case <-ctx.Done():
			return
		case <-w.group.Context().Done():
			return
		case <-ready:
			w.take()
		case o := <-w.appended:
			w.done(o)
		case t := <-w.watched:
			w.told(t)
		case now := <-tick.C:
			if w.waiting < w.a.cfg.Buffer {
				w.take()
			}
			w.cut(now)
			w.look(now)
			w.notePlaces(now)
		}
		w.dispatch()
		w.publish()
	}
}

// finish appends what was read, for the grace at most, and notes all places.
func (w *writer) finish() {
	over := time.NewTimer(w.a.cfg.Grace)
	defer over.Stop()
	for _, l := range w.lanes {
		w.seal(l)
	}
	w.dispatch()
	for w.flying > 0 {
		select {
		case o := <-w.appended:
			w.done(o)
			w.dispatch()
		case <-w.watched:
		case <-over.C:
			w.a.cfg.Logger.Warn("the store does not take what was read in time: it is read again by the next archive", "bytes", w.waiting)
			return
		case <-w.group.Context().Done():
			return
		}
	}
	w.noteAll(over.C)
}

// lane returns a lane, which it makes if there is none.
func (w *writer) lane(p place) *lane {
	if w.last != nil && w.last.place == p {
		return w.last
	}
	l := w.lanes[p]
	if l == nil {
		l = &lane{place: p}
		w.lanes[p] = l
	}
	w.last = l
	return l
}

// cut seals what is old enough. What comes behind something that is being appended
// anyway is left to grow until that is done.
func (w *writer) cut(now time.Time) {
	n := 0
	for ; n < len(w.due) && now.Sub(w.due[n].opened) >= w.a.cfg.Age; n++ {
		l := w.due[n].lane
		if l.opened.Equal(w.due[n].opened) && !l.flying && len(l.queue) == 0 {
			w.seal(l)
		}
	}
	clear(w.due[:n])
	w.due = w.due[n:]
}
