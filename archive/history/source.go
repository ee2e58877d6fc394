package history

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
)

// Reader reads an archive: [Archive] does.
type Reader interface {
	// Read hands on what is held: see Archive.Read.
	Read(ctx context.Context, q Query, hand Hand) (Ends, error)
	// Streams are the names of all streams of which something is held.
	Streams(ctx context.Context) ([]string, error)
	// Status is how the archive stands.
	Status() stream.Status
}

// Config is what a [Source] reads.
type Config struct {
	Live    *stream.Source // required; the Source runs it
	Archive Reader         // nil: there is none, and history is what the live source has

	// From and To are the times of the records, as in [Query]; zero is no bound. A tail
	// with From begins there, whatever its Backfill.Last says.
	From, To time.Time
	Late     time.Duration // as in Query

	// Tells says that the live source itself tells what it no longer has from since From.
	Tells bool
}

// Source reads a live source, and before it, without a seam, what is archived. See the
// package's contract. Its methods may be called from any goroutine, before Run and while it
// runs; only one may take.
type Source struct {
	cfg   Config
	out   *stream.Handover // of history
	ready chan struct{}    // capacity 1

	// Of whoever takes.
	next    *stream.Batch // live; what came into out before it goes first
	checked bool          // that has been taken
	copies  *stream.Handover

	inHistory atomic.Bool // what was taken last is history
	liveTaken atomic.Bool // something that is live, of a stream, was taken

	mu       sync.Mutex
	running  *rescue.Group // nil before Run
	tails    map[string]*tail
	busy     int      // of them, that are not simply live
	leaving  []*tail  // that read history from when the batch at hand was taken
	joining  []*tail  // that have read history, and are to be live
	closed   bool     // no more comes of the live source
	listing  bool     // the archive is asked for the names of its streams
	archived []string // them, in order
}

// The bounds of a Source.
const (
	historyInbox = 16 << 20 // bytes of history that may wait to be taken
	// What is wanted of more records is asked of the archive first, or all of it would
	// have to be held while it is not known how many the live source has.
	fewLast = 10_000
)

// NewSource returns a Source.
func NewSource(c Config) (*Source, error) {
	switch {
	case c.Live == nil:
		return nil, errors.New("make source with history: the live source is missing")
	case !c.From.IsZero() && !c.To.IsZero() && c.To.Before(c.From):
		return nil, errors.New("make source with history: the time at which it is to end is before that at which it begins")
	}
	return &Source{
		cfg: c, out: stream.NewHandover(historyInbox), copies: stream.NewHandover(math.MaxInt),
		ready: make(chan struct{}, 1), tails: make(map[string]*tail),
	}, nil
}

// Run reads until ctx ends, and returns nil then. It must be called once. When one of its
// goroutines panics all end, and it returns a [*rescue.Error].
func (s *Source) Run(ctx context.Context) error {
	running := rescue.NewGroup(ctx)
	defer running.End()
	running.Go("read records", func() { s.forward(running.Context()) })
	s.mu.Lock()
	s.running = running
	for _, t := range s.tails {
		if t.phase == isOld {
			s.read(t)
		}
	}
	if s.listing {
		s.list()
	}
	s.mu.Unlock()
	err := s.cfg.Live.Run(running.Context())
	running.End()
	if fault := running.Wait(); fault != nil {
		err = fault
	}
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wake()
	return err
}

// forward makes one of the two that say that there is something to take.
func (s *Source) forward(ctx context.Context) {
	var due <-chan time.Time
	if !s.cfg.To.IsZero() {
		tick := time.NewTicker(time.Second / 2)
		defer tick.Stop()
		due = tick.C
	}
	for {
		select {
		case <-s.cfg.Live.Ready():
		case <-s.out.Ready():
		case <-due: // the time may be over
		case <-ctx.Done():
			return
		}
		s.wake()
	}
}

