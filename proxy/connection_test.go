package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/request"
	"sluice/internal/wait"
	"sluice/proxy"
)

// A session ends as soon as its client has gone, although nothing is written to it.
func TestASessionEndsWithItsConnection(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	for _, header := range [][]string{sse, nil} {
		s := get(t, p, "/api/logs/s", header...)
		wait.For(t, "the session", func() bool { return p.Stats().Sessions == 1 })
		s.close()
		wait.For(t, "its end", func() bool { return p.Stats().Sessions == 0 })
	}
}

// What a client sends after its request neither ends its session, nor is an answer to
// it written into the stream.
func TestWhatAClientSendsLaterIsForNobody(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	nc, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(wait.Limit))
	again := fmt.Sprintf("GET /api/logs/s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", p.Addr())
	if _, err := io.WriteString(nc, again+again); err != nil { // pipelined
		t.Fatal(err)
	}
	in := bufio.NewReader(nc)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, resp: resp, in: bufio.NewReader(resp.Body), stop: func() {}}
	r.next("source")
	if _, err := io.WriteString(nc, strings.Repeat(again, 1000)); err != nil {
		t.Fatal(err)
	}
	f.send(records("s", 9, 0, 2)...)
	for seq := range uint64(2) {
		if got := field(r.next(""), "data"); got != string(payload("s", seq)) {
			t.Errorf("record %d is %q", seq, got)
		}
	}
	if n := p.Stats().Sessions; n != 1 {
		t.Errorf("%d sessions, want 1", n)
	}
}

// A response that the proxy ends is a whole one, and its connection is closed then.
func TestAResponseIsEndedWhole(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Grace = wait.Limit })
	s := get(t, p, "/api/logs/s", sse...)
	s.next("source")
	go p.stop()
	if rest := s.all(); !strings.HasSuffix(rest, "event: end\ndata: {\"reason\":\"the proxy is shutting down\"}\n\n") {
		t.Errorf("the response ends with %q", rest)
	}
	if !s.resp.Close {
		t.Error("the head of the response does not say that the connection is closed")
	}
}

// A proxy is ready once each of its consolidators was reached, or could not be.
func TestReadiness(t *testing.T) {
	f := newFake()
	f.states["vm-1"] = stream.StateConnecting
	p := start(t, f, withAdmin)
	p.StartAt(time.Now().Add(time.Hour)) // however long this test takes
	ready := func(address string) int {
		status, _ := request.Do(t, "GET", "http://"+address+"/readyz")
		return status
	}
	if a, b := ready(p.Addr()), ready(p.AdminAddr()); a != http.StatusServiceUnavailable || b != a {
		t.Errorf("while it connects: %d, and %d on the admin address", a, b)
	}
	f.become("vm-1", "vm-1", stream.StateLost)
	for _, address := range []string{p.Addr(), p.AdminAddr()} {
		wait.For(t, "readiness", func() bool { return ready(address) == http.StatusOK })
	}
	f.become("vm-1", "vm-1", stream.StateConnecting)
	f.logged(t)
	if status := ready(p.Addr()); status != http.StatusOK {
		t.Errorf("when it has lost its consolidators it answers %d", status)
	}
}

// Profiles are served when they are asked for, and on the admin address alone.
func TestProfiles(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.Admin, c.Profile = "127.0.0.1:0", true })
	if status, _ := request.Do(t, "GET", "http://"+p.AdminAddr()+"/debug/pprof/cmdline"); status != http.StatusOK {
		t.Errorf("the admin address answers %d", status)
	}
	for _, path := range []string{"/debug/pprof/cmdline", "/metrics"} {
		if status, _ := request.Do(t, "GET", "http://"+p.Addr()+path); status != http.StatusNotFound {
			t.Errorf("%s on the public address answers %d", path, status)
		}
	}
}
