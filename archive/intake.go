package archive

import (
	"time"

	"sluice/archive/batch"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stream"
)

// Losses of the archive.
const (
	hop    = "archive"
	before = "published before the archive read this stream"
	hole   = "not handed on by the reader of the archive"
)

// take takes what has arrived into the lanes.
func (w *writer) take() {
	b := w.a.source.TryTake()
	w.takes++
	if b == nil {
		return
	}
	defer b.Release()
	now := time.Now()
	done := 0
	for i := range b.Notices {
		n := &b.Notices[i]
		w.records(b.Records[done:n.At], now)
		done = n.At
		w.notice(n)
	}
	w.records(b.Records[done:], now)
}

// records adds records to their lanes, run by run.
func (w *writer) records(all []stream.Record, now time.Time) {
	for len(all) > 0 {
		p, n := place{all[0].Source, all[0].Stream}, 1
		for n < len(all) && all[n].Stream == p.stream && all[n].Source == p.consolidator {
			n++
		}
		if l := w.lane(p); l.mine && l.begun {
			w.add(l, all[:n], now)
		}
		all = all[n:]
	}
}

// add adds records to a lane.
func (w *writer) add(l *lane, records []stream.Record, now time.Time) {
	for i := range records {
		r := &records[i]
		if r.Position != l.at && !w.fits(l, r.Position) {
			continue
		}
		if l.open.Count() == 0 {
			l.open = w.memory.take(l.class)
			l.first, l.opened = r.Position, now
			w.due = append(w.due, dueLane{l, now})
		}
		size := l.open.Size()
		if err := l.open.Add(r.Data, record.PeekTime(r.Data), r.Arrived/int64(time.Millisecond)); err != nil {
			w.gap(l, &loss.Loss{Hop: hop, Reason: err.Error(), Count: 1})
			continue
		}
		w.count(l, l.open.Size()-size)
		l.at.Seq++
		if l.open.Full() {
			w.seal(l)
		}
	}
}

// fits reports whether a record that is not the next one is to be added all the same.
// The source hands on records in order, and tells what is missing: this is for what
// nobody knows of.
func (w *writer) fits(l *lane, at stream.Position) bool {
	if at.Epoch == l.at.Epoch && at.Seq < l.at.Seq {
		return false // it is archived
	}
	g := &loss.Loss{Hop: hop, Reason: hole}
	if at.Epoch == l.at.Epoch {
		g.Count = at.Seq - l.at.Seq
	} else {
		g.Count, g.Unknown, g.After = at.Seq, true, at
	}
	w.gap(l, g)
	return true
}

// notice takes note of what happened in a stream.
func (w *writer) notice(n *stream.Notice) {
	switch n.Kind {
	case stream.KindPosition, stream.KindGap, stream.KindBackfill:
	case stream.KindState:
		if n.State == stream.StateUnaccounted {
			w.a.cfg.Logger.Warn("a ZeroMQ socket that is no consolidator is not archived: there are no positions at it", "source", n.Source)
		}
		return
	default:
		return
	}
	l := w.lane(place{n.Source, n.Stream})
	switch {
	case !l.mine:
	case n.Kind == stream.KindPosition:
		w.begin(l, n.Position)
	case n.Kind == stream.KindGap:
		lost := n.Loss()
		if l.at == (loss.Position{}) {
			return // it begins behind that
		}
		l.begun = true
		w.gap(l, &lost)
	case l.begun && l.bytes > 0:
		l.probed = false
		if !l.flying && len(l.queue) == 0 {
			w.seal(l) // who waits for it has waited for the takeover
		}
	case l.probed:
		w.leave(l)
	}
}

// begin notes where the reading of a lane begins, or goes on in another epoch. Of a lane
// that is new, what is not held any more is a gap: the archive never had it. In another
// epoch what was lost was told before, if anything was.
func (w *writer) begin(l *lane, at loss.Position) {
	fresh := l.at == (loss.Position{})
	l.begun = true
	switch {
	case fresh && at.Seq > 0:
		l.at.Epoch = at.Epoch
		w.gap(l, &loss.Loss{Source: l.consolidator, Hop: loss.AtConsolidator, Reason: before, Count: at.Seq})
	case at.Epoch != l.at.Epoch:
		w.seal(l)
	case at != l.at:
		w.fits(l, at)
	}
	l.at = at
}

// gap puts a loss where the lane stands. What is known of one and what is not are one gap.
func (w *writer) gap(l *lane, lost *loss.Loss) {
	w.seal(l)
	p := piece{gap: lost, first: l.at, came: time.Now(), size: batchCost}
	if lost.After != (loss.Position{}) {
		l.at = lost.After
	} else {
		l.at.Seq += lost.Count
	}
	w.count(l, p.size)
	l.queue = append(l.queue, p)
	w.want(l)
}

// seal ends what is open.
func (w *writer) seal(l *lane) {
	if l.open.Count() == 0 {
		return
	}
	l.queue = append(l.queue, piece{records: l.open, first: l.first, came: l.opened, size: l.open.Size()})
	l.open = batch.Builder{}
	w.want(l)
}

// batchCost is what a batch without records takes in memory, about.
const batchCost = 512

// count notes that so many bytes more wait to be appended, or fewer.
func (w *writer) count(l *lane, bytes int) {
	l.bytes += bytes
	w.waiting += bytes
}
