package main

import (
	"context"
	"fmt"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
	"sluice/internal/relay"
)

// directReader reads all consolidators with a stream.Source. Its positions have to be
// contiguous but for the gaps that it is told, number by number.
type directReader struct {
	*tally
	endpoints []string
	reborn    chan struct{} // it is to end and to go on with another Source

	// Guarded by tally.mu.
	at     [][]cursor // by machine and stream
	passed []passage
}

// cursor is where a direct reader stands in one stream of one machine.
type cursor struct {
	position
	known   bool
	pending *stream.Notice // a gap that was told, and not looked at yet
}

// passage is the way from one epoch into the next.
type passage struct {
	machine, stream int
	from, to        position
	told            uint64
	unknown         bool
	hurt            bool
}

func newDirect(w *world, id string, relayed bool) (*directReader, error) {
	d := &directReader{tally: newTally(w, kindDirect, id, -1), reborn: make(chan struct{}, 1)}
	relayed = relayed && w.finder == nil
	for _, m := range w.machines {
		address := m.subscribe[0].Address
		if relayed {
			r, err := relay.Open(address)
			if err != nil {
				return nil, err
			}
			d.relays = append(d.relays, r)
			address = r.Addr()
		}
		d.endpoints = append(d.endpoints, "tcp://"+address)
		d.at = append(d.at, make([]cursor, len(w.streams)))
	}
	return d, nil
}

func (d *directReader) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := d.session(ctx); err != nil {
			return d.w.violation(d, err)
		}
	}
	return nil
}

// session is one life of a Source.
func (d *directReader) session(ctx context.Context) error {
	cfg := direct.Config{Consolidators: d.endpoints, Inbox: 64<<10 + d.rnd.IntN(1<<20)}
	if d.w.finder != nil {
		finder, err := d.w.finder()
		if err != nil {
			return err
		}
		cfg.Consolidators, cfg.Finder = nil, finder
	}
	source, err := direct.New(cfg)
	if err != nil {
		return err
	}
	d.mu.Lock()
	for s, name := range d.w.streams {
		var from stream.Backfill
		for m, list := range d.at {
			c := &list[s]
			d.fold(c)
			if !c.known {
				continue
			}
			if from.Positions == nil {
				from.Positions = make(map[string]stream.Position)
			}
			from.Positions[d.w.machines[m].name] = stream.Position{Epoch: c.epoch, Seq: c.next}
		}
		source.Tail(name, from)
	}
	d.mu.Unlock()
	return d.readAll(ctx, source, d.rnd, func(b *stream.Batch) (more bool, err error) {
		if err := d.batch(b); err != nil {
			return false, err
		}
		select {
		case <-d.reborn:
			d.hurt.Store(true)
			d.notef("another Source")
			d.sum.resumed++
			return false, nil
		default:
			return true, nil
		}
	})
}

func (d *directReader) batch(b *stream.Batch) error {
	n := 0
	for i := 0; i <= len(b.Records); i++ {
		for ; n < len(b.Notices) && b.Notices[n].At == i; n++ {
			if err := d.notice(b.Notices[n]); err != nil {
				return err
			}
		}
		if i < len(b.Records) {
			if err := d.take(&b.Records[i]); err != nil {
				return err
			}
		}
	}
	if n < len(b.Notices) {
		return fmt.Errorf("notice %d of %d does not stand in the order of their places", n, len(b.Notices))
	}
	return nil
}

func (d *directReader) take(r *stream.Record) error {
	m, s := d.w.machine(r.Source), d.w.stream([]byte(r.Stream))
	if m < 0 || s < 0 {
		return fmt.Errorf("a record of stream %q at %q, which was not asked for", r.Stream, r.Source)
	}
	id, err := d.record(s, r.Data)
	if err != nil {
		return err
	}
	at := position{r.Position.Epoch, r.Position.Seq}
	d.recent.add(event{stream: s, machine: m, place: at, id: id})
	c := &d.at[m][s]
	if !c.known {
		return fmt.Errorf("a record came before a KindPosition")
	}
	d.fold(c)
	if c.position != at {
		return fmt.Errorf("a record stands at %v, and the one expected is %v", at, c.position)
	}
	c.next++
	return d.w.truth.log(m, s).saw(at, id)
}

