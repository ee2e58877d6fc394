package archive

import (
	"context"
	"time"

	"sluice/archive/engine"
)

// places notes where lanes stand, for when retention has removed their last batch. A
// place is noted a while after its batch: the store must not lose the batch and have the
// place, should its machine lose power.
type places struct {
	due   []duePlace
	being bool          // noted, in a goroutine of its own
	noted chan struct{} // capacity 1
}

// duePlace is where a lane stood at a time.
type duePlace struct {
	*lane
	held
	at time.Time
}

// placeDelay is how much later than its batch a place is noted. At most one a lane is,
// in so long.
const placeDelay = 5 * time.Second

// unplaced lets a lane's place be noted later.
func (w *writer) unplaced(l *lane) {
	if !l.unplaced {
		l.unplaced = true
		w.places.due = append(w.places.due, duePlace{l, l.held, time.Now()})
	}
}

// notePlaces notes those that are due. What has gone on meanwhile is noted again later.
func (w *writer) notePlaces(now time.Time) {
	p := &w.places
	select {
	case <-p.noted:
		p.being = false
	default:
	}
	if p.being {
		return
	}
	n := 0
	for n < len(p.due) && now.Sub(p.due[n].at) >= placeDelay {
		n++
	}
	if n == 0 {
		return
	}
	list := make([]engine.Position, 0, n)
	for _, d := range p.due[:n] {
		d.lane.unplaced = false
		if !d.mine {
			continue // another archive notes it
		}
		list = append(list, d.position())
		if d.lane.held != d.held {
			w.unplaced(d.lane)
		}
	}
	clear(p.due[:n])
	p.due = p.due[n:]
	p.being = true
	w.group.Go("note the archive's places", func() {
		w.note(w.group.Context(), list)
		p.noted <- struct{}{}
	})
}

func (d *duePlace) position() engine.Position {
	return engine.Position{Consolidator: d.consolidator, Stream: d.stream, Position: d.next, Links: d.links}
}

// noteAll notes all that were not noted yet, until it is over.
func (w *writer) noteAll(over <-chan time.Time) {
	p := &w.places
	if p.being {
		select {
		case <-p.noted:
		case <-over:
			return
		}
	}
	var list []engine.Position
	for _, d := range p.due {
		if d.mine {
			d.held = d.lane.held
			list = append(list, d.position())
		}
	}
	ctx, end := context.WithCancel(w.group.Context())
	defer end()
	done := make(chan struct{})
	w.group.Go("note the archive's places", func() {
		w.note(ctx, list)
		close(done)
	})
	select {
	case <-done:
	case <-over:
		end()
		<-done
	}
}

// note notes places, as many at a time as the window has. One that cannot be noted now
// is noted again with the lane's next batch, or by the next archive that is started.
func (w *writer) note(ctx context.Context, list []engine.Position) {
	room := make(chan struct{}, Window)
	for _, p := range list {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if err := w.a.cfg.Engine.PutPosition(p, func(uint64, error) { <-room }); err != nil {
			<-room
		}
	}
	for range Window {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
	}
}
