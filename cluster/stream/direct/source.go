package direct

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"sluice/cluster/dial"
	"sluice/cluster/discovery"
	"sluice/cluster/names"
	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// Config is where a Source reads: either Consolidators or Finder.
type Config struct {
	Consolidators []string         // their endpoints for readers
	Finder        discovery.Finder // finds them, when Consolidators is empty

	Foreign bool // read as any ZeroMQ SUB socket does: nothing is resumed or accounted for

	Keys      *curve.Keyring // for encrypted connections; nil means that they are not encrypted
	Mechanism zmtp.Mechanism // protects the connections, in place of Keys, if it is not nil

	Inbox int // bytes of records that may wait to be taken; 0 means 16 MiB
	// MergeWait is how long the backfill of a stream waits for consolidators that
	// have neither answered nor failed. 0 means DefaultMergeWait.
	MergeWait time.Duration
	// Grace is how long a live connection is kept to a consolidator that the finder
	// names no more. 0 means DefaultGrace.
	Grace time.Duration

	Logger *slog.Logger // nil discards
}

// The defaults of [Config].
const (
	DefaultMergeWait = 250 * time.Millisecond
	DefaultGrace     = time.Minute
)

// New returns a Source that reads from consolidators.
func New(cfg Config) (*stream.Source, error) {
	out := stream.NewHandover(cfg.Inbox)
	b, err := newBackend(cfg, out)
	if err != nil {
		return nil, err
	}
	return stream.NewSource(out, b), nil
}

// backend holds one link to each consolidator.
type backend struct {
	cfg    Config
	finder discovery.Finder
	out    *stream.Handover
	live   liveSum
	dialer dial.Dialer

	patience patience

	mu       sync.Mutex
	running  *rescue.Group // of run; nil before
	tails    map[string]*tail
	unmerged *merge // of all tails at one link; nil before the first
	links    map[zmtp.Endpoint]*link
	order    []*link                 // links in order; nil since they have changed
	away     map[zmtp.Endpoint]*link // not named any more; of those that were connected, maxAway at most
	claims   map[string]*link        // whose name it is; of links
	looking  looking
	watching bool
}

// tail is one stream that is wanted.
type tail struct {
	name  string
	from  stream.Backfill
	own   bool            // it is of one link, see Each
	at    stream.Position // where it begins then; zero: with the oldest record held
	merge *merge
}

func newBackend(cfg Config, out *stream.Handover) (*backend, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	finder := cfg.Finder
	if finder == nil && len(cfg.Consolidators) == 0 {
		return nil, errors.New("no consolidators to read from: name one, or a way to find them")
	}
	if len(cfg.Consolidators) > 0 {
		var err error
		if finder, err = discovery.Static(discovery.At(cfg.Consolidators...)); err != nil {
			return nil, err
		}
	}
	cfg.Grace = cmp.Or(cfg.Grace, DefaultGrace)
	return &backend{
		cfg: cfg, finder: finder, out: out, patience: usualPatience,
		tails:  make(map[string]*tail),
		links:  make(map[zmtp.Endpoint]*link),
		away:   make(map[zmtp.Endpoint]*link),
		claims: make(map[string]*link),

		looking: looking{place: finder.Place(), state: stream.StateConnecting, since: time.Now(), empty: true},
	}, nil
}

func (d *backend) Run(ctx context.Context) error {
	running := rescue.NewGroup(ctx)
	defer running.End()
	d.mu.Lock()
	d.running = running
	d.mu.Unlock()
	look := time.AfterFunc(lookLimit, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.beginMerges()
	})
	defer look.Stop()
	err := d.finder.Find(running.Context(), d.found)
	running.End()
	d.mu.Lock()
	for _, t := range d.tails {
		t.merge.stop()
	}
	for _, l := range d.links {
		if l.missing.expiry != nil {
			l.missing.expiry.Stop()
		}
	}
	d.mu.Unlock()
	return cmp.Or(running.Wait(), err)
}

func (d *backend) Tail(name string, from stream.Backfill) {
	if err := names.Check(name); err != nil {
		// A consolidator would take it for a breach of the protocol.
		d.cfg.Logger.Warn("no such name can be", "stream", name, "error", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if old := d.tails[name]; old != nil {
		old.merge.stop()
	}
	t := &tail{name: name, from: from, merge: newMerge(d.out, name, from, cmp.Or(d.cfg.MergeWait, DefaultMergeWait))}
	d.tails[name] = t
	for _, l := range d.links {
		t.merge.expect(l)
		l.tail(t)
	}
	for _, l := range d.away {
		l.tail(t)
	}
	if d.looking.known {
		t.merge.begin(d.running)
	}
}

func (d *backend) Stop(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tails[name]
	if t == nil {
		return
	}
	t.merge.stop()
	delete(d.tails, name)
	for _, l := range d.links {
		l.stop(name)
	}
	for _, l := range d.away {
		l.stop(name)
	}
}

func (d *backend) WatchStreams(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watching = on
	for _, l := range d.links {
		l.watch(on)
	}
}

func (d *backend) Status() []stream.Status {
	links := d.sorted()
	all := make([]stream.Status, 0, len(links)+1)
	d.mu.Lock()
	if s, ok := d.looking.status(); ok {
		all = append(all, s)
	}
	d.mu.Unlock()
	for _, l := range links {
		all = append(all, l.current())
	}
	return all
}

func (d *backend) Streams() []stream.Live {
	var all []*rates
	for _, l := range d.sorted() {
		all = append(all, &l.rates)
	}
	return d.live.of(all, time.Now())
}
