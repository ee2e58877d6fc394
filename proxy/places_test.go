package proxy_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"sluice/internal/request"
	"sluice/internal/wait"
	"sluice/proxy"
	"sluice/proxy/tally"
)

// crowd opens connections that say nothing.
func crowd(t *testing.T, address string, n int) (list []net.Conn) {
	t.Helper()
	for range n {
		nc, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = nc.Close() })
		list = append(list, nc)
	}
	return list
}

// Beyond the limit on connections a proxy tells its health, and all others that there
// are too many, however many are silent. What is closed makes room again, also what was
// a session.
func TestBeyondTheLimitOnConnections(t *testing.T) {
	var log lines
	p := start(t, newFake(), func(c *proxy.Config) {
		c.MaxConnections, c.Logger = 3, log.logger()
	})
	s := get(t, p, "/api/logs/s", sse...)
	silent := crowd(t, p.Addr(), 200)
	wait.For(t, "refusals", func() bool { return p.Counts().Of(tally.Connections) > 100 })
	for range 20 {
		for _, path := range []string{"/healthz", "/readyz"} {
			if status, _ := request.Do(t, "GET", "http://"+p.Addr()+path); status != http.StatusOK {
				t.Fatalf("%s answers %d", path, status)
			}
		}
		status, body := request.Do(t, "GET", "http://"+p.Addr()+"/api/streams")
		if status != http.StatusServiceUnavailable || !strings.Contains(body, "as many connections") {
			t.Fatalf("a request beyond the limit gets %d %q", status, body)
		}
	}
	if n := len(log.with("as many connections as the proxy serves")); n != 1 {
		t.Errorf("the log says %d times that there are too many", n)
	}
	s.close()
	for _, nc := range silent {
		_ = nc.Close()
	}
	wait.For(t, "room", func() bool {
		status, _ := request.Do(t, "GET", "http://"+p.Addr()+"/api/streams")
		return status == http.StatusOK
	})
	for range 5 { // one after the other, each takes a place and gives it back
		s := get(t, p, "/api/logs/s", sse...)
		s.next("source")
		s.close()
		wait.For(t, "its end", func() bool { return p.Stats().Sessions == 0 })
		wait.For(t, "room after a session", func() bool {
			status, _ := request.Do(t, "GET", "http://"+p.Addr()+"/api/streams")
			return status == http.StatusOK
		})
	}
}

// Connections that ask for nothing, as browsers and whoever wants all places keep them,
// give way to new ones; those that are at work do not.
func TestIdleConnectionsGiveWay(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.MaxConnections = 12 })
	s := get(t, p, "/api/logs/s", sse...)
	s.next("source")
	var idle []net.Conn
	for range 40 {
		nc, status := rawGet(t, p.Addr(), [2]string{"/healthz", ""})
		if status != "200" {
			t.Fatal(status)
		}
		idle = append(idle, nc)
		if status, body := request.Do(t, "GET", "http://"+p.Addr()+"/api/streams"); status != http.StatusOK {
			t.Fatalf("beside %d idle ones: %d %s", len(idle), status, body)
		}
	}
	for range 20 {
		if status, _ := request.Do(t, "GET", "http://"+p.Addr()+"/api/streams"); status != http.StatusOK {
			t.Fatalf("later: %d", status)
		}
	}
	if n := p.Counts().Of(tally.Connections); n != 0 {
		t.Errorf("%d were refused", n)
	}
	p.stop()
	if got := s.next("end"); got == "" {
		t.Error("the session has no end")
	}
}

// So they do with TLS.
func TestIdleConnectionsGiveWayWithTLS(t *testing.T) {
	dir := t.TempDir()
	identity(t, dir+"/cert", dir+"/key", 1)
	p := start(t, newFake(), func(c *proxy.Config) { c.TLSCert, c.TLSKey, c.MaxConnections = dir+"/cert", dir+"/key", 12 })
	for i := range 40 {
		nc, err := tls.Dial("tcp", p.Addr(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if _, err := io.WriteString(nc, "GET /api/streams HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		head := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(nc, head); err != nil || string(head) != "HTTP/1.1 200" {
			t.Fatalf("beside %d idle ones: %q, %v", i, head, err)
		}
	}
}
