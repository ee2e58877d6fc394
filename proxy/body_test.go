package proxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/internal/wait"
	"sluice/proxy"
	"sluice/proxy/tally"
)

// A body is for nobody: one that is short is passed over, and the answer is as it is
// without one.
func TestAShortBodyChangesNothing(t *testing.T) {
	p := start(t, newFake(), nil)
	for _, body := range []string{"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Content-Length: 0\r\n\r\n"} {
		head, rest, _ := strings.Cut(body, "\r\n\r\n")
		for _, path := range []string{"/healthz", "/api/streams?watch", "/api/logs/s"} {
			nc, status := rawGet(t, p.Addr(), [2]string{path, head + "\r\n"}, rest)
			if status != "200" {
				t.Errorf("%s with %q: %s", path, body, status)
			}
			_ = nc.Close()
		}
		wait.For(t, "the sessions' ends", func() bool { return p.Stats().Sessions == 0 })
	}
}

// Nothing that follows a body is a request, wherever who sends it believes that it ends.
func TestNothingFollowsABody(t *testing.T) {
	p := start(t, newFake(), nil)
	const next = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for _, body := range []string{
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Content-Length: 1\r\n\r\n0",
	} {
		nc, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if _, err := io.WriteString(nc, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"+body+next); err != nil {
			t.Fatal(err)
		}
		_ = nc.SetReadDeadline(time.Now().Add(wait.Limit))
		if answers, _ := io.ReadAll(nc); strings.Count(string(answers), "HTTP/1.1 ") != 1 || !strings.Contains(string(answers), "alive") {
			t.Errorf("%q: %q", body, answers)
		}
	}
}

// One that does not come, or is large, holds a connection no longer than a reader may
// block, whatever is asked for.
func TestABodyIsNotWaitedForWithoutEnd(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.WriteTimeout = time.Second })
	var open []net.Conn
	for _, header := range []string{"Content-Length: 5", "Transfer-Encoding: chunked", "Content-Length: 100000", "Content-Length: 999999999999"} {
		for _, path := range []string{"/healthz", "/nowhere", "/api/streams?watch", "/api/logs/s", "/api/logs/s?last=x"} {
			nc, err := net.Dial("tcp", p.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if _, err := fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", path, p.Addr(), header); err != nil {
				t.Fatal(err)
			}
			open = append(open, nc)
		}
	}
	for i, nc := range open {
		_ = nc.SetReadDeadline(time.Now().Add(wait.Limit))
		if answer, err := io.ReadAll(nc); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
			t.Errorf("answer %d: %q, %v", i, answer, err)
		}
	}
	if n := p.Counts().Of(tally.BadRequest); n != uint64(len(open)) {
		t.Errorf("%d of %d are counted", n, len(open))
	}
}

func TestABodyOverHTTP2(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	c := identity(t, cert, key, 1)
	p := start(t, newFake(), func(c *proxy.Config) { c.TLSCert, c.TLSKey = cert, key })
	client := secured(t, c, true)
	for size, want := range map[int]int{5: http.StatusOK, 1 << 20: http.StatusBadRequest} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.Addr()+"/api/logs/s", strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.ProtoMajor != 2 || resp.StatusCode != want {
			t.Errorf("%d bytes: %s %d, want %d", size, resp.Proto, resp.StatusCode, want)
		}
	}
}
