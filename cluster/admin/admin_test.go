package admin_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/cluster/admin"
	"sluice/internal/request"
	"sluice/internal/wait"
)

func serve(t *testing.T, profile bool) (s *admin.Server, stop func()) {
	t.Helper()
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "answer"}, func() float64 { return 42 }))
	s, err := admin.New(admin.Config{Addr: "127.0.0.1:0", Metrics: metrics, Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	return s, wait.Run(t, s.Run)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, profile := range []bool{false, true} {
		s, _ := serve(t, profile)
		profiled := http.StatusNotFound
		if profile {
			profiled = http.StatusOK
		}
		for _, c := range []struct {
			method, path string
			status       int
			body         string
		}{
			{"GET", "/healthz", 200, "alive"},
			{"GET", "/readyz", 503, "not ready"},
			{"GET", "/metrics", 200, "answer 42"},
			{"GET", "/metrics", 200, `sluice_build_info{commit="`},
			{"POST", "/metrics", 405, ""},
			{"GET", "/", 404, ""},
			{"GET", "/debug/pprof/", profiled, ""},
			{"GET", "/debug/pprof/cmdline", profiled, ""},
		} {
			if status, body := request.Do(t, c.method, "http://"+s.Addr()+c.path); status != c.status || !strings.Contains(body, c.body) {
				t.Errorf("profile %t, %s %s: %d %q, want %d with %q", profile, c.method, c.path, status, body, c.status, c.body)
			}
		}
		s.SetReady(true)
		if status, body := request.Do(t, "GET", "http://"+s.Addr()+"/readyz"); status != 200 || body != "ready\n" {
			t.Errorf("once it is ready: %d %q", status, body)
		}
	}
}

func TestAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		"": "HOST:PORT", "127.0.0.1": "HOST:PORT", "0.0.0.0:0": "--admin-insecure", ":0": "--admin-insecure", "192.0.2.1:0": "--admin-insecure",
	} {
		if _, err := admin.New(admin.Config{Addr: addr}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", addr, err, want)
		}
	}
}

// Without a server nothing is served, and whoever has none need not ask.
func TestNone(t *testing.T) {
	var s *admin.Server
	s.SetReady(true)
	if s.Addr() != "" {
		t.Errorf("it is at %q", s.Addr())
	}
	s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil {
		t.Error(err)
	}
}

// Silent peers keep nobody out for long.
func TestSilentPeers(t *testing.T) {
	t.Parallel()
	s, stop := serve(t, false)
	for range 300 {
		nc, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
	}
	if status, _ := request.Do(t, "GET", "http://"+s.Addr()+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d", status)
	}
	stop()
}
