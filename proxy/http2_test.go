package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/stream"
	"sluice/internal/foreign"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
	"sluice/proxy/tally"
)

// multiplexed is a client whose requests all go over HTTP/2, on one connection.
type multiplexed struct {
	t     *testing.T
	p     *running
	cert  string // file
	tr    *http.Transport
	dials atomic.Int32
}

// startHTTP2 runs a proxy with TLS, and makes a client of it.
func startHTTP2(t *testing.T, f *fake, change func(*proxy.Config)) *multiplexed {
	t.Helper()
	return multiplex(t, func(secure func(*proxy.Config)) *running {
		return start(t, f, func(c *proxy.Config) {
			secure(c)
			if change != nil {
				change(c)
			}
		})
	})
}

// multiplex makes a client of a proxy that begin runs, once it is told to have TLS.
func multiplex(t *testing.T, begin func(secure func(*proxy.Config)) *running) *multiplexed {
	t.Helper()
	dir := t.TempDir()
	m := &multiplexed{t: t, cert: filepath.Join(dir, "cert")}
	pool := x509.NewCertPool()
	pool.AddCert(identity(t, m.cert, filepath.Join(dir, "key"), 1))
	m.p = begin(func(c *proxy.Config) { c.TLSCert, c.TLSKey = m.cert, filepath.Join(dir, "key") })
	m.tr = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			m.dials.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(m.tr.CloseIdleConnections)
	return m
}

// get asks for a path, as get does.
func (m *multiplexed) get(path string, header ...string) *reader {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+m.p.Addr()+path, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := m.tr.RoundTrip(req)
	if err != nil {
		cancel()
		m.t.Fatal(err)
	}
	if resp.ProtoMajor != 2 {
		m.t.Fatalf("it speaks %s", resp.Proto)
	}
	r := &reader{t: m.t, resp: resp, in: bufio.NewReader(resp.Body), stop: cancel}
	m.t.Cleanup(r.close)
	return r
}

// oneConnection fails the test unless all that was asked went over one.
func (m *multiplexed) oneConnection() {
	m.t.Helper()
	if n := m.dials.Load(); n != 1 {
		m.t.Errorf("the client has made %d connections", n)
	}
}

// Over one connection there are sessions of one and of several streams, as lines and as
// events, filtered, and watchers, and each gets its own; who comes back goes on.
func TestManySessionsOnOneConnection(t *testing.T) {
	t.Parallel()
	f := newFake()
	m := startHTTP2(t, f, nil)
	a := m.get("/api/logs/a", sse...)
	lines := m.get("/api/logs/a")
	both := m.get("/api/logs?stream=a&stream=b", sse...)
	filtered := m.get("/api/logs/b?grep=%20[13]%22", sse...)
	list := m.get("/api/streams?watch", sse...)
	a.next("source")
	list.event()
	for _, name := range []string{"a", "b"} {
		f.send(records(name, 9, 0, 4)...)
	}
	id := ""
	for seq := range uint64(4) {
		e := a.next("")
		if field(e, "data") != string(payload("a", seq)) {
			t.Errorf("record %d is %q", seq, e)
		}
		if seq == 1 {
			id = field(e, "id")
		}
		if line, err := lines.in.ReadString('\n'); err != nil || line != string(payload("a", seq))+"\n" {
			t.Errorf("line %d is %q, %v", seq, line, err)
		}
	}
	had := make(map[string]int)
	for range 8 {
		data := field(both.next(""), "data")
		for _, name := range []string{"a", "b"} {
			if strings.HasPrefix(data, `{"stream":"`+name+`","record":{`) {
				had[name]++
			}
		}
	}
	if had["a"] != 4 || had["b"] != 4 {
		t.Errorf("of both streams come %v", had)
	}
	for _, seq := range []uint64{1, 3} {
		if got := field(filtered.next(""), "data"); got != string(payload("b", seq)) {
			t.Errorf("filtered comes %s", got)
		}
	}
	again := m.get("/api/logs/a", "Accept", "text/event-stream", "Last-Event-ID", id)
	for _, seq := range []uint64{2, 3} {
		if got := field(again.next(""), "data"); got != string(payload("a", seq)) {
			t.Errorf("after the second record comes %s", got)
		}
	}
	m.oneConnection()
}

