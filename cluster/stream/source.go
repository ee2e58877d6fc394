package stream

import (
	"context"
	"time"

	"sluice/cluster/rescue"
)

// Backend is where a [Source] gets its records from: packages direct and proxied
// have one each. It puts into the Source's Handover.
type Backend interface {
	// Run reads until ctx ends, and returns nil then.
	Run(ctx context.Context) error
	Tail(name string, from Backfill)
	Stop(name string)
	Directory
}

// Directory knows the sources and the live streams. None of its methods waits.
type Directory interface {
	// Status is the state of each source now, in the order of their addresses.
	Status() []Status
	// WatchStreams begins to know which streams are live, or ends it.
	WatchStreams(on bool)
	// Streams are the live streams, in the order of their names, while they are
	// watched. Of a source that cannot be reached none is known.
	Streams() []Live
}

// Source reads live records. See the package's contract. Its methods may be
// called from any goroutine, before Run and while it runs; none but Take waits.
type Source struct {
	in   *Handover
	from Backend
}

// NewSource returns a Source whose records the backend puts into in. Programs use
// direct.New or proxied.New.
func NewSource(in *Handover, from Backend) *Source { return &Source{in, from} }

// Run reads until ctx ends, and returns nil then. It must be called once. When
// one of its goroutines panics all end, and it returns a [*rescue.Error].
func (s *Source) Run(ctx context.Context) error {
	defer s.in.Close()
	return rescue.Call("read records", func() error { return s.from.Run(ctx) })
}

// Tail follows a stream, by its exact name. A second Tail of a name starts over.
// Of a name that cannot be a stream's, see names.Check, nothing comes.
func (s *Source) Tail(name string, from Backfill) { s.from.Tail(name, from) }

// Stop ends a tail. What had arrived of it may still be in the next batch.
func (s *Source) Stop(name string) { s.from.Stop(name) }

// Ready has a token when TryTake may have something. Its capacity is 1.
func (s *Source) Ready() <-chan struct{} { return s.in.Ready() }

// TryTake returns all that arrived since it was last called, or nil.
func (s *Source) TryTake() *Batch { return s.in.TryTake() }

// Take waits for something to arrive and returns all of it. Its errors are the
// context's and ErrClosed.
func (s *Source) Take(ctx context.Context) (*Batch, error) { return s.in.Take(ctx) }

// Linger allows the Source to wait for more, when little came from the network, until
// the next of the times that are every apart and of which at is one: what comes meanwhile
// costs less. With 0, and until somebody calls it, it does not wait.
func (s *Source) Linger(every time.Duration, at time.Time) { s.in.lingers(every, at) }

// Status is the state of each source now, in the order of their addresses.
func (s *Source) Status() []Status { return s.from.Status() }

// WatchStreams begins to know which streams are live, or ends it.
func (s *Source) WatchStreams(on bool) { s.from.WatchStreams(on) }

// Streams are the live streams, in the order of their names, while they are
// watched.
func (s *Source) Streams() []Live { return s.from.Streams() }
