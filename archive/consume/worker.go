package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"sluice/archive/engine"
	"sluice/cluster/backoff"
	"sluice/cluster/names"
)

// Worker is one of those that share a group's work.
type Worker struct {
	Config
	store *store

	joined   bool // it has seen its group
	group    *group
	revision uint64 // of the group, as it was read last
	patterns []names.Pattern
	filters  []string // subjects, for consumers
	cursors  []*cursor
	lot      parkingLot

	keeper    keeper
	stats     stats
	news      news
	pace      pace
	seen      witness
	abandoned atomic.Int32 // calls of the handler that go on without us
	movedLine time.Time    // when the line was looked at last

	buf       []byte   // in which a batch was decompressed
	records   [][]byte // of it
	batchLost bool     // a handler that goes on without us has them
}

// New checks a Config. Its errors wrap ErrConfig.
func New(c Config) (*Worker, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Worker{Config: c, store: newStore(c.Archive), news: news{logger: c.Logger}}, nil
}

// Stats is what the worker has done; it may be called from any goroutine.
func (w *Worker) Stats() Stats { return w.stats.get() }

// errDied is why something is put aside whose workers died or hung.
var errDied = errors.New("its worker died or hung with it")

// maxDeaths is how many workers may die with a batch before it is put aside.
const maxDeaths = 2

