package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/cluster/admin"
	"sluice/cluster/publish"
	"sluice/cluster/rescue"
)

// DefaultAdmin is where the admin endpoint listens.
const DefaultAdmin = "127.0.0.1:5556"

// Config is what the archive is made of.
type Config struct {
	// Archive is what is read, and how it is written. Its Engine is set by the service.
	Archive archive.Config
	// Engine is where it is kept.
	Engine engine.Config

	// Admin is the address of the admin endpoint; empty is none. Profile serves profiles
	// there, too; AdminOpen lets it be one that other machines reach.
	Admin              string
	Profile, AdminOpen bool

	// Publish is where the record of the archive's state is published. An Endpoint that is
	// empty is none. Its Shed and Logger are set by the service.
	Publish publish.Config

	// Ready is called once the store is open and serves readers. nil is not called.
	Ready func()
	// Logger takes what happens. nil discards.
	Logger *slog.Logger
}

// Service is an archive that can be run.
type Service struct {
	cfg    Config
	log    *slog.Logger
	admin  *admin.Server
	engine atomic.Pointer[engine.Engine]
	writer atomic.Pointer[archive.Archive]

	mu    sync.Mutex
	held  engine.State // as it was asked for last
	asked error        // why it could not be
}

// New checks the configuration, and binds the admin address.
func New(cfg Config) (*Service, error) {
	s := &Service{cfg: cfg, log: cfg.Logger}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.cfg.Engine.Log, s.cfg.Archive.Logger = s.log, s.log
	if err := s.cfg.Engine.Check(); err != nil {
		return nil, err
	}
	if cfg.Admin != "" {
		var err error
		s.admin, err = admin.New(admin.Config{
			Addr: cfg.Admin, Profile: cfg.Profile, Insecure: cfg.AdminOpen, Logger: s.log, Metrics: admin.Registry(s.figures),
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// AdminAddr is the address of the admin endpoint; "" when there is none.
func (s *Service) AdminAddr() string { return s.admin.Addr() }

// Addr is where readers find the archive: the URL of the embedded server, or those that were
// given. It is known once Ready was called.
func (s *Service) Addr() string {
	e := s.engine.Load()
	switch {
	case e == nil:
		return ""
	case e.Addr() == "":
		return e.Where()
	}
	return "nats://" + e.Addr()
}

// Run archives until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	return rescue.Beside(ctx, "archive", s.admin.Run, s.run)
}

func (s *Service) run(ctx context.Context) (err error) {
	began := time.Now()
	e, err := engine.Open(ctx, s.cfg.Engine)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	s.engine.Store(e)
	config := s.cfg.Archive
	config.Engine = e
	writer, err := archive.New(config)
	if err != nil {
		return err
	}
	s.writer.Store(writer)
	s.ask(ctx)
	s.log.Info("archive ready", "listen", s.Addr(), "admin", s.AdminAddr(), "opened_in", time.Since(began).Round(time.Millisecond), "keep", cmp.Or(s.cfg.Engine.Keep.String(), "everything"), "holds", s.holds())
	if held, _ := s.now(); held.Damaged > 0 {
		s.log.Error("archive: part of the store is damaged, and is given up; where records are missing, readers are told", "bytes", held.Damaged)
	}
	s.admin.SetReady(true)
	if s.cfg.Ready != nil {
		s.cfg.Ready()
	}
	defer s.admin.SetReady(false)
	return rescue.Beside(ctx, "watch the archive", s.watch, writer.Run)
}

// askEvery is how often it is asked what is held, and reportEvery how often the archive's
// state is published.
const (
	askEvery    = time.Second
	reportEvery = 5 * time.Second
)

// watch keeps an eye on the store, and publishes how things stand.
func (s *Service) watch(ctx context.Context) error {
	var r *reporter
	if s.cfg.Publish.Endpoint != "" {
		var err error
		if r, err = newReporter(s.cfg.Publish); err != nil {
			return fmt.Errorf("publish the archive's state: %w", err)
		}
		defer r.close()
	}
	ask, report := time.NewTicker(askEvery), time.NewTicker(reportEvery)
	defer ask.Stop()
	defer report.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ask.C:
			s.ask(ctx)
			s.admin.SetReady(s.trouble() == "")
		case now := <-report.C:
			if r != nil {
				r.publish(ctx, now, s)
			}
		}
	}
}

// ask asks what is held.
func (s *Service) ask(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*askEvery)
	defer cancel()
	held, err := s.engine.Load().State(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = err
	if err == nil {
		s.held = held
	}
}

// now is what is held, as far as that is known, and why it is not.
func (s *Service) now() (engine.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held, s.asked
}

// holds is what is held, for the log.
func (s *Service) holds() string {
	held, err := s.now()
	switch {
	case err != nil:
		return "unknown"
	case held.Messages == 0:
		return "nothing"
	}
	return fmt.Sprintf("%d batches of %d streams, %d bytes, since %s", held.Messages, held.Subjects, held.Bytes, held.First.Stored.UTC().Format(time.RFC3339))
}

// trouble is why the store takes nothing; empty while it does.
func (s *Service) trouble() string {
	if w := s.writer.Load(); w != nil {
		if f := w.Figures(); f.Trouble != "" {
			return f.Trouble
		}
	}
	if _, err := s.now(); err != nil {
		return err.Error()
	}
	return ""
}
