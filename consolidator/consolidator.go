package consolidator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"sluice/cluster/admin"
	"sluice/cluster/fanout"
	"sluice/cluster/names"
	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// The defaults of Config.
const (
	DefaultPublish   = "tcp://127.0.0.1:5551"
	DefaultSubscribe = "tcp://127.0.0.1:5552"
	DefaultAdmin     = "127.0.0.1:5553" // of the consolidator's command; Config has none
	DefaultGrace     = 2 * time.Second
)

// Config is what a [Consolidator] is made of.
type Config struct {
	Publish      []string      // endpoints for publishers; nil means DefaultPublish
	Subscribe    []string      // endpoints for readers; nil means DefaultSubscribe
	Name         string        // how readers call it; empty means the host's name
	Buffer       int64         // memory of all logs together, in bytes; 0 means fanout.DefaultBuffer
	StreamBuffer int64         // memory of one log, in bytes; 0 means fanout.DefaultStreamBuffer
	Admin        string        // HTTP address of metrics and health, HOST:PORT; empty serves none
	Profile      bool          // /debug/pprof/ is served there, too
	Insecure     bool          // endpoints that other machines can reach are wanted, although they are not encrypted
	AdminOpen    bool          // and so is such an address for Admin, although it has no passwords; Insecure permits it, too
	Grace        time.Duration // how long publishers, and then readers, have at shutdown; 0 means DefaultGrace
	Logger       *slog.Logger  // must not wait, since it is called while locks are held; nil discards; warnings are published, too

	// Peers at once, at most three quarters of them at the endpoints for
	// publishers, and so at those for readers; 0 means DefaultMaxConnections.
	MaxConnections int
	// Those of them that are in their handshake, at the endpoints of each of
	// the two kinds; 0 means DefaultMaxHandshakes.
	MaxHandshakes int
	MaxStreams    int // streams held; 0 means DefaultMaxStreams

	// Registered reports whether readers find it where consolidators are found, for the
	// metrics; nil where it registers nowhere.
	Registered func() bool

	// The consolidator's key pair: a file, as `sluice keygen` writes it. All endpoints are
	// encrypted by CURVE then; empty means that they are not.
	CurveKey string
	// Who may publish, and who may read: lists of public keys, as curve.OpenList reads them,
	// which are read again when they change. Empty means whoever knows the consolidator's
	// public key.
	CurvePublishers, CurveSubscribers string

	Mechanism zmtp.Mechanism // protects the connections of all endpoints in place of CURVE; nil means zmtp.Null
}

// Consolidator is the consolidator of one machine.
type Consolidator struct {
	cfg       Config
	run       string // random
	log       *slog.Logger
	hub       *fanout.Hub
	publish   []net.Listener
	subscribe []net.Listener
	counts    counts
	times     times
	metrics   *metrics
	admin     *admin.Server // nil when there is none
	own       *ownRecords
	tee       tee
	lister    lister
	heldIn    *heldMemory
	heldOut   *heldMemory

	pair      *curve.Pair // nil without CURVE
	mechanism [sides]zmtp.Mechanism
	keys      [sides]*curve.List // nil where whoever knows our key may come
	denials   denials

	subscriptions subscriptions

	mu          sync.Mutex
	publishers  map[*publisher]struct{}
	subscribers map[*subscriber]struct{}
	doors       [sides]*door
	phase       phase
	leaveBy     time.Time // when peers of the phase are waited for no longer
	standstill  standstill
}

