package consolidator_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/consolidator"
	"sluice/internal/figures"
	"sluice/internal/request"
	"sluice/internal/wait"
)

const anyPort = "127.0.0.1:0"

// scrape is what /metrics says, by name and labels as they are written there.
func scrape(t testing.TB, c *consolidator.Consolidator) map[string]float64 {
	t.Helper()
	return figures.Of(t, c.AdminAddr(), namespace)
}

func TestAdmin(t *testing.T) {
	plain, _ := start(t, consolidator.Config{Admin: anyPort})
	profiled, _ := start(t, consolidator.Config{Admin: anyPort, Profile: true})
	wait.For(t, "readiness", func() bool {
		a, _ := request.Do(t, "GET", "http://"+plain.AdminAddr()+"/readyz")
		b, _ := request.Do(t, "GET", "http://"+profiled.AdminAddr()+"/readyz")
		return a == http.StatusOK && b == http.StatusOK
	})
	for _, c := range []struct {
		method, path  string
		plain, status int
		body          string
	}{
		{"GET", "/healthz", 200, 200, "alive"},
		{"GET", "/metrics", 200, 200, `sluice_consolidator_info{name="vm-1"} 1`},
		{"GET", "/metrics", 200, 200, "go_goroutines "},
		{"GET", "/metrics", 200, 200, "process_open_fds "},
		{"POST", "/metrics", 405, 405, ""},
		{"GET", "/", 404, 404, ""},
		{"GET", "/debug/pprof/", 404, 200, "goroutine"},
		{"GET", "/debug/pprof/heap?debug=1", 404, 200, "heap profile"},
		{"GET", "/debug/pprof/cmdline", 404, 200, ""},
		{"POST", "/debug/pprof/symbol", 404, 200, ""},
	} {
		if status, _ := request.Do(t, c.method, "http://"+plain.AdminAddr()+c.path); status != c.plain {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, status, c.plain)
		}
		status, body := request.Do(t, c.method, "http://"+profiled.AdminAddr()+c.path)
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s: %d %q, want %d with %q", c.method, c.path, status, body, c.status, c.body)
		}
	}
}

// Without an address nothing is listened on, and a busy one lets go of all that
// was bound before it.
func TestAdminAddress(t *testing.T) {
	none, _ := start(t, consolidator.Config{})
	if addr := none.AdminAddr(); addr != "" {
		t.Errorf("serves on %q", addr)
	}
	taken, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	busy := consolidator.Config{Publish: []string{"tcp://" + free(t)}, Subscribe: []string{"tcp://" + free(t)}, Admin: taken.Addr().String(), Name: "vm-1"}
	if _, err := consolidator.New(busy); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a busy port: %v", err)
	}
	for _, e := range []string{busy.Publish[0], busy.Subscribe[0]} {
		ln, err := net.Listen("tcp", strings.TrimPrefix(e, "tcp://"))
		if err != nil {
			t.Errorf("an endpoint is still bound: %v", err)
			continue
		}
		ln.Close()
	}
	for _, admin := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		_, err := consolidator.New(consolidator.Config{Publish: []string{"tcp://" + anyPort}, Subscribe: []string{"tcp://" + anyPort}, Admin: admin})
		if err == nil || !strings.Contains(err.Error(), "--admin-insecure") {
			t.Errorf("%s: %v", admin, err)
		}
	}
	everywhere, _ := start(t, consolidator.Config{Admin: ":0", Insecure: true})
	if everywhere.AdminAddr() == "" {
		t.Error("does not serve beyond this machine when it is told to")
	}
}

// The admin address alone may be one that other machines reach: it answers by whatever
// name it is called, and the endpoints stay those of this machine.
func TestAdminOpen(t *testing.T) {
	c, _ := start(t, consolidator.Config{Admin: ":0", AdminOpen: true})
	_, port, err := net.SplitHostPort(c.AdminAddr())
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "vm-1.example:" + port
	wait.For(t, "readiness", func() bool {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	_, err = consolidator.New(consolidator.Config{Publish: []string{"tcp://*:0"}, Subscribe: []string{"tcp://" + anyPort}, AdminOpen: true})
	if err == nil || !strings.Contains(err.Error(), "--insecure") {
		t.Errorf("an endpoint that other machines reach: %v", err)
	}
}

// free is an address that nobody listens on.
func free(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// While it leaves, it is alive and not ready.
func TestReadyUntilLeaving(t *testing.T) {
	c, stop := start(t, consolidator.Config{Admin: anyPort, Grace: time.Minute})
	wait.For(t, "readiness", func() bool {
		status, _ := request.Do(t, "GET", "http://"+c.AdminAddr()+"/readyz")
		return status == http.StatusOK
	})
	p := publish(t, c.PublishAddrs()[0]) // it goes on: its connection stays open
	wait.For(t, "the publisher", func() bool { return scrape(t, c)[`connections{kind="publisher"}`] == 1 })
	stopped := make(chan struct{})
	go func() { defer close(stopped); stop() }()
	wait.For(t, "the end of readiness", func() bool {
		status, body := request.Do(t, "GET", "http://"+c.AdminAddr()+"/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "leaving")
	})
	if status, _ := request.Do(t, "GET", "http://"+c.AdminAddr()+"/healthz"); status != http.StatusOK {
		t.Errorf("/healthz answers %d while leaving", status)
	}
	p.Close()
	<-stopped
	if _, err := net.Dial("tcp", c.AdminAddr()); err == nil {
		t.Error("somebody listens at the admin address after the end")
	}
}
