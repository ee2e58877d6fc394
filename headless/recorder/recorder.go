package recorder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"sluice/cluster/console"
	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/cluster/stdio"
	"sluice/cluster/stream"
)

// Recorder records the records of streams into files.
type Recorder struct {
	config  Config
	console *console.Console
	states  *teller
	follow  *following
	out     *output
	gauge   gauge
	summary *Summary

	began       time.Time
	ticked      time.Time       // when output.tick was last called
	looked      time.Time       // when following.look was
	measured    time.Time       // when the gauge was last set
	goOn        time.Time       // when Config.After is over; zero until Count or Until was met
	accepted    uint64          // records
	last        *account        // of the last record
	unaccounted map[string]bool // sources that were

	normal  []byte // a record made one line of JSON
	scratch []byte // a line about a loss
}

// New checks a Config and returns a Recorder for it. Nothing is written yet.
func New(config Config) (*Recorder, error) { return newRecorder(config, osDisk{}) }

func newRecorder(config Config, d disk) (*Recorder, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("make recorder: %w", err)
	}
	if config.MaxStreams == 0 {
		config.MaxStreams = DefaultMaxStreams
	}
	r := &Recorder{config: config, unaccounted: make(map[string]bool)}
	r.console = console.New(config.Notices, config.Progress)
	r.states = newTeller(nil)
	var err error
	if r.follow, err = newFollowing(&r.config, r.console.Say); err == nil {
		r.out, err = newOutput(&r.config, d)
	}
	if err != nil {
		return nil, fmt.Errorf("make recorder: %w", err)
	}
	r.out.sync.say = r.console.Say
	return r, nil
}

// tickEvery is how long lines may be gathered, and the time between two syncs.
const tickEvery = time.Second

// Run records until the Config's Count, Until or For, or ctx, ends it; see
// [ErrNotMet] and [ErrNotHad] for what it returns when they were not met. Any
// other error is the disk's, or of what was asked of it. It runs once.
func (r *Recorder) Run(ctx context.Context) error {
	r.began = time.Now()
	r.ticked = r.began
	if err := r.out.begin(r.began); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var helpers sync.WaitGroup
	helpers.Go(r.out.sync.run)
	ended := make(chan struct{})
	if r.console.Draws() {
		helpers.Go(func() { r.progress(ended) })
	}
	r.follow.begin(r.began)

	err := r.record(ctx)
	met := errors.Is(err, errMet)
	if met {
		err = nil
	}
	asked := err == nil || errors.Is(err, ErrNotMet) || errors.Is(err, ErrNotHad)
	if asked && (!met || !r.goOn.IsZero()) { // or what is held came after the last record
		if e := r.completeAll(); errors.Is(e, errMet) {
			err = nil // by what had come in time
		} else {
			err = first(err, e)
			asked = asked && e == nil
		}
	}
	if asked {
		err = first(err, r.tellLost())
	} else {
		r.arrived()
	}
	err = first(err, r.out.end(err == nil))
	r.out.sync.end()
	close(ended)
	helpers.Wait()
	err = first(err, r.out.sync.error(), r.out.sync.unremoved)
	r.summarise(time.Now())
	if r.config.Out == Stdout {
		switch {
		case errors.Is(err, syscall.EPIPE):
			return nil // whoever reads has had enough
		case errors.Is(err, stdio.ErrStalled):
			return fmt.Errorf("%w: read standard output, or record into a file with --out FILE", err)
		}
	}
	return err
}

// first returns the first error of several: the others come of it.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Summary is what became of it, when Run has returned; nil if nothing did, since
// there was no file.
func (r *Recorder) Summary() *Summary { return r.summary }

// record takes batches until something ends the recording. What had arrived by
// then is recorded, too.
func (r *Recorder) record(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.out.sync.onFailure(cancel) // there is nothing to wait for then
	for {
		now := time.Now()
		if err := r.due(now); err != nil {
			return err
		}
		over := ctx.Err() != nil || r.over(now)
		batch, err := r.take(ctx, now, over)
		if err == nil {
			if err = r.out.rotate(time.Now()); err == nil {
				err = r.write(batch)
			} else {
				r.unwritten(batch.Records, batch.Notices)
			}
			batch.Release()
			if err != nil {
				return err
			}
		} else if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, stream.ErrClosed) {
			return fmt.Errorf("read records: %w", err)
		}
		switch {
		case r.out.sync.error() != nil:
			return r.out.sync.error()
		case !r.goOn.IsZero() && (over || !now.Before(r.goOn)):
			return errMet
		case ctx.Err() != nil && over:
			return nil
		case over:
			return r.ranOut()
		case errors.Is(err, stream.ErrClosed) && ctx.Err() == nil:
			return fmt.Errorf("read records: %w", err)
		}
	}
}