// New checks the configuration and binds the endpoints. Run, or Close, must
// follow.
func New(cfg Config) (*Consolidator, error) {
	if len(cfg.Publish) == 0 {
		cfg.Publish = []string{DefaultPublish}
	}
	if len(cfg.Subscribe) == 0 {
		cfg.Subscribe = []string{DefaultSubscribe}
	}
	if cfg.Name == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("find the host's name: %w: set a name", err)
		}
		cfg.Name = name
	}
	if len(cfg.Name) > names.Max {
		return nil, fmt.Errorf("name %.20q… is longer than %d bytes", cfg.Name, names.Max)
	}
	if cfg.Grace == 0 {
		cfg.Grace = DefaultGrace
	}
	if cfg.Buffer == 0 {
		cfg.Buffer = fanout.DefaultBuffer
	}
	if err := cfg.limit(); err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	// All addresses are checked before one is bound: what is wrong with them is
	// wrong whoever has the others.
	publish, err := cfg.endpoints(cfg.Publish)
	if err != nil {
		return nil, err
	}
	subscribe, err := cfg.endpoints(cfg.Subscribe)
	if err != nil {
		return nil, err
	}
	if cfg.Admin != "" {
		if err := admin.Check(cfg.Admin, cfg.Insecure || cfg.AdminOpen); err != nil {
			return nil, err
		}
	}
	hub, err := fanout.New(fanout.Config{Buffer: cfg.Buffer, StreamBuffer: cfg.StreamBuffer, MaxStreams: cfg.MaxStreams, Next: zmtp.NextMessage})
	if err != nil {
		return nil, err
	}
	c := &Consolidator{
		cfg: cfg, run: fmt.Sprintf("%016x", rand.Uint64()), hub: hub, times: usualTimes, doors: newDoors(),
		publishers:  make(map[*publisher]struct{}),
		subscribers: make(map[*subscriber]struct{}),
	}
	c.subscriptions = subscriptions{limit: maxAllSubscriptions, of: make(map[*subscriber]int)}
	c.heldIn = newHeldMemory(maxHeldIn, c.reportHeld("publisher"))
	c.heldOut = newHeldMemory(maxHeldOut, c.reportHeld("reader"))
	c.metrics = newMetrics(c)
	c.own = newOwnRecords(cfg.Name, hub, &c.counts)
	c.tee = tee{cfg.Logger.Handler(), c.own.encoder, c.own}
	c.log = slog.New(c.tee)
	if c.mechanism, err = c.mechanisms(); err != nil {
		return nil, err
	}
	if c.publish, err = listen(publish); err == nil {
		c.subscribe, err = listen(subscribe)
	}
	if err == nil && cfg.Admin != "" {
		c.admin, err = admin.New(admin.Config{
			Addr: cfg.Admin, Metrics: c.metrics.registry(), Profile: cfg.Profile, Insecure: cfg.Insecure || cfg.AdminOpen, Logger: c.log,
		})
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// endpoints are what may be bound of a list.
func (cfg *Config) endpoints(list []string) (es []zmtp.Endpoint, err error) {
	for _, s := range list {
		e, err := zmtp.ParseListen(s)
		if err != nil {
			return nil, err
		}
		if !e.Local() && !cfg.Insecure && cfg.CurveKey == "" {
			return nil, fmt.Errorf("endpoint %q can be reached from other machines, and is not encrypted: give the consolidator a key (`sluice keygen NAME`, and --curve-key NAME.key), use a loopback address or ipc, or say --insecure", s)
		}
		es = append(es, e)
	}
	return es, nil
}

func listen(endpoints []zmtp.Endpoint) (lns []net.Listener, err error) {
	for _, e := range endpoints {
		ln, err := zmtp.Listen(e)
		if err != nil {
			return lns, err
		}
		lns = append(lns, ln)
	}
	return lns, nil
}

// Close lets go of the endpoints of a Consolidator that is not to be run.
func (c *Consolidator) Close() {
	c.unlisten()
	c.admin.Close()
}

func (c *Consolidator) unlisten() {
	for _, ln := range c.publish {
		ln.Close()
	}
	for _, ln := range c.subscribe {
		ln.Close()
	}
}

// Name is how readers call it.
func (c *Consolidator) Name() string { return c.cfg.Name }

// Instance is another one for each Consolidator, and what readers are told of its run.
func (c *Consolidator) Instance() string { return c.run }

// PublishAddrs are the endpoints for publishers, as they were really bound.
func (c *Consolidator) PublishAddrs() []string { return addrs(c.publish) }

// SubscribeAddrs are the endpoints for readers, as they were really bound.
func (c *Consolidator) SubscribeAddrs() []string { return addrs(c.subscribe) }

// AdminAddr is the address of metrics and health, as it was really bound; empty
// when they are not served.
func (c *Consolidator) AdminAddr() string { return c.admin.Addr() }

func addrs(lns []net.Listener) (s []string) {
	for _, ln := range lns {
		s = append(s, zmtp.Bound(ln).String())
	}
	return s
}

// Run passes records on until ctx ends, then leaves as the package says, and returns nil.
func (c *Consolidator) Run(ctx context.Context) error {
	c.log.Info("consolidator ready", "name", c.cfg.Name, "publish", c.PublishAddrs(), "subscribe", c.SubscribeAddrs(), "admin", c.AdminAddr())
	hubCtx, stopHub := context.WithCancel(context.Background())
	var own sync.WaitGroup
	own.Go(func() { _ = c.hub.Run(hubCtx) })
	own.Go(func() { c.sweep(hubCtx) })
	own.Go(func() { c.watchStandstills(hubCtx) })
	own.Go(func() { c.watchKeys(hubCtx) })
	c.own.reserve()
	own.Go(func() { c.report(hubCtx) })
	own.Go(func() { _ = c.admin.Run(hubCtx) })

	var accepting sync.WaitGroup
	failed := make(chan error, len(c.publish)+len(c.subscribe))
	for _, ln := range c.publish {
		accepting.Go(func() { failed <- c.accept(ln, publishing, c.servePublisher) })
	}
	for _, ln := range c.subscribe {
		accepting.Go(func() { failed <- c.accept(ln, subscribing, c.serveSubscriber) })
	}
	c.admin.SetReady(true)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	c.admin.SetReady(false)
	c.unlisten()
	accepting.Wait()
	c.leave()
	stopHub()
	own.Wait()
	c.tee.logLeftOut(context.Background())
	return err
}

// accept hands each connection to its own goroutine, so that none waits for
// another's handshake.
func (c *Consolidator) accept(ln net.Listener, side side, serve func(net.Conn)) error {
	d := c.doors[side]
	for {
		nc, err := ln.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case isTemporary(err):
			// Out of descriptors, most often: those who are connected go on.
			c.counts.accept.Add(1)
			c.log.Warn("accept", "error", err)
			time.Sleep(acceptRetry)
			continue
		case err != nil:
			return fmt.Errorf("accept on %q: %w", zmtp.Bound(ln), err)
		}
		if !c.admit(d, nc) {
			continue
		}
		go func() {
			defer c.gone(d, nc)
			serve(nc)
		}()
	}
}

