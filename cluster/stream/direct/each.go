package direct

import (
	"math"
	"time"

	"sluice/cluster/names"
	"sluice/cluster/stream"
)

// Each is a Source that follows a stream at each consolidator by itself, from a place of
// its own there, for who keeps places of them all. Nothing is merged by time and nothing
// waits for another consolidator: a backfill is handed on as it comes, in the order of
// its consolidator.
//
// Of a stream that was begun by [Each.TailAt], a notice of KindPosition says where it
// begins, behind what was lost before that, and one of KindBackfill, after each
// connection, that the consolidator has sent all that it held.
// Its methods may be called from any goroutine, and none of its own waits.
type Each struct {
	*stream.Source
	d *backend
}

// Head is where a stream stands at a consolidator.
type Head struct {
	Source, Stream string
	Next           stream.Position // of the next record to be published
	Tailed         bool            // by TailAt
}

// NewEach returns an Each that reads from consolidators. A foreign socket is not read
// through it: there are no places at it.
func NewEach(cfg Config) (*Each, error) {
	out := stream.NewHandover(cfg.Inbox)
	b, err := newBackend(cfg, out)
	if err != nil {
		return nil, err
	}
	return &Each{stream.NewSource(out, b), b}, nil
}

// TailAt follows a stream at one consolidator from a position on, or, where that is
// zero, from the oldest record held. It reports false when there is no consolidator of
// that name now. What cannot be had from the position on is a gap.
//
// It holds while the Source knows the consolidator: over its connections, and when it
// moves to another endpoint. A second TailAt starts over.
func (e *Each) TailAt(source, name string, at stream.Position) bool {
	if names.Check(name) != nil {
		return false
	}
	d := e.d
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.claims[source]
	if l == nil {
		return false
	}
	if d.unmerged == nil {
		d.unmerged = &merge{out: d.out, ctx: d.running.Context()}
		d.unmerged.done.Store(true)
	}
	l.tail(&tail{name: name, at: at, own: true, from: stream.Backfill{Last: math.MaxInt32}, merge: d.unmerged})
	return true
}

// StopAt ends a tail at one consolidator. What had arrived of it may still be in the
// batches that the next two Takes return.
func (e *Each) StopAt(source, name string) {
	d := e.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.claims[source]; l != nil {
		if t := l.tailed(name); t != nil && t.own {
			l.stop(name)
		}
	}
}

// AppendHeads appends where the streams stand that are watched, see
// [stream.Source.WatchStreams], as far as that was told at since or later. It is what
// each consolidator told last, each second; of one that cannot be reached it is old.
func (e *Each) AppendHeads(dst []Head, since time.Time) []Head {
	for _, l := range e.d.sorted() {
		dst = l.appendHeads(dst, since)
	}
	return dst
}

// tailed is the tail of a stream, or nil.
func (l *link) tailed(name string) *tail {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.cursors[name]; c != nil {
		return c.tail
	}
	return nil
}

func (l *link) appendHeads(dst []Head, since time.Time) []Head {
	from := len(dst)
	dst = l.rates.appendHeads(dst, since)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range dst[from:] {
		h := &dst[from+i]
		c := l.cursors[h.Stream]
		h.Source, h.Tailed = l.name, c != nil && c.tail.own
	}
	return dst
}

// appendHeads appends those that were told at since or later.
func (r *rates) appendHeads(dst []Head, since time.Time) []Head {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prune(time.Now())
	for i := range r.list {
		if s := &r.list[i]; !s.told.Before(since) {
			dst = append(dst, Head{Stream: s.name, Next: stream.Position{Epoch: s.epoch, Seq: s.next}})
		}
	}
	return dst
}