// over reports whether the time of the recording is.
func (r *Recorder) over(now time.Time) bool {
	return r.config.For > 0 && now.Sub(r.began) >= r.config.For || !r.goOn.IsZero() && !now.Before(r.goOn)
}

// take takes a batch, and waits for one until something else is due; not at all
// when the recording is over.
func (r *Recorder) take(ctx context.Context, now time.Time, over bool) (*stream.Batch, error) {
	until, cancel := context.WithTimeout(ctx, r.wait(now))
	defer cancel()
	if over {
		cancel()
	}
	return r.config.Source.Take(until)
}

// maxWait is how long nothing is looked at: the wall clock may be set.
const maxWait = time.Second

// wait is how long there is nothing to do but to take batches.
func (r *Recorder) wait(now time.Time) time.Duration {
	wait := maxWait
	sooner := func(at time.Time) { wait = min(wait, max(0, at.Sub(now))) }
	if every := r.follow.next(now); every > 0 {
		sooner(r.looked.Add(every))
	}
	if r.out.waiting() {
		sooner(r.ticked.Add(tickEvery))
	}
	if !r.out.boundary.IsZero() {
		sooner(r.out.boundary)
	}
	if r.config.For > 0 {
		sooner(r.began.Add(r.config.For))
	}
	if !r.goOn.IsZero() {
		sooner(r.goOn)
	}
	return wait
}

// due does what is due at a time.
func (r *Recorder) due(now time.Time) error {
	if every := r.follow.next(now); every > 0 && now.Sub(r.looked) >= every {
		r.looked = now
		r.follow.look(now)
	}
	if err := r.out.rotate(now); err != nil {
		return err
	}
	if now.Sub(r.ticked) >= tickEvery {
		r.ticked = now
		if err := r.out.tick(); err != nil {
			return err
		}
	}
	if r.console.Draws() && now.Sub(r.measured) >= drawEvery/4 {
		r.measured = now
		r.measure()
	}
	return nil
}

// measure shows others how it goes.
func (r *Recorder) measure() {
	var sum Counts
	for _, a := range r.follow.streams {
		sum.add(&a.Counts)
	}
	r.gauge.records.Store(sum.Records)
	r.gauge.bytes.Store(sum.Bytes)
	r.gauge.dropped.Store(sum.Dropped)
	r.gauge.unknown.Store(sum.Unknown)
	r.gauge.stored.Store(r.out.stored)
	r.gauge.streams.Store(uint64(len(r.follow.streams)))
}

// write records a batch, and returns errMet after the last record that was
// asked for.
func (r *Recorder) write(batch *stream.Batch) error {
	records, notices, err := r.look(batch)
	if err == nil {
		return r.out.came()
	}
	if !errors.Is(err, errMet) {
		r.unwritten(batch.Records[records:], batch.Notices[notices:])
	}
	return err
}

// look takes what is in a batch, and returns how much of it was taken.
func (r *Recorder) look(batch *stream.Batch) (records, notices int, err error) {
	for ; records < len(batch.Records); records++ {
		for notices < len(batch.Notices) && batch.Notices[notices].At <= records {
			notices++
			if err := r.notice(&batch.Notices[notices-1]); err != nil {
				return records, notices, err
			}
		}
		if err := r.came(&batch.Records[records]); err != nil {
			return records + 1, notices, err
		}
	}
	for notices < len(batch.Notices) {
		notices++
		if err := r.notice(&batch.Notices[notices-1]); err != nil {
			return records, notices, err
		}
	}
	return records, notices, nil
}

// unwritten counts what came with or after a record that could not be written.
func (r *Recorder) unwritten(records []stream.Record, notices []stream.Notice) {
	for i := range records {
		if a := r.follow.streams[records[i].Stream]; a != nil {
			a.Unwritten++
		}
	}
	for i := range notices {
		if a := r.follow.streams[notices[i].Stream]; a != nil && notices[i].Kind == stream.KindGap {
			l := notices[i].Loss()
			a.lose(&l)
		}
	}
}

// arrived counts what had come when something could not be written.
func (r *Recorder) arrived() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	if batch, err := r.config.Source.Take(now); err == nil {
		r.unwritten(batch.Records, batch.Notices)
		batch.Release()
	}
	for _, a := range r.follow.streams {
		a.Unwritten += uint64(len(a.held))
		a.held = nil
	}
}

// came finds whose a record is.
func (r *Recorder) came(rec *stream.Record) error {
	a := r.last
	if a == nil || a.stream != rec.Stream {
		if a = r.follow.streams[rec.Stream]; a == nil {
			return nil
		}
		r.last = a
	}
	if a.late {
		if a.hold(rec) {
			return nil
		}
		if err := r.complete(a); err != nil {
			if !errors.Is(err, errMet) {
				a.Unwritten++
			}
			return err
		}
	}
	return r.one(a, rec)
}