// phase is how far the consolidator has come. It only ever grows.
type phase uint8

const (
	running         phase = iota
	publishersLeave       // no more connections; what publishers have sent is read
	readersLeave          // and there are no more records: what readers have not got is handed over
)

// acceptRetry is how long accepting pauses after an error that may pass.
const acceptRetry = 50 * time.Millisecond

func isTemporary(err error) bool {
	var ne interface{ Temporary() bool }
	return errors.As(err, &ne) && ne.Temporary()
}

// handshake does the handshake of an accepted connection.
func (c *Consolidator) handshake(side side, nc net.Conn, cfg zmtp.Config) *zmtp.Conn {
	cfg.Timeout, cfg.Mechanism = c.times.handshake, c.mechanism[side]
	conn, err := zmtp.Handshake(nc, cfg)
	c.mu.Lock()
	known := c.doors[side].leave(nc) && c.phase == running
	c.mu.Unlock()
	if err != nil {
		var denied *curve.DeniedError
		switch {
		case known && errors.As(err, &denied):
			c.counts.deniedKeys.Add(1)
			c.log.Warn("peer refused: its key is not in the list", "kind", side.peers(), "peer", nc.RemoteAddr(), "key", denied.Key.String())
		case known:
			c.counts.handshake(err)
		}
		c.log.Debug("handshake", "peer", nc.RemoteAddr(), "error", err)
		return nil
	}
	return conn
}