// A client that does not read one of its responses is cut off from that one alone, which
// is counted; what else it reads over the same connection neither waits nor ends.
func TestAStalledResponseBesideHealthyOnes(t *testing.T) {
	volume.Check(t)
	var log lines
	f := newFake()
	m := startHTTP2(t, f, func(c *proxy.Config) { c.WriteTimeout, c.Logger = 5*time.Second, log.logger() })
	stalled := m.get("/api/logs/big", sse...)
	stalled.next("source")
	healthy := []*reader{m.get("/api/logs/a", sse...), m.get("/api/logs?stream=a&stream=c", sse...)}
	for _, r := range healthy {
		r.next("source")
	}
	data := []byte(`{"msg":"` + strings.Repeat("x", 100<<10) + `"}`)
	seq := uint64(0)
	wait.For(t, "the stalled response to be cut", func() bool {
		for range 20 { // a client takes 4 MiB of a response before it is read
			f.send(stream.Record{Stream: "big", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: data})
			f.send(records("a", 9, seq, 1)...)
			for _, r := range healthy {
				if got := r.next(""); !strings.Contains(got, string(payload("a", seq))) {
					t.Fatalf("record %d is %q", seq, got)
				}
			}
			seq++
		}
		return m.p.Counts().Of(tally.Blocked) == 1
	})
	wait.For(t, "two sessions to be left", func() bool { return m.p.Stats().Sessions == 2 })
	if n := m.p.Stats().Blocked; n != 1 {
		t.Errorf("%d blocked sessions are counted", n)
	}
	if said := log.with("session ended"); len(said) != 1 || !strings.Contains(said[0], `reason="it took nothing for too long"`) {
		t.Errorf("it is logged as %q", said)
	}
	f.send(records("a", 9, seq, 1)...)
	for _, r := range healthy {
		r.next("")
	}
	m.oneConnection()
}

// A client that leaves one response goes on with the others; its session has ended.
func TestLeavingOneResponseOfAConnection(t *testing.T) {
	t.Parallel()
	f := newFake()
	m := startHTTP2(t, f, nil)
	var open []*reader
	for i := range 3 {
		r := m.get(fmt.Sprint("/api/logs/s", i), sse...)
		r.next("source")
		open = append(open, r)
	}
	open[1].close()
	wait.For(t, "its session to end", func() bool { return m.p.Stats().Sessions == 2 })
	for _, i := range []int{0, 2} {
		name := fmt.Sprint("s", i)
		f.send(records(name, 9, 0, 1)...)
		if got := open[i].next(""); !strings.Contains(got, name+" 0") {
			t.Errorf("of %s comes %q", name, got)
		}
	}
	m.oneConnection()
}

// Sessions are limited by their number, however few connections they take.
func TestLimitsCountSessionsAndNotConnections(t *testing.T) {
	t.Parallel()
	m := startHTTP2(t, newFake(), func(c *proxy.Config) { c.MaxAddressSessions, c.MaxConnections = 3, 1 })
	for i := range 3 {
		m.get(fmt.Sprint("/api/logs/s", i), sse...).next("source")
	}
	r := m.get("/api/logs/s3", sse...)
	if r.resp.StatusCode != http.StatusTooManyRequests || r.resp.Header.Get("Retry-After") == "" {
		t.Errorf("the fourth gets %s, %v", r.resp.Status, r.resp.Header)
	}
	if r := m.get("/healthz"); r.resp.StatusCode != http.StatusOK {
		t.Errorf("its health is %s", r.resp.Status)
	}
	m.oneConnection()
}

// A connection has 250 responses at a time; a client makes another one for more.
func TestHowManyResponsesAConnectionHas(t *testing.T) {
	t.Parallel()
	m := startHTTP2(t, newFake(), nil)
	for range 250 {
		m.get("/api/logs/s")
	}
	m.oneConnection()
	m.get("/api/logs/s")
	if n := m.dials.Load(); n != 2 {
		t.Errorf("for one more there are %d connections", n)
	}
}

