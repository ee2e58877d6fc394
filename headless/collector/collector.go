package collector

import (
	"context"
	"fmt"
	"os"
	"sync"

	"sluice/cluster/admin"
	"sluice/headless/shipper"
)

// Collector collects and publishes.
type Collector struct {
	cfg   Config
	ship  *shipper.Shipper
	admin *admin.Server // nil when there is none

	journal *journalSource // nil when none is read
	syslogs []*syslogSource
	otlp    *otlpSource // nil when none is taken
}

// New checks a Config and returns a Collector for it.
func New(cfg Config) (*Collector, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("make collector: %w", err)
	}
	c := &Collector{cfg: cfg}
	ship := shipper.Config{
		Client: cfg.Client, Endpoint: cfg.Endpoint, Target: c.target, Format: cfg.Format, Follow: true, New: cfg.New,
		OpenFiles: cfg.OpenFiles, OpenDirs: cfg.OpenDirs, State: cfg.State, Once: cfg.Once, Hostname: cfg.Hostname, NoJoin: cfg.NoJoin,
		Wait: cfg.Wait, Grace: cfg.Grace, Notices: cfg.Notices, Progress: cfg.Progress,
	}
	for i := range cfg.Files {
		ship.Patterns = append(ship.Patterns, cfg.Files[i].Pattern)
	}
	if rule := cfg.Journal.Stream; rule != nil {
		c.journal = &journalSource{Journal: cfg.Journal, begin: cfg.New, streams: newStreams(rule, cfg.MaxStreams)}
		ship.Sources = append(ship.Sources, c.journal)
	}
	for _, of := range cfg.Syslog {
		source := &syslogSource{Syslog: of, streams: newStreams(of.Stream, cfg.MaxStreams), hostname: hostname(cfg.Hostname)}
		c.syslogs = append(c.syslogs, source)
		ship.Sources = append(ship.Sources, source)
	}
	if cfg.OTLP.GRPC != "" || cfg.OTLP.HTTP != "" {
		c.otlp = &otlpSource{OTLP: cfg.OTLP, open: cfg.Insecure, streams: newStreams(cfg.OTLP.Stream, cfg.MaxStreams), hostname: hostname(cfg.Hostname)}
		ship.Sources = append(ship.Sources, c.otlp)
	}
	var err error
	if c.ship, err = shipper.New(ship); err != nil {
		return nil, err
	}
	if cfg.Admin != "" {
		c.admin, err = admin.New(admin.Config{
			Addr: cfg.Admin, Metrics: admin.Registry(c.figures), Profile: cfg.Profile, Insecure: cfg.Insecure || cfg.AdminOpen, Logger: cfg.Logger,
		})
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// AdminAddr is the address of the endpoint for operators; "" when there is none.
func (c *Collector) AdminAddr() string { return c.admin.Addr() }

// SyslogAddrs are the addresses that are bound for Config.Syslog, in their order; ""
// is one that is not.
func (c *Collector) SyslogAddrs() (all []string) {
	for _, s := range c.syslogs {
		bound, _ := s.bound.Load().(string)
		all = append(all, bound)
	}
	return all
}

// OTLPAddrs are the addresses that are bound for Config.OTLP; "" is one that is not.
func (c *Collector) OTLPAddrs() (grpc, http string) {
	if c.otlp != nil {
		grpc, _ = c.otlp.grpcBound.Load().(string)
		http, _ = c.otlp.httpBound.Load().(string)
	}
	return grpc, http
}

// hostname is this machine's name, unless another is wanted.
func hostname(wanted string) string {
	if wanted != "" {
		return wanted
	}
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// Run collects until ctx ends, and everything is acknowledged. It closes the
// Client, and runs once. Its errors are those of shipper.Shipper.
func (c *Collector) Run(ctx context.Context) error {
	var serving sync.WaitGroup
	adminCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	serving.Go(func() { _ = c.admin.Run(adminCtx) })
	c.admin.SetReady(true)
	err := c.ship.Run(ctx)
	c.admin.SetReady(false)
	stop()
	serving.Wait()
	return err
}

// Summary returns what became of everything, once Run has returned.
func (c *Collector) Summary() *shipper.Summary { return c.ship.Summary() }