// Run works until ctx ends, and returns nil then, or an error that wraps ErrConfig if what
// was asked for is impossible.
func (w *Worker) Run(ctx context.Context) error {
	keeping, stop := context.WithCancel(context.Background())
	defer stop()
	go w.keeper.run(keeping)
	defer w.leave()
	var wait backoff.Backoff
	told := ""
	for ctx.Err() == nil {
		err := w.work(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, errDrained):
			return nil
		case errors.Is(err, ErrConfig):
			return err
		case err == nil:
			w.store.Heard(nil)
			wait, told = backoff.Backoff{}, ""
			continue
		}
		w.store.Heard(err)
		if text := err.Error(); text != told {
			w.Logger.Warn("cannot work at present; trying again", "error", err)
			told = text
		}
		w.keeper.giveBack()
		w.group, w.cursors, w.lot, w.seen.asked = nil, nil, parkingLot{}, time.Time{}
		wait.Wait(ctx)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// leave gives back what the worker holds.
func (w *Worker) leave() {
	w.news.log(true)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	w.unpark(ctx)
	_ = w.tellSeen(ctx) // or more is taken for lost, if all expires
	w.keeper.giveBack()
	_ = w.store.js.Conn().FlushWithContext(ctx)
}

// work does one thing that is to be done, or waits a little for something.
func (w *Worker) work(ctx context.Context) error {
	if w.abandoned.Load() >= maxAbandoned {
		return wrongf("%d calls of the handler have not returned after their time: it must heed its context", maxAbandoned)
	}
	w.news.log(false)
	if w.group == nil {
		if err := w.begin(ctx); err != nil {
			return err
		}
	}
	if w.group.Ordered {
		return w.workOrdered(ctx)
	}
	for _, live := range []bool{true, false} {
		if did, err := w.workOn(ctx, live); did || err != nil {
			return err
		}
	}
	if did, err := w.retryOne(ctx); did || err != nil {
		return err
	}
	if w.Drain {
		if nothing, err := w.drained(ctx); err != nil {
			return err
		} else if nothing {
			return errDrained
		}
	}
	return w.idle(ctx)
}

// errDrained ends a worker that is to end when there is nothing to do.
var errDrained = errors.New("there is nothing to do")

// drained reports whether the group has nothing to do, and nothing is at work at any
// worker.
func (w *Worker) drained(ctx context.Context) (bool, error) {
	if err := w.refresh(ctx); err != nil || len(w.cursors) > 1 {
		return false, err
	}
	info, err := w.cursors[0].consumer.Info(ctx)
	if err != nil {
		return false, fmt.Errorf("look how far group %s is: %w", w.Group, err)
	}
	if info.NumPending > 0 || info.NumAckPending > 0 || !w.nothingDeferred(ctx) {
		return false, nil
	}
	next, err := w.store.nextHeld(ctx, w.filters, max(info.Delivered.Stream+1, w.cursors[0].From))
	return next == 0, err
}

// nothingDeferred reports whether the group has put nothing aside that is tried again.
func (w *Worker) nothingDeferred(ctx context.Context) bool {
	return w.askDeferred(ctx) == nil && !slices.Contains(w.lot.some[:], true)
}

// begin reads the group, or makes it.
func (w *Worker) begin(ctx context.Context) error {
	if err := w.store.prepare(ctx); err != nil {
		return err
	}
	g, sequence, err := w.join(ctx)
	if err != nil {
		return err
	}
	return w.take(ctx, g, sequence)
}

// take goes by what the group is now.
func (w *Worker) take(ctx context.Context, g *group, sequence uint64) (err error) {
	if w.patterns, err = g.patterns(); err != nil {
		return err
	}
	w.group, w.revision, w.filters = g, sequence, filters(w.patterns)
	if g.Ordered {
		return nil
	}
	return w.openCursors(ctx)
}

// workOn does what the live cursors, or the others, have. A piece of the backlog is
// followed by one that was put aside, or a long backlog would keep those waiting.
func (w *Worker) workOn(ctx context.Context, live bool) (bool, error) {
	for _, c := range w.cursors {
		if c.live() != live {
			continue
		}
		got, err := w.fetch(c.consumer, w.pace.ahead(), 0)
		if len(got) > 0 {
			if err := errors.Join(err, w.doAll(ctx, c, got)); err != nil {
				return true, err
			}
			if !live {
				_, err = w.retryOne(ctx)
			}
			return true, err
		}
		if err != nil {
			return false, err
		}
		if !live {
			if err := w.finishSpan(ctx, c); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// idleFor is how long a worker without work waits for some, at most.
const idleFor = 500 * time.Millisecond

// idle waits for what is new, at all live cursors at once.
func (w *Worker) idle(ctx context.Context) error {
	wait := max(min(time.Until(w.lot.nextDue(time.Now().Add(idleFor))), idleFor), time.Millisecond)
	type fetched struct {
		c   *cursor
		got []*delivery
		err error
	}
	var asked int
	all := make(chan fetched, len(w.cursors))
	for _, c := range w.cursors {
		if c.live() {
			asked++
			go func() {
				got, err := w.fetch(c.consumer, 1, wait)
				all <- fetched{c, got, err}
			}()
		}
	}
	if asked == 0 {
		pause(ctx, wait)
	}
	var errs error
	for range asked {
		f := <-all
		errs = errors.Join(errs, f.err)
		if len(f.got) > 0 {
			errs = errors.Join(errs, w.doAll(ctx, f.c, f.got))
		}
	}
	return errs
}

// doAll does what a cursor has given, or as much of it as is its own.
func (w *Worker) doAll(ctx context.Context, c *cursor, got []*delivery) error {
	behind := c.live() && w.isBehind(got)
	if c.live() {
		if err := w.refresh(ctx); err != nil {
			return err
		}
	}
	for _, d := range got {
		if ctx.Err() != nil {
			return ctx.Err() // they are given back
		}
		if !c.open() && d.meta.Sequence.Stream > c.To {
			w.ack(d) // of the next span
			continue
		}
		p, err := w.open(d.msg.Subject(), d.msg.Headers(), d.msg.Data())
		if err != nil {
			return err
		}
		if err := w.witness(ctx, c, d, &p); err != nil {
			return err
		}
		p.trim(w.group, d.meta.Sequence.Stream)
		p.from, p.redelivered = from(engine.Logs, d.meta.Sequence.Stream), d.meta.NumDelivered > 1
		if d.meta.NumDelivered > maxDeaths && len(p.records) > 0 {
			w.cameAgain(&p)
			p.attempts = -1 // no handler may ever have had it: that is found out when it is tried again
			err = w.finish(ctx, d, &p, errDied)
		} else {
			err = w.do(ctx, d, &p)
		}
		if err != nil {
			return err
		}
	}
	if behind {
		return w.moveLine(ctx, c)
	}
	return nil
}

// do has a piece handled.
func (w *Worker) do(ctx context.Context, d *delivery, p *piece) error {
	if p.head.Gap == nil && len(p.records) == 0 || !w.wants(p.head.Stream) {
		w.ack(d)
		return nil
	}
	w.cameAgain(p)
	ended, err := w.call(ctx, p.batch(w.Group))
	if ended {
		return ctx.Err()
	}
	return w.finish(ctx, d, p, err)
}

// cameAgain counts a piece that a worker had before.
func (w *Worker) cameAgain(p *piece) {
	if p.redelivered {
		w.stats.add(func(s *Stats) { s.Redelivered++ })
	}
}

// wants reports whether a stream is one of the group's: subjects with wildcards take in
// more than patterns.
func (w *Worker) wants(stream string) bool {
	for _, p := range w.patterns {
		if p.Match(stream) {
			return true
		}
	}
	return false
}

// finish says what became of a piece.
func (w *Worker) finish(ctx context.Context, d *delivery, p *piece, failed error) error {
	if failed != nil && p.head.Gap == nil {
		if !w.keeper.has(d) {
			w.keeper.release(d)
			return nil // another worker has it now
		}
		if err := w.putAside(ctx, p, failed); err != nil {
			return err
		}
	} else {
		w.count(p, failed)
	}
	w.ack(d)
	return nil
}

func (w *Worker) count(p *piece, failed error) {
	if gap := p.head.Gap; gap != nil {
		if failed != nil {
			w.Logger.Warn("the handler refused to be told of a loss", "error", failed)
		}
		w.stats.add(func(s *Stats) { s.Lost += gap.Count; s.LostUnknown = s.LostUnknown || gap.Unknown })
		return
	}
	w.stats.add(func(s *Stats) { s.Batches++; s.Records += uint64(len(p.records)) })
}

func (w *Worker) ack(d *delivery) {
	w.keeper.release(d)
	if err := d.msg.Ack(); err != nil {
		w.Logger.Warn("a batch cannot be acknowledged: it will come again", "error", err)
	}
}

// refresh reads the group again, if it has changed.
func (w *Worker) refresh(ctx context.Context) error {
	value, sequence, err := w.store.kept(ctx, groupSubject(w.Group))
	switch {
	case err != nil:
		return err
	case sequence == w.revision:
		return nil
	case sequence == 0 || len(value) == 0:
		return w.forgotten()
	}
	g, err := parseGroup(w.Group, value)
	if err != nil {
		return err
	}
	return w.take(ctx, g, sequence)
}

// pace is how fast the handler is.
type pace struct{ each time.Duration }

const (
	aheadFor = 100 * time.Millisecond // of work that a worker takes at once
	maxAhead = 32                     // batches
)

// ahead is how many batches to fetch.
func (p *pace) ahead() int {
	if p.each == 0 {
		return 1
	}
	return max(1, min(int(aheadFor/p.each), maxAhead))
}

// took notes how long a call took. A slow one counts at once: what waits behind it could
// be another worker's.
func (p *pace) took(d time.Duration) {
	d = max(d, time.Microsecond)
	if d > p.each {
		p.each = d
		return
	}
	p.each += (d - p.each) / 4
}