// The end of a token ends what it opened on a connection, says so, and nothing else.
func TestATokensEndOverHTTP2(t *testing.T) {
	volume.Check(t)
	var k *keyed
	m := multiplex(t, func(secure func(*proxy.Config)) *running {
		k = startKeyed(t, []string{"tenant/acme"}, secure)
		return k.running
	})
	ask := func(path string, life time.Duration) *reader {
		return m.get(path, "Accept", "text/event-stream", "Authorization", "Bearer "+k.token(auth.Claims{Tenants: []string{"acme"}, Expires: time.Now().Add(life)}))
	}
	long := ask("/api/logs/tenant/acme", time.Hour)
	long.next("source")
	var short []*reader
	for _, path := range []string{"/api/logs/tenant/acme", "/api/logs?stream=tenant/*", "/api/streams?watch=changes"} {
		r := ask(path, time.Second)
		for life := 2 * time.Second; r.resp.StatusCode == http.StatusUnauthorized; life *= 2 {
			r = ask(path, life) // this machine is slow
		}
		short = append(short, r)
	}
	for i, r := range short {
		if got := r.next("end"); !strings.Contains(got, "token has expired") {
			t.Errorf("response %d ends with %q", i, got)
		}
		r.all() // it ends
	}
	k.fake.send(records("tenant/acme", 9, 50, 1)...)
	if got := long.next(""); !strings.Contains(got, "tenant/acme 50") {
		t.Errorf("the one that goes on gets %q", got)
	}
	m.oneConnection()
}

// At a shutdown every session of a connection is told, gets what there is, and the
// connection takes no more.
func TestAShutdownOverHTTP2(t *testing.T) {
	t.Parallel()
	f := newFake()
	m := startHTTP2(t, f, nil)
	var open []*reader
	for range 5 {
		r := m.get("/api/logs/s", sse...)
		r.next("source")
		open = append(open, r)
	}
	watch := m.get("/api/streams?watch", sse...)
	lines := m.get("/api/logs/s")
	f.send(records("s", 9, 0, 1)...)
	f.logged(t)
	m.p.stop()
	for _, r := range open {
		if got := r.next(""); !strings.Contains(got, "s 0") {
			t.Errorf("before the end comes %q", got)
		}
		if got := r.next("end"); !strings.Contains(got, "shutting down") {
			t.Errorf("the end is %q", got)
		}
		if rest := r.all(); rest != "" {
			t.Errorf("after the end comes %q", rest)
		}
	}
	watch.next("end")
	if text := lines.all(); !strings.HasPrefix(text, string(payload("s", 0))+"\n") {
		t.Errorf("the lines are %q", text)
	}
	m.oneConnection()
	req, err := http.NewRequest(http.MethodGet, "https://"+m.p.Addr()+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := m.tr.RoundTrip(req); err == nil {
		_ = resp.Body.Close()
		t.Errorf("after the end it answers %s", resp.Status)
	}
}

// curl reads several streams over HTTP/2, to the end that the proxy tells.
func TestCurlOverHTTP2(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "curl")
	f := newFake()
	m := startHTTP2(t, f, nil)
	_, port, _ := net.SplitHostPort(m.p.Addr())
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "curl", "-sSN", "--http2", "--cacert", m.cert, "-w", "HTTP/%{http_version}\n",
		"-H", "Accept: text/event-stream", "https://127.0.0.1:"+port+"/api/logs?"+url.Values{"stream": {"a", "b"}}.Encode())
	var errs bytes.Buffer
	cmd.Stderr = &errs
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, in: bufio.NewReader(stdout)}
	r.next("source")
	f.send(records("b", 9, 0, 1)...)
	if got := field(r.next(""), "data"); got != `{"stream":"b","record":`+string(payload("b", 0))+`}` {
		t.Errorf("it gets %s", got)
	}
	f.logged(t)
	m.p.stop()
	r.next("end")
	if rest := r.all(); rest != "HTTP/2\n" {
		t.Errorf("at the end it prints %q", rest)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("curl: %v, %s", err, errs.Bytes())
	}
}
