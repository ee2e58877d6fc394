package consolidator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"sluice/cluster/fanout"
	"sluice/cluster/zmtp"
)

// The default endpoints.
const (
	DefaultPublish   = "tcp://127.0.0.1:5551"
	DefaultSubscribe = "tcp://127.0.0.1:5552"
)

// Config is what a [Consolidator] is made of.
type Config struct {
	Publish      []string      // endpoints for publishers; nil means DefaultPublish
	Subscribe    []string      // endpoints for readers; nil means DefaultSubscribe
	Name         string        // how readers call it; empty means the host's name
	Buffer       int64         // memory of all logs together, in bytes; 0 means fanout.DefaultBuffer
	StreamBuffer int64         // memory of one log, in bytes; 0 means fanout.DefaultStreamBuffer
	Insecure     bool          // endpoints that other machines can reach are wanted, although they are not encrypted
	Grace        time.Duration // how long publishers, and then readers, have at shutdown; 0 means 2 s
	Logger       *slog.Logger  // nil discards
}

// Consolidator is one pump.
type Consolidator struct {
	cfg       Config
	log       *slog.Logger
	hub       *fanout.Hub
	publish   []net.Listener
	subscribe []net.Listener
	counts    counts
	times     times

	mu          sync.Mutex
	publishers  map[*publisher]struct{}
	subscribers map[*subscriber]struct{}
	shaking     map[net.Conn]struct{} // connections in their handshake
	closing     bool
	conns       sync.WaitGroup // the goroutines of connections
	publishing  sync.WaitGroup // those of them that read publishers
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
	if len(cfg.Name) > zmtp.MaxName {
		return nil, fmt.Errorf("name %.20q… is longer than %d bytes", cfg.Name, zmtp.MaxName)
	}
	if cfg.Grace == 0 {
		cfg.Grace = 2 * time.Second
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	hub, err := fanout.New(fanout.Config{Buffer: cfg.Buffer, StreamBuffer: cfg.StreamBuffer, Next: zmtp.NextMessage})
	if err != nil {
		return nil, err
	}
	c := &Consolidator{
		cfg: cfg, log: cfg.Logger, hub: hub, times: usualTimes,
		publishers:  make(map[*publisher]struct{}),
		subscribers: make(map[*subscriber]struct{}),
		shaking:     make(map[net.Conn]struct{}),
	}
	if c.publish, err = c.listen(cfg.Publish); err == nil {
		c.subscribe, err = c.listen(cfg.Subscribe)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Consolidator) listen(endpoints []string) (lns []net.Listener, err error) {
	for _, s := range endpoints {
		e, err := zmtp.ParseEndpoint(s)
		if err != nil {
			return lns, err
		}
		if !e.Local() && !c.cfg.Insecure {
			return lns, fmt.Errorf("endpoint %q can be reached from other machines, and is not encrypted: use a loopback address or ipc, or say --insecure", s)
		}
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
	for _, ln := range c.publish {
		ln.Close()
	}
	for _, ln := range c.subscribe {
		ln.Close()
	}
}

// Name is how readers call it.
func (c *Consolidator) Name() string { return c.cfg.Name }

// PublishAddrs are the endpoints for publishers, as they were really bound.
func (c *Consolidator) PublishAddrs() []string { return addrs(c.publish) }

// SubscribeAddrs are the endpoints for readers, as they were really bound.
func (c *Consolidator) SubscribeAddrs() []string { return addrs(c.subscribe) }

func addrs(lns []net.Listener) (s []string) {
	for _, ln := range lns {
		s = append(s, zmtp.Bound(ln).String())
	}
	return s
}

// Run pumps until ctx ends, then leaves as the package says, and returns nil.
func (c *Consolidator) Run(ctx context.Context) error {
	c.log.Info("consolidator ready", "name", c.cfg.Name, "publish", c.PublishAddrs(), "subscribe", c.SubscribeAddrs())
	hubCtx, stopHub := context.WithCancel(context.Background())
	var own sync.WaitGroup
	own.Go(func() { _ = c.hub.Run(hubCtx) })
	own.Go(func() { c.sweep(hubCtx) })

	var accepting sync.WaitGroup
	failed := make(chan error, len(c.publish)+len(c.subscribe))
	for _, ln := range c.publish {
		accepting.Go(func() { failed <- c.accept(ln, c.servePublisher) })
	}
	for _, ln := range c.subscribe {
		accepting.Go(func() { failed <- c.accept(ln, c.serveSubscriber) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	c.Close()
	accepting.Wait()
	c.leave()
	stopHub()
	own.Wait()
	return err
}

// accept hands each connection to its own goroutine, so that none waits for
// another's handshake.
func (c *Consolidator) accept(ln net.Listener, serve func(net.Conn)) error {
	for {
		nc, err := ln.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case isTemporary(err):
			// Out of descriptors, most often: those who are connected go on.
			c.log.Warn("accept", "error", err)
			time.Sleep(acceptRetry)
			continue
		case err != nil:
			return fmt.Errorf("accept on %q: %w", zmtp.Bound(ln), err)
		}
		c.mu.Lock()
		if c.closing {
			c.mu.Unlock()
			nc.Close()
			continue
		}
		c.shaking[nc] = struct{}{}
		c.conns.Add(1)
		c.mu.Unlock()
		go func() {
			defer c.conns.Done()
			serve(nc)
		}()
	}
}

// acceptRetry is how long accepting pauses after an error that may pass.
const acceptRetry = 50 * time.Millisecond

func isTemporary(err error) bool {
	var ne interface{ Temporary() bool }
	return errors.As(err, &ne) && ne.Temporary()
}

// handshake does the handshake of an accepted connection.
func (c *Consolidator) handshake(nc net.Conn, cfg zmtp.Config) *zmtp.Conn {
	cfg.Timeout = c.times.handshake
	conn, err := zmtp.Handshake(nc, cfg)
	c.mu.Lock()
	delete(c.shaking, nc)
	c.mu.Unlock()
	if err != nil {
		c.counts.handshakes.Add(1)
		c.log.Debug("handshake", "peer", nc.RemoteAddr(), "error", err)
		return nil
	}
	return conn
}

func (c *Consolidator) leave() {
	c.mu.Lock()
	c.closing = true
	for nc := range c.shaking {
		nc.Close()
	}
	for p := range c.publishers {
		p.leave(c.cfg.Grace)
	}
	c.mu.Unlock()
	c.publishing.Wait()

	c.mu.Lock()
	for s := range c.subscribers {
		s.leave()
	}
	c.mu.Unlock()
	late := time.AfterFunc(c.cfg.Grace, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for s := range c.subscribers {
			s.conn.Close()
		}
	})
	c.conns.Wait()
	late.Stop()
}
