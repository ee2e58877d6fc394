package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"sluice/cluster/loopback"
	"sluice/cluster/origin"
	"sluice/cluster/version"
	"sluice/cluster/zmtp"
)

// MaxConnections is how many connections one endpoint serves; more wait. A program
// keeps so many descriptors for it.
const MaxConnections = 64

// The bounds of the endpoint.
const (
	patience  = 2 * time.Second  // for a request to come
	longest   = 90 * time.Second // for an answer to be taken; a profile takes 30 s
	grace     = time.Second      // for answers under way when it ends
	maxHeader = 16 << 10
)

// Config says what a Server serves, and where.
type Config struct {
	Addr     string              // HOST:PORT; port 0 picks a free one
	Metrics  prometheus.Gatherer // served at /metrics, and which program this is
	Profile  bool                // /debug/pprof/ is served, too
	Insecure bool                // an address that other machines can reach is wanted
	Logger   *slog.Logger        // nil discards
}

// Server lets operators look into a process over HTTP. A nil *Server serves nothing;
// its methods may be called.
type Server struct {
	listener net.Listener
	http     *http.Server
	log      *slog.Logger
	ready    atomic.Bool
	running  sync.WaitGroup // requests
}

// New checks the configuration and binds the address.
func New(cfg Config) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	e, err := parse(cfg.Addr, cfg.Insecure)
	if err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", e.Address)
	if err != nil {
		return nil, fmt.Errorf("listen on admin address %q: %w: choose another with --admin, or --admin \"\" for none", cfg.Addr, err)
	}
	s := &Server{listener: netutil.LimitListener(ln, MaxConnections), log: cfg.Logger}
	s.http = &http.Server{
		Handler:           s.handler(cfg),
		ReadHeaderTimeout: patience,
		ReadTimeout:       patience,
		WriteTimeout:      longest,
		IdleTimeout:       patience,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// Check returns the error with which New would refuse an address, without binding
// it.
func Check(addr string, insecure bool) error {
	_, err := parse(addr, insecure)
	return err
}

func parse(addr string, insecure bool) (zmtp.Endpoint, error) {
	e, err := zmtp.ParseListen("tcp://" + addr)
	if err != nil {
		return e, fmt.Errorf("admin address %q: write HOST:PORT, as in 127.0.0.1:5553 (%w)", addr, err)
	}
	if !e.Local() && !insecure {
		return e, fmt.Errorf("admin address %q can be reached from other machines, and has no passwords: use a loopback address, or say --admin-insecure", addr)
	}
	return e, nil
}

func (s *Server) handler(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(prometheus.Gatherers{cfg.Metrics, buildInfo()}, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alive\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.ready.Load() {
			http.Error(w, "not ready: it is starting or leaving", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	if cfg.Profile {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.running.Add(1)
		defer s.running.Done()
		if !cfg.Insecure && !loopback.Host(r.Host) {
			http.Error(w, "the Host of the request is no loopback name: ask 127.0.0.1, or start with --admin-insecure", http.StatusForbidden)
			return
		}
		if origin.Foreign(r) && !origin.Visit(r) {
			http.Error(w, "a page of another origin asks, which has no business here", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// buildInfo is a metric that says which program this is.
func buildInfo() prometheus.Gatherer {
	r := prometheus.NewRegistry()
	v := version.Get()
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "sluice_build_info",
		Help:        "Always 1; which program this is.",
		ConstLabels: prometheus.Labels{"version": v.Version, "commit": v.Commit, "goversion": runtime.Version()},
	}, func() float64 { return 1 }))
	return r
}

// Run serves until ctx ends, and returns nil then; all requests have ended.
func (s *Server) Run(ctx context.Context) error {
	if s == nil {
		<-ctx.Done()
		return nil
	}
	// The end reaches a request that takes a profile.
	s.http.BaseContext = func(net.Listener) context.Context { return ctx }
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("serve admin", "error", err)
		}
	})
	<-ctx.Done()
	late, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if s.http.Shutdown(late) != nil {
		s.http.Close()
	}
	serving.Wait()
	s.running.Wait()
	return nil
}

// Addr is the address that was bound; "" for a nil Server.
func (s *Server) Addr() string {
	if s == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// SetReady says what /readyz answers: not ready until it was called with true.
func (s *Server) SetReady(ready bool) {
	if s != nil {
		s.ready.Store(ready)
	}
}

// Close gives the address back, for a Server that is not going to Run.
func (s *Server) Close() {
	if s != nil {
		s.listener.Close()
	}
}
