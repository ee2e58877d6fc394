package recorder

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"sluice/cluster/console"
	"sluice/cluster/stdio"
	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/selection"
)

// Recorder records the records of streams into files.
type Recorder struct {
	config    Config
	console   *console.Console
	reporter  *headless.Reporter
	intake    *headless.Intake
	selection *selection.Selection
	streams   map[string]*recorded // that are followed
	files     *files
	gauge     gauge
	summary   *Summary

	began       time.Time
	flushed     time.Time       // when files.tick was last called
	measured    time.Time       // when the gauge was last set
	last        *recorded       // of the last record
	unaccounted map[string]bool // sources that cannot count what is lost

	normal  []byte // a record made one line of JSON
	renamed []byte // a record that looked like a notice, and does no more
	scratch []byte // a line about a loss
}

// New checks a Config and returns a Recorder for it. Nothing is written yet.
func New(config Config) (*Recorder, error) { return newRecorder(config, osDisk{}) }

func newRecorder(config Config, d disk) (*Recorder, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("make recorder: %w", err)
	}
	r := &Recorder{
		config: config, unaccounted: make(map[string]bool), streams: make(map[string]*recorded),
		intake: headless.NewIntake(config.Source, config.goal()), reporter: headless.NewReporter(nil),
		console: console.New(config.Notices, config.Progress),
	}
	var err error
	r.selection, err = selection.New(selection.Config{
		Source: config.Source, Streams: config.Streams, Last: config.Last, Since: config.Since, Max: config.MaxStreams,
		Follow: func(name string, newcomer selection.Newcomer) {
			r.streams[name] = &recorded{stream: name, Newcomer: newcomer}
		},
		Notify: r.console.Notify, More: "raise --max-streams",
	})
	if err == nil {
		r.files, err = newFiles(&r.config, d)
	}
	if err != nil {
		return nil, fmt.Errorf("make recorder: %w", err)
	}
	r.files.sync.notify = r.console.Notify
	return r, nil
}

// Run records until the Config's Count, Until or For, or ctx, ends it; see
// [headless.ErrNotMet] and [headless.ErrNotConnected] for what it returns when
// they were not met. Any other error is the disk's, or of what was asked of it.
// It runs once.
func (r *Recorder) Run(ctx context.Context) error {
	r.began = time.Now()
	r.flushed = r.began
	if err := r.files.begin(r.began); err != nil {
		return err
	}
	var helpers sync.WaitGroup
	helpers.Go(r.files.sync.run)
	ended := make(chan struct{})
	if r.console.Draws() {
		helpers.Go(func() { r.progress(ended) })
	}
	r.selection.Begin()

	asked, err := r.record(ctx)
	if asked {
		err = first(err, r.recordLostSources())
	}
	err = first(err, r.files.end(err == nil))
	r.files.sync.end()
	close(ended)
	helpers.Wait()
	err = first(err, r.files.sync.error(), r.files.sync.unremoved)
	r.summarise(time.Now())
	if r.summary != nil {
		err = first(err, r.files.unwritten(r.summary.Unwritten))
	}
	if r.config.Out == Stdout {
		switch {
		case errors.Is(err, syscall.EPIPE):
			return nil // the reader has had enough
		case errors.Is(err, stdio.ErrStalled):
			return fmt.Errorf("%w: read standard output, or record into a file with --out FILE", err)
		}
	}
	return err
}

// record records until the recording ends, and reports whether it ended as it was
// asked to; if not, what had arrived is counted as unwritten.
func (r *Recorder) record(ctx context.Context) (asked bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.files.sync.onFailure(cancel) // there is nothing to wait for then
	err = r.intake.Run(ctx, r)
	met := errors.Is(err, headless.ErrMet)
	switch {
	case met:
		err = nil
	case errors.Is(err, stream.ErrClosed): // there is no more of the time that is wanted
		err = r.intake.Ended()
	case r.intake.TimedOut():
		err = first(r.selection.Unmet(r.config.For), err)
	}
	asked = err == nil || errors.Is(err, headless.ErrNotMet) || errors.Is(err, headless.ErrNotConnected)
	if asked && (!met || r.intake.Met()) { // or what is held came after the last record
		switch e := r.completeAll(); {
		case errors.Is(e, headless.ErrMet):
			err = nil // by what had come in time
		case e != nil:
			err, asked = first(err, e), false
			r.intake.Abandon(r)
		}
	}
	if !asked {
		for _, s := range r.streams {
			s.leave(uint64(s.Held()))
			s.Complete(r.began)
		}
	}
	return asked, err
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

// Summary is what became of the recording, when Run has returned; nil if there was
// no file.
func (r *Recorder) Summary() *Summary { return r.summary }

// writer is where a stream's lines go.
func (r *Recorder) writer(s *recorded) *writer {
	if s.writer == nil {
		s.writer = r.files.writer(s.stream)
	}
	return s.writer
}
