package shipper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/console"
	"sluice/cluster/publish"
	"sluice/cluster/record"
	"sluice/headless/shipper/follow"
)

var ErrNotConnected = errors.New("no consolidator is connected")

// ErrNotAll means that not every record is known to have arrived.
var ErrNotAll = errors.New("not all records were acknowledged")

// ErrMissing means that lines of followed files are missing, or may be.
var ErrMissing = errors.New("not all lines of the followed files were read")

// Shipper publishes lines.
type Shipper struct {
	cfg     Config
	bunyan  *record.Bunyan
	console *console.Console
	counts  counts
	summary *Summary
	places  *places
	names   atomic.Pointer[follow.Names] // nil until they are followed
	look    bool                         // follows without notifications, as where the system has none

	publishing context.Context // Run's; it ends when the client takes nothing any more
}

// New checks a Config and returns a Shipper for it.
func New(cfg Config) (*Shipper, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("make shipper: %w", err)
	}
	if cfg.Name == "" {
		cfg.Name = cfg.Stream[strings.LastIndexByte(cfg.Stream, '/')+1:]
	}
	s := &Shipper{
		cfg:     cfg,
		bunyan:  record.NewBunyan(cfg.Name, cfg.Hostname),
		console: console.New(cfg.Notices, cfg.Progress),
	}
	var err error
	if s.places, err = newPlaces(s); err != nil {
		return nil, fmt.Errorf("make shipper: %w", err)
	}
	return s, nil
}

// Run publishes until all inputs have ended, or ctx ends, and everything is
// acknowledged. It closes the Client, and runs once. It returns nil when all
// that was read is with the consolidator; [ErrNotConnected] and [ErrNotAll] when it is
// not.
func (s *Shipper) Run(ctx context.Context) error {
	began := time.Now()
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	publishing, give := context.WithCancel(context.WithoutCancel(ctx))
	defer give()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(s.cfg.Grace, give) })()
	s.publishing = publishing

	watched := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		s.reportStatus(watched, func(err error) { stop(err); give() })
	})
	err := s.read(reading)
	before := s.cfg.Client.Stats()
	stats := s.cfg.Client.Close(publishing)
	unsaved := s.places.finish(&before, &stats)
	close(watched)
	watching.Wait()
	s.console.Done()
	s.summary = s.sum(stats, time.Since(began))
	switch cause := context.Cause(reading); {
	case cause != nil && errors.Is(cause, ErrNotConnected):
		return cause
	case err != nil:
		return err
	}
	return cmp.Or(s.outcome(ctx), s.missing(), unsaved)
}

func (s *Shipper) read(ctx context.Context) error {
	if s.cfg.Follow {
		return s.followAll(ctx)
	}
	return s.readAll(ctx)
}

// outcome is nil if everything arrived.
func (s *Shipper) outcome(ctx context.Context) error {
	sum := s.summary
	lost := sum.Uncertain + sum.Refused + sum.Unsent
	status := s.cfg.Client.Status()
	switch {
	case lost == 0:
		return nil
	case !status.Connected && sum.Refused == 0 && (!status.Had || status.Err != nil):
		return s.notConnected(status)
	case sum.Refused > 0:
		return fmt.Errorf("%w: %d were refused: the consolidator does not let this key publish to the stream, holds as many streams as it may, or is another peer that does not subscribe to it", ErrNotAll, sum.Refused)
	case ctx.Err() != nil:
		return fmt.Errorf("%w before the end: %d are uncertain, %d were not sent", ErrNotAll, sum.Uncertain, sum.Unsent)
	}
	return fmt.Errorf("%w: %d are uncertain, %d were not sent", ErrNotAll, sum.Uncertain, sum.Unsent)
}

// missing is nil if nothing of the followed files is missing, as far as is known.
func (s *Shipper) missing() error {
	sum := s.summary
	var what []string
	if sum.Missed > 0 {
		what = append(what, fmt.Sprintf("%d files were not opened", sum.Missed))
	}
	if sum.LostBytes > 0 {
		what = append(what, fmt.Sprintf("at least %d bytes were truncated unread", sum.LostBytes))
	}
	if sum.Doubts > 0 {
		what = append(what, fmt.Sprintf("%d times something may be missing", sum.Doubts))
	}
	if sum.Unnamed > 0 {
		what = append(what, fmt.Sprintf("%d files have names of which no stream can be made", sum.Unnamed))
	}
	if sum.Dropped > 0 {
		what = append(what, fmt.Sprintf("%d messages were dropped or refused", sum.Dropped))
	}
	if n := s.counts.unreadFiles.Load(); n > 0 {
		what = append(what, fmt.Sprintf("%d renamed or deleted files were not read to their end", n))
	}
	if len(what) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrMissing, strings.Join(what, ", "))
}

func (s *Shipper) notConnected(status publish.Status) error {
	what := "was never reached"
	if status.Had {
		what = "was lost"
	}
	why, next := "it has not answered", "start it, or name another with --to"
	if status.Err != nil {
		why = record.Safe(status.Err.Error())
	}
	if errors.Is(status.Err, publish.ErrWrongPeer) {
		next = "name the publish endpoint of a consolidator with --to, by default " + publish.DefaultEndpoint
	}
	return fmt.Errorf("%w: %s %s (%s); %s", ErrNotConnected, record.Safe(s.cfg.Endpoint), what, why, next)
}

// Summary returns what became of everything, once Run has returned.
func (s *Shipper) Summary() *Summary { return s.summary }

// Now returns what has become of what was read until now. Records that wait are in
// no outcome yet.
func (s *Shipper) Now() *Summary { return s.sum(s.cfg.Client.Stats(), 0) }

// Files are how the followed files stand.
func (s *Shipper) Files() follow.Standing {
	if names := s.names.Load(); names != nil {
		return names.Standing()
	}
	return follow.Standing{}
}

func (s *Shipper) sum(stats publish.Stats, took time.Duration) *Summary {
	c := &s.counts
	untaken := c.untaken.Load()
	return &Summary{
		Lines: c.lines.Load(), Bytes: c.bytes.Load(), Records: stats.Published + untaken,
		Acknowledged: stats.Acknowledged, Unacknowledged: stats.Unacknowledged, Uncertain: stats.Uncertain,
		Refused: stats.Refused, Unsent: stats.Unsent + untaken, Repeated: stats.Repeated,
		Bunyan: c.bunyan.Load(), Mapped: c.mapped.Load(), Texts: c.texts.Load(),
		Joined: c.joined.Load(), Blank: c.blank.Load(), Marks: c.marks.Load(), Cut: c.cut.Load(), Continued: c.continued.Load(),
		Zeros: c.zeros.Load(), Unended: c.unended.Load(),
		Missed: c.missed.Load(), LostBytes: c.lostBytes.Load(), Doubts: c.doubts.Load(),
		Unread: c.unreadBytes.Load(), Notices: c.notices.Load(),
		Unnamed: c.unnamed.Load(), Dropped: c.dropped.Load(),
		Rotations: c.rotations.Load(), Truncations: c.truncations.Load(),
		Seconds: took.Round(time.Millisecond).Seconds(),
	}
}
