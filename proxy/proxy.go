package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"sluice/cluster/admin"
	"sluice/cluster/fanout"
	"sluice/proxy/door"
	"sluice/proxy/entry"
	"sluice/proxy/live"
	"sluice/proxy/tally"
)

const (
	maxRereads = 8                    // sessions that read again at a time, half of them of one tenant; others wait, see Config.Reread
	spreadEach = 5 * time.Millisecond // between the ends of two sessions at a shutdown
	maxHeader  = 64 << 10             // bytes of a request's headers

	maxMultiplexed = 250 // responses of one connection of HTTP/2 at a time
)

// Proxy serves streams over HTTP. Make it with [New].
type Proxy struct {
	cfg         Config
	listener    net.Listener
	certificate *certificate // nil: without TLS
	door        *door.Door
	hub         *fanout.Hub
	source      Source
	tails       *tails
	live        *live.List
	names       streamNames
	rereads     turns // of sessions that read again
	pasts       turns // of sessions that read history
	pastFigures *pastFigures
	heldStreams heldStreams
	draining    chan struct{} // closed when no new session may begin

	mu       sync.Mutex // makes count and drain exclude one another
	drained  bool
	sessions sync.WaitGroup

	places    places
	taken     connections
	crowd     *crowd
	gathering atomic.Int64 // sessions that have written a moment ago
	sent      traffic
	upstream  upstream
	streams   streamTable
	metrics   *metrics
	described []byte                    // by /api/openapi.json
	admin     *admin.Server             // nil when there is none
	started   atomic.Pointer[time.Time] // nil before Run
	reached   atomic.Bool               // it has been ready
	finder    atomic.Pointer[string]    // see unfound

	consolidators consolidators

	admission admission

	open    atomic.Int64
	begun   atomic.Uint64
	blocked atomic.Uint64
	lost    atomic.Uint64
	counts  tally.Counts

	filtered atomic.Uint64
}

// Stats counts what a Proxy did since it was made.
type Stats struct {
	Sessions int    // open now, the watchers of /api/streams included
	Blocked  uint64 // sessions closed because they took nothing for Config.WriteTimeout
	Lost     uint64 // records that sessions were told they have lost here
	Filtered uint64 // times that a session's filter was run on a record
}