func (s *Source) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Tail follows a stream, by its exact name. A second Tail of a name starts over.
func (s *Source) Tail(name string, from stream.Backfill) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(name)
	t := &tail{name: name, from: from, at: make(map[string]loss.Position), barren: make(map[string]time.Time)}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	s.tails[name] = t
	switch {
	case from.Positions == nil && (!s.cfg.From.IsZero() || s.cfg.Archive != nil && from.Last > fewLast):
		t.query = &Query{Stream: name, From: s.cfg.From, To: s.cfg.To, Late: s.cfg.Late}
		if s.cfg.From.IsZero() {
			t.query.Last = from.Last
		}
		s.become(t, isOld)
		s.read(t)
	case from.Positions == nil && from.Last > 0 && s.cfg.Archive != nil:
		s.become(t, isHeld)
		s.cfg.Live.Tail(name, from)
	default:
		for c, at := range from.Positions {
			t.at[c] = at
		}
		s.cfg.Live.Tail(name, from)
	}
}

// Stop ends a tail. What had arrived of it may still be in the next batch.
func (s *Source) Stop(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(name)
	s.cfg.Live.Stop(name)
}

// drop forgets a tail. s.mu is held.
func (s *Source) drop(name string) {
	t := s.tails[name]
	if t == nil {
		return
	}
	t.cancel()
	s.become(t, isLive)
	delete(s.tails, name)
}

// Ready has a token when TryTake may have something. Its capacity is 1.
func (s *Source) Ready() <-chan struct{} { return s.ready }

// TryTake returns what has arrived, or nil.
func (s *Source) TryTake() *stream.Batch {
	if s.next == nil {
		s.next = s.takeLive()
		s.checked = false
	}
	// What is live stands behind what of history was there before it came; but not behind
	// all that comes while it waits.
	if s.next == nil || !s.checked {
		s.checked = true
		if old := s.out.TryTake(); old != nil {
			if s.next != nil {
				s.wake()
			}
			s.inHistory.Store(true)
			return old
		}
	}
	b := s.next
	s.next = nil
	s.inHistory.Store(false)
	if b != nil && !s.liveTaken.Load() && ofStream(b) {
		s.liveTaken.Store(true)
	}
	s.begin()
	return b
}

// ofStream reports whether there is something of a stream in a batch.
func ofStream(b *stream.Batch) bool {
	return len(b.Records) > 0 || slices.ContainsFunc(b.Notices, func(n stream.Notice) bool { return n.Stream != "" })
}

// Take waits for something to arrive and returns it. Its errors are the context's, and
// [stream.ErrClosed] when the live source has ended or the time asked for is over.
func (s *Source) Take(ctx context.Context) (*stream.Batch, error) {
	for {
		s.mu.Lock()
		over := s.closed || s.over(time.Now())
		s.mu.Unlock()
		if b := s.TryTake(); b != nil {
			return b, nil
		}
		if over {
			s.wake() // for others who wait
			return nil, stream.ErrClosed
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.ready:
		}
	}
}

// Status is the state of each live source, and of the archive. While what is taken is history,
// and nothing that is live was, the live ones are Unread.
func (s *Source) Status() []stream.Status {
	all := s.cfg.Live.Status()
	if s.inHistory.Load() && !s.liveTaken.Load() {
		for i := range all {
			all[i].Unread = true
		}
	}
	if s.cfg.Archive != nil {
		all = append(all, s.cfg.Archive.Status())
	}
	return all
}

// WatchStreams begins to know which streams are live, and, with Config.From, which are
// archived; or ends it.
func (s *Source) WatchStreams(on bool) {
	s.cfg.Live.WatchStreams(on)
	if !on || s.cfg.Archive == nil || s.cfg.From.IsZero() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listing = true
	if s.running != nil {
		s.list()
	}
}

// list has the names of archived streams read. s.mu is held, and Run runs.
func (s *Source) list() {
	s.running.Go("list what is archived", func() {
		names, err := s.cfg.Archive.Streams(s.running.Context())
		s.mu.Lock()
		defer s.mu.Unlock()
		s.listing = false
		if err == nil {
			slices.Sort(names)
			s.archived = names
		}
		s.wake()
	})
}

// Streams are the live streams, in the order of their names; with Config.From those, too,
// that are archived, which have no rate.
func (s *Source) Streams() []stream.Live {
	all := s.cfg.Live.Streams()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.archived {
		at, found := slices.BinarySearchFunc(all, name, func(l stream.Live, name string) int { return cmp.Compare(l.Name, name) })
		if !found {
			all = slices.Insert(all, at, stream.Live{Name: name})
		}
	}
	return all
}
