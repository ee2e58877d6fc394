package stream

import (
	"context"
	"errors"
	"log/slog"
	"net/url"

	"sluice/cluster/discovery"
	"sluice/cluster/rescue"
)

// Config is what a [Source] is made of: either Proxy or one of Finder and
// Consolidators.
type Config struct {
	Proxy string // URL of a proxy
	Token string // for it
	Query url.Values

	Consolidators []string         // their endpoints for readers
	Finder        discovery.Finder // finds them, when Consolidators is empty

	Foreign bool // read as any ZeroMQ SUB socket does: nothing is resumed or accounted for

	Inbox  int          // bytes of records that may wait to be taken; 0 means 16 MiB
	Logger *slog.Logger // nil discards
}

// backend is where a Source has its records from.
type backend interface {
	run(ctx context.Context) error
	tail(name string, from Backfill)
	stop(name string)
	watch(on bool)
	status() []Status
	streams() []Live
}

// Source reads live records. See the package's contract. Its methods may be
// called from any goroutine, before Run and while it runs; none but Take waits.
type Source struct {
	in *inbox
	be backend
}

// New returns a Source that reads from where cfg says.
func New(cfg Config) (*Source, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	in := newInbox(cfg.Inbox)
	direct := len(cfg.Consolidators) > 0 || cfg.Finder != nil
	if (cfg.Proxy != "") == direct {
		return nil, errors.New("a source is either a proxy or consolidators: name one of the two")
	}
	var be backend
	var err error
	if direct {
		be, err = newDirect(cfg, in)
	} else {
		be, err = newProxied(cfg, in)
	}
	if err != nil {
		return nil, err
	}
	return &Source{in: in, be: be}, nil
}

// Run reads until ctx ends, and returns nil then. It must be called once. When
// one of its goroutines panics all end, and it returns a [*rescue.Error].
func (s *Source) Run(ctx context.Context) error {
	defer s.in.close()
	return rescue.Call("read records", func() error { return s.be.run(ctx) })
}

// Tail follows a stream, by its exact name. A second Tail of a name begins
// anew. Of a name that cannot be a stream's, see names.Check, nothing comes.
func (s *Source) Tail(name string, from Backfill) { s.be.tail(name, from) }

// Stop ends a tail. What had arrived of it may still be in the next batch.
func (s *Source) Stop(name string) { s.be.stop(name) }

// Ready has a token when TryTake may have something. Its capacity is 1.
func (s *Source) Ready() <-chan struct{} { return s.in.ready }

// TryTake returns all that arrived since it was last called, or nil.
func (s *Source) TryTake() *Batch { return s.in.tryTake() }

// Take waits for something to arrive and returns all of it. Its errors are the
// context's and ErrClosed.
func (s *Source) Take(ctx context.Context) (*Batch, error) { return s.in.take(ctx) }

// Status is the state of each source now, in the order of their addresses.
func (s *Source) Status() []Status { return s.be.status() }

// WatchStreams begins to know which streams are live, or ends it.
func (s *Source) WatchStreams(on bool) { s.be.watch(on) }

// Streams are the live streams, in the order of their names, while they are
// watched.
func (s *Source) Streams() []Live { return s.be.streams() }