// New checks cfg and listens. Nothing is served until Run, which also closes
// the listener.
func New(cfg Config) (*Proxy, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	hub, err := fanout.New(fanout.Config{Buffer: cfg.Buffer, StreamBuffer: cfg.StreamBuffer, Next: entry.Next})
	if err != nil {
		return nil, fmt.Errorf("make the proxy's logs: %w", err)
	}
	source, err := cfg.Open(0)
	if err != nil {
		return nil, fmt.Errorf("open the proxy's source: %w", err)
	}
	var cert *certificate
	if cfg.TLSCert != "" {
		if cert, err = newCertificate(cfg.TLSCert, cfg.TLSKey, cfg.Logger); err != nil {
			return nil, err
		}
	}
	l, err := listen(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w; give another address, or port 0 for a free one", err)
	}
	p := &Proxy{
		cfg:         cfg,
		listener:    l,
		certificate: cert,
		hub:         hub,
		source:      source,
		live:        live.New(source),
		rereads:     turns{all: maxRereads, each: maxRereads / 2},
		pasts:       turns{all: maxPasts, each: maxPasts / 4},
		pastFigures: newPastFigures(),
		heldStreams: heldStreams{asked: make(chan struct{}, 1)},
		draining:    make(chan struct{}),
		admission: admission{
			proxy: cfg.MaxSessions, tenant: cfg.MaxTenantSessions, address: cfg.MaxAddressSessions, token: cfg.MaxTokenSessions,
		},
	}
	p.crowd = newCrowd(p.draining)
	p.places.limit, p.places.counts, p.places.log, p.places.now = cfg.MaxConnections, &p.counts, cfg.Logger, time.Now
	p.metrics = newMetrics(p)
	p.described = description()
	p.consolidators = consolidators{log: cfg.Logger, now: time.Now}
	p.tails = &tails{hub: hub, source: source, keep: cfg.Keep, limit: cfg.Streams, live: p.live.Has, streams: &p.streams, upstream: &p.upstream}
	p.names = streamNames{source: source, tails: p.tails}
	opens := door.Config{
		AnyHost: cfg.Insecure, Forwarded: cfg.Forwarded, TrustedProxies: cfg.TrustedProxies, Origins: cfg.Origins,
		Public: isPublic, Refuse: p.refuse,
	}
	if cfg.Tokens != nil {
		opens.Verifier = cfg.Tokens
	}
	if p.door, err = door.New(opens); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("proxy: %w", err)
	}
	if cfg.Admin != "" {
		p.admin, err = admin.New(admin.Config{
			Addr: cfg.Admin, Metrics: p.metrics.registry(), Profile: cfg.Profile, Insecure: cfg.Insecure || cfg.AdminOpen, Logger: cfg.Logger,
		})
		if err != nil {
			_ = l.Close()
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	return p, nil
}

// Counts are what was refused, cut and dropped since the Proxy was made, by reason.
func (p *Proxy) Counts() *tally.Counts { return &p.counts }

// Addr is the address that is listened on, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// AdminAddr is the address of metrics and health, as it was really bound; empty
// when there is none.
func (p *Proxy) AdminAddr() string { return p.admin.Addr() }

// Stats returns the counts as of now.
func (p *Proxy) Stats() Stats {
	return Stats{Sessions: int(p.open.Load()), Blocked: p.blocked.Load(), Lost: p.lost.Load(), Filtered: p.filtered.Load()}
}

// Run serves until ctx ends, lets the sessions end, and returns nil. It returns
// an error when serving or the source fails.
func (p *Proxy) Run(ctx context.Context) error {
	server := &http.Server{
		Handler:           p.handler(),
		ConnContext:       withConn,
		ConnState:         p.places.changed,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeader,
		// The deadline of a response ends nothing when the connection takes nothing: then
		// that ends, and all of its responses.
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxMultiplexed, WriteByteTimeout: p.cfg.WriteTimeout},
		ErrorLog: slog.NewLogLogger(p.cfg.Logger.Handler(), slog.LevelDebug),
	}
	p.started.Store(new(time.Now()))
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, 2)
	var wg sync.WaitGroup
	wg.Go(func() { _ = p.hub.Run(inner) }) // returns nil
	wg.Go(func() { p.tails.run(inner) })
	wg.Go(func() { p.crowd.run(inner) })
	wg.Go(func() { _ = p.admin.Run(inner) }) // returns nil
	wg.Go(func() { p.watch(inner) })
	wg.Go(func() {
		in := intake{source: p.source, tails: p.tails, peers: &p.consolidators, to: p.hub.Appender(), gathering: &p.gathering}
		in.run(inner)
	})
	wg.Go(func() {
		if err := p.source.Run(inner); err != nil {
			failed <- fmt.Errorf("run the proxy's source: %w", err)
		}
	})
	if p.cfg.History != nil {
		wg.Go(func() { p.heldStreams.run(inner, p.cfg.History, p.pastFigures) })
	}
	p.source.WatchStreams(true)
	if p.cfg.Tokens != nil {
		wg.Go(func() { _ = p.cfg.Tokens.Run(inner) }) // returns nil
	}
	serve := server.Serve
	if p.certificate != nil {
		server.TLSConfig = p.certificate.config()
		wg.Go(func() { p.certificate.run(inner) })
		serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
	}
	wg.Go(func() {
		if err := serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve %s: %w", p.Addr(), err)
		}
	})

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	p.drain(server)
	stop()
	wg.Wait()
	return err
}

// drain lets the sessions end within the grace period, and ends those that do
// not.
func (p *Proxy) drain(server *http.Server) {
	p.mu.Lock()
	p.drained = true
	close(p.draining)
	p.admin.SetReady(false)
	p.mu.Unlock()
	limit, cancel := context.WithTimeout(context.Background(), p.cfg.Grace)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		_ = server.Close() // what is left are peers that take nothing
	}
	defer context.AfterFunc(limit, p.taken.closeAll)()
	p.sessions.Wait()
}

// spread is over how long the sessions end at a shutdown: so that few end at
// once, and many do not all come back together.
func (p *Proxy) spread() time.Duration {
	return min(time.Duration(p.open.Load())*spreadEach, p.cfg.Grace/2)
}