// one records a record, if the filter lets it.
func (r *Recorder) one(a *account, rec *stream.Record) error {
	if a.late {
		older := a.older(rec)
		if a.missing(rec, older) {
			err := r.lose(a, &loss.Loss{
				Stream: a.stream, Source: rec.Source, Hop: loss.AtConsolidator, Unknown: true,
				Reason: "it had records before it was followed, and they may be gone",
			})
			if err != nil {
				a.Unwritten++
				return err
			}
		}
		if older {
			a.Older++
			return nil
		}
	}
	line, whole := rec.Data, isLine(rec.Data)
	looks := r.config.Filter.Level > 0 || r.config.Filter.Grep != nil || r.config.Until != nil && r.goOn.IsZero()
	if !whole || looks && !record.IsLine(line) {
		if cap(r.normal) > maxScratch {
			r.normal = nil
		}
		r.normal = record.NormaliseAt(r.normal[:0], rec.Data, time.Unix(0, rec.Arrived))
		line = r.normal
	}
	if looks && !r.config.Filter.Match(line) {
		a.Filtered++
		return nil
	}
	met := r.goOn.IsZero() && r.config.Until != nil && r.config.Until.Match(line)
	if whole {
		line = rec.Data // as it came
	}
	if err := r.writer(a).add(a, line, true); err != nil {
		a.Unwritten++
		return err
	}
	r.accepted++
	if r.goOn.IsZero() && r.config.Count > 0 && r.accepted >= uint64(r.config.Count) {
		met = true
	}
	if !met {
		return nil
	}
	if r.config.After > 0 {
		r.goOn = time.Now().Add(r.config.After)
		return nil
	}
	return errMet
}

// isLine reports whether data may stand as a line.
func isLine(data []byte) bool {
	return len(data) > 0 && bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0
}

// notice records a loss, and tells of a source.
func (r *Recorder) notice(n *stream.Notice) error {
	switch n.Kind {
	case stream.KindGap:
		a := r.follow.streams[n.Stream]
		if a == nil {
			return nil
		}
		l := n.Loss()
		if err := r.complete(a); err != nil {
			if !errors.Is(err, errMet) {
				a.lose(&l) // it cannot be recorded
			}
			return err
		}
		return r.lose(a, &l)
	case stream.KindBackfill:
		if a := r.follow.streams[n.Stream]; a != nil {
			return r.complete(a)
		}
	case stream.KindState:
		if text := r.states.trouble(n); text != "" {
			r.console.Say(text)
		}
		if n.State != stream.StateUnaccounted {
			return nil
		}
		r.unaccounted[n.Source] = true
		for _, a := range r.follow.streams {
			err := r.lose(a, &loss.Loss{Stream: a.stream, Source: n.Source, Unknown: true, Reason: "the source cannot tell what is lost"})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// lose counts a loss, and records it.
func (r *Recorder) lose(a *account, l *loss.Loss) error {
	a.lose(l)
	r.scratch = l.AppendRecord(r.scratch[:0], time.Now())
	return r.writer(a).add(a, r.scratch, false)
}

// writer is where an account's lines go.
func (r *Recorder) writer(a *account) *writer {
	if a.writer == nil {
		a.writer = r.out.writer(a.stream)
	}
	return a.writer
}

// completeAll records what is held of streams that appeared just before the
// end.
func (r *Recorder) completeAll() error {
	for _, a := range r.follow.streams {
		if err := r.complete(a); err != nil {
			return err
		}
	}
	return nil
}

// tellLost records that of sources which are lost at the end nobody knows what
// they had since.
func (r *Recorder) tellLost() error {
	for _, s := range r.config.Source.Status() {
		if s.State != stream.StateLost {
			continue
		}
		l := loss.Loss{Source: s.Name, Hop: loss.AtConsolidator, Unknown: true, Reason: "it was lost and did not come back before the recording ended"}
		if s.Proxy {
			l.Hop = loss.AtProxy
		}
		for _, a := range r.follow.streams {
			l.Stream = a.stream
			if err := r.lose(a, &l); err != nil {
				return err
			}
		}
	}
	return nil
}

// ranOut tells what it means that the time is over.
func (r *Recorder) ranOut() error {
	sources := r.config.Source.Status()
	switch {
	case !had(sources):
		return notHad(sources)
	case len(r.follow.streams) == 0:
		return &noMatch{r.config.Streams, r.config.For}
	case r.config.Count > 0:
		return fmt.Errorf("%w: %d of %d records came in %s", ErrNotMet, r.accepted, r.config.Count, r.config.For)
	case r.config.Until != nil:
		return fmt.Errorf("%w: no record that matches %q came in %s", ErrNotMet, record.Safe(r.config.Until.String()), r.config.For)
	}
	return nil
}