func (d *directReader) notice(n stream.Notice) error {
	switch n.Kind {
	case stream.KindState:
		d.notef("%s is %v %s", n.Source, n.State, n.Err)
		return nil
	case stream.KindBackfill:
		d.notef("the backfill of %s is there", n.Stream)
		return nil
	case stream.KindAway:
		d.notef("%s", n.AwayText())
		if m := d.w.machine(n.Source); m < 0 || !n.Stood && !d.w.machines[m].touched() {
			return fmt.Errorf("it was told that %s, and that was not restarted", n.AwayText())
		}
		return nil
	}
	m, s := d.w.machine(n.Source), d.w.stream([]byte(n.Stream))
	if m < 0 || s < 0 {
		return fmt.Errorf("a notice of kind %d of stream %q at %q, which was not asked for", n.Kind, n.Stream, n.Source)
	}
	c := &d.at[m][s]
	switch n.Kind {
	case stream.KindGap:
		d.notef("gap in %s of machine %d: %d, unknown %t, %q", n.Stream, m, n.Count, n.Unknown, n.Reason)
		d.lost(n.Count, n.Unknown)
		if !c.known {
			return fmt.Errorf("a gap was told before a KindPosition")
		}
		if c.pending != nil && c.pending.Unknown {
			return fmt.Errorf("an unknown gap is followed by another, and by no KindPosition")
		}
		d.fold(c)
		c.pending = &n
	case stream.KindPosition:
		to := position{n.Position.Epoch, n.Position.Seq}
		d.notef("%s of machine %d begins at %v", n.Stream, m, to)
		if c.known {
			if c.epoch == to.epoch {
				return fmt.Errorf("%v was told as a beginning, after %v", to, c.position)
			}
			p := passage{machine: m, stream: s, from: c.position, to: to, hurt: d.hurt.Load()}
			if c.pending != nil {
				p.told, p.unknown = c.pending.Count, c.pending.Unknown
			}
			d.passed = append(d.passed, p)
		}
		*c = cursor{position: to, known: true}
	}
	return nil
}

// fold takes a gap that was told for one of the epoch at hand.
func (d *directReader) fold(c *cursor) {
	if c.pending != nil {
		c.next += c.pending.Count
		c.pending = nil
	}
}

func (d *directReader) check(q *quiet) error {
	for _, p := range d.passed {
		if err := d.checkPassage(p); err != nil {
			return err
		}
	}
	d.passed = nil
	for m := range d.at {
		for s := range d.at[m] {
			c := &d.at[m][s]
			d.fold(c)
			if c.position != q.final[m][s] {
				return fmt.Errorf("%q of machine %d: it stands at %v, and the log at %v", d.w.streams[s], m, c.position, q.final[m][s])
			}
		}
	}
	return nil
}

// checkPassage checks what was told on the way into a new epoch.
func (d *directReader) checkPassage(p passage) error {
	l := d.w.truth.log(p.machine, p.stream)
	l.mu.Lock()
	_, old := l.life(p.from.epoch)
	l.mu.Unlock()
	what := fmt.Sprintf("%q of machine %d, from %v to %v", d.w.streams[p.stream], p.machine, p.from, p.to)
	switch {
	case p.unknown && p.told != p.to.next:
		return fmt.Errorf("%s: of the new epoch %d were told as lost", what, p.told)
	case p.unknown && !old.killed && !p.hurt && !d.hurt.Load():
		return fmt.Errorf("%s: a gap of unknown number, and the consolidator was not killed; the reader was connected", what)
	case p.unknown:
	case !old.known: // one that ended before anybody had seen it may be taken for killed
		return fmt.Errorf("%s: no unknown gap was told, and no X-BYE told the end", what)
	case p.told != old.end-p.from.next+p.to.next:
		return fmt.Errorf("%s: %d were told as lost, and the old epoch ended at %d", what, p.told, old.end)
	}
	return nil
}

// rebirth ends the Source of the reader, which goes on with another.
func (d *directReader) rebirth() {
	select {
	case d.reborn <- struct{}{}:
	default:
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
