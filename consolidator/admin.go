package consolidator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"sluice/cluster/zmtp"
)

// DefaultAdmin is where a consolidator's command serves what admin serves.
const DefaultAdmin = "127.0.0.1:5553"

// The bounds of the admin endpoint.
const (
	maxAdmin       = 256              // connections; more wait
	adminPatience  = 2 * time.Second  // for a request to come
	adminLongest   = 90 * time.Second // for an answer to be taken; a profile takes 30 s
	adminGrace     = time.Second      // for answers under way when it ends
	maxAdminHeader = 16 << 10
)

// admin lets operators look in from outside, over HTTP.
type admin struct {
	ln      net.Listener
	server  *http.Server
	log     *slog.Logger
	ready   atomic.Bool // the consolidator runs, and is not leaving
	running sync.WaitGroup
}

// newAdmin binds the address. It returns nil when none is wanted.
func newAdmin(cfg *Config, m *metrics, log *slog.Logger) (*admin, error) {
	if cfg.Admin == "" {
		return nil, nil
	}
	e, err := zmtp.ParseEndpoint("tcp://" + cfg.Admin)
	if err != nil {
		return nil, fmt.Errorf("admin address %q: write HOST:PORT", cfg.Admin)
	}
	if !e.Local() && !cfg.Insecure {
		return nil, fmt.Errorf("admin address %q can be reached from other machines, and asks nobody who they are: use a loopback address, or say --insecure", cfg.Admin)
	}
	ln, err := net.Listen("tcp", e.Address)
	if err != nil {
		return nil, fmt.Errorf("listen on admin address %q: %w: choose another with --admin, or --admin \"\" for none", cfg.Admin, err)
	}
	a := &admin{ln: netutil.LimitListener(ln, maxAdmin), log: log}
	a.server = &http.Server{
		Handler:           a.handler(cfg.Profile, m),
		ReadHeaderTimeout: adminPatience,
		ReadTimeout:       adminPatience,
		WriteTimeout:      adminLongest,
		IdleTimeout:       adminPatience,
		MaxHeaderBytes:    maxAdminHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return a, nil
}

func (a *admin) handler(profile bool, m *metrics) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry(), promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alive\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !a.ready.Load() {
			http.Error(w, "not ready: it is starting or leaving", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	if profile {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.running.Add(1)
		defer a.running.Done()
		mux.ServeHTTP(w, r)
	})
}

// run serves until ctx ends.
func (a *admin) run(ctx context.Context) {
	// Whoever takes a profile is told to end it.
	a.server.BaseContext = func(net.Listener) context.Context { return ctx }
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := a.server.Serve(a.ln); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("serve admin", "error", err)
		}
	})
	<-ctx.Done()
	late, cancel := context.WithTimeout(context.Background(), adminGrace)
	defer cancel()
	if a.server.Shutdown(late) != nil {
		a.server.Close()
	}
	serving.Wait()
	a.running.Wait()
}

func (a *admin) addr() string { return a.ln.Addr().String() }

func (a *admin) setReady(yes bool) {
	if a != nil {
		a.ready.Store(yes)
	}
}

func (a *admin) close() {
	if a != nil {
		a.ln.Close()
	}
}
