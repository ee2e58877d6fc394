package proxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
)

// large repeats what make returns for 0, 1, …, up to 60 KB.
func large(make func(i int) string) string {
	var b strings.Builder
	for i := 0; ; i++ {
		s := make(i)
		if b.Len()+len(s) > 60_000 {
			return b.String()
		}
		b.WriteString(s)
	}
}

// largeRequests are requests of about 64 KB: the path and query, and more headers.
func largeRequests() map[string][2]string {
	number := func(i int) string { return strconv.FormatInt(int64(i), 36) }
	return map[string][2]string{
		"4,096 positions": {"/api/logs/s", "Sluice-Positions: " + strings.Join(slices.Collect(func(yield func(string) bool) {
			for i := range int64(4096) {
				if !yield("vm-" + number(int(i)) + ":1:1") {
					return
				}
			}
		}), ",") + "\r\n"},
		"more positions":       {"/api/logs/s", "Sluice-Positions: " + large(func(i int) string { return number(i+1296) + ":1:1," }) + "\r\n"},
		"long positions":       {"/api/logs/s", "Sluice-Positions: " + large(func(i int) string { return number(i) + strings.Repeat("n", 200) + ":1:1," }) + "\r\n"},
		"an id":                {"/api/logs/s", "Last-Event-ID: " + strings.Repeat("a.", 30_000) + "\r\n"},
		"an id in the query":   {"/api/logs/s?lastEventId=" + strings.Repeat("a.", 30_000), ""},
		"many fields":          {"/api/logs/s", large(func(i int) string { return "h" + number(i) + ": v\r\n" })},
		"one field many times": {"/api/logs/s", large(func(int) string { return "h:v\r\n" })},
		"a long field":         {"/api/logs/s", "Traceparent: " + strings.Repeat("x", 60_000) + "\r\n"},
		"accept":               {"/api/logs/s", "Accept: " + large(func(i int) string { return "a/" + number(i) + "," }) + "\r\n"},
		"a name":               {"/api/logs/" + strings.Repeat("n", 60_000), ""},
		"an escaped name":      {"/api/logs/" + strings.Repeat("%6E", 20_000), ""},
		"streams":              {"/api/logs?stream=s" + large(func(i int) string { return "&stream=" + number(i) }), ""},
		"one stream":           {"/api/logs?stream=s" + large(func(int) string { return "&stream=s" }), ""},
		"64 patterns":          {"/api/logs?stream=s" + strings.Repeat("&stream="+strings.Repeat("*a", 127), 63), ""},
		"fields":               {"/api/logs/s?" + large(func(i int) string { return "field=" + number(i) + "=v&" }), ""},
		"large fields":         {"/api/logs/s?" + strings.Repeat("field=f="+strings.Repeat("%25", 300)+"&", 60), ""},
		"where":                {"/api/logs/s?where=" + large(func(i int) string { return "f" + number(i) + "=v+" }), ""},
		"an expression":        {"/api/logs/s?grep=" + strings.Repeat("(a", 450) + strings.Repeat(")", 450), ""},
		"unknown parameters":   {"/api/logs/s?" + large(func(i int) string { return number(i) + "=v&" }), ""},
		"a consolidator":       {"/api/logs/s?from-vm=" + strings.Repeat("v", 60_000), ""},
		"max":                  {"/api/logs/s?max=" + strings.Repeat("9", 60_000), ""},
		"a key":                {"/api/logs/s?key=" + strings.Repeat("k", 60_000), ""},
		"a prefix":             {"/api/streams?watch&prefix=" + strings.Repeat("p", 60_000), ""},
	}
}

// rawGet sends a request, maybe with a body, and returns its connection when the head of
// the answer is there.
func rawGet(t *testing.T, address string, request [2]string, body ...string) (nc net.Conn, status string) {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(wait.Limit))
	if _, err := fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n%s", request[0], address, request[1], strings.Join(body, "")); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(nc, head); err != nil {
		t.Fatal(err)
	}
	return nc, string(head[len("HTTP/1.1 "):])
}

// inUse is the memory that this process holds.
func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what pools held
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// holdsAtMost waits until this process holds no more than that.
func holdsAtMost(t *testing.T, what string, most int64) {
	t.Helper()
	wait.For(t, what+" to cost no more", func() bool { return inUse() <= most })
}

const (
	mostHeld = 100_000 // bytes that a request of 64 KB makes the proxy hold
	mostCPU  = 50 * time.Millisecond
)

// No request of 64 KB makes the proxy hold more than 100 KB, or work for 50 ms. There
// is a consolidator that it has not reached, of which it knows nothing.
func TestWhatALargeRequestCosts(t *testing.T) {
	const n = 10
	f := newFake()
	f.states["127.0.0.1:1"] = stream.StateConnecting
	p := start(t, f, nil)
	rawGet(t, p.Addr(), [2]string{"/api/logs/s", ""})
	wait.For(t, "a session", func() bool { return p.Stats().Sessions == 1 })
	for name, request := range largeRequests() {
		var open []net.Conn
		before, least := inUse(), time.Hour
		status := ""
		for range n {
			began := usedCPU()
			var nc net.Conn
			nc, status = rawGet(t, p.Addr(), request)
			open = append(open, nc)
			least = min(least, usedCPU()-began)
		}
		holdsAtMost(t, name+", answered with "+status, before+n*mostHeld)
		if least > mostCPU && !wait.Race {
			t.Errorf("%s: one takes %s", name, least)
		}
		for _, nc := range open {
			_ = nc.Close()
		}
		wait.For(t, "their ends", func() bool { return p.Stats().Sessions == 1 })
	}
}

// Nor does one of HTTP/2, which goes on beside its session. Its client is in this
// process, and holds twice as much.
func TestWhatALargeRequestCostsOverHTTP2(t *testing.T) {
	const n = 10
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	c := identity(t, cert, key, 1)
	p := start(t, newFake(), func(c *proxy.Config) { c.TLSCert, c.TLSKey = cert, key })
	client := secured(t, c, true)
	ask := func(request [2]string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+p.Addr()+request[0], nil)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(request[1], "\r\n"), "\r\n") {
			if name, value, ok := strings.Cut(line, ":"); ok {
				req.Header.Add(name, strings.TrimSpace(value))
			}
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil // its headers are too much
		}
		return resp
	}
	first := ask([2]string{"/api/logs/s", ""})
	if first == nil || first.ProtoMajor != 2 {
		t.Fatalf("the answer is %+v", first)
	}
	defer first.Body.Close()
	for name, request := range largeRequests() {
		var open []*http.Response
		before := inUse()
		for range n {
			if resp := ask(request); resp != nil {
				open = append(open, resp)
			}
		}
		holdsAtMost(t, name, before+3*n*mostHeld)
		for _, resp := range open {
			_ = resp.Body.Close()
		}
		wait.For(t, "the ends of "+name, func() bool { return p.Stats().Sessions == 1 })
	}
}

// A watcher that stops reading in the middle of a long list holds a piece of it, and not
// the list, however many tokens there are.
func TestWhatAStalledWatcherOfALongListHolds(t *testing.T) {
	volume.Check(t)
	const n, streams = 20, 12_000
	k := startKeyed(t, nil, func(c *proxy.Config) { c.WriteTimeout, c.MaxTenantSessions = time.Hour, -1 })
	for i := range streams {
		k.fake.live = append(k.fake.live, stream.Live{Name: fmt.Sprintf("tenant/%0240d", i), Rate: 1})
	}
	request := [2]string{"/api/streams?watch", "Authorization: Bearer " + k.token(auth.Claims{Tenants: []string{"/.*/"}}) + "\r\n"}
	begin := func() {
		nc, status := rawGet(t, k.Addr(), request)
		if _, err := io.CopyN(io.Discard, nc, 300<<10); err != nil || status != "200" {
			t.Fatalf("status %s, %v", status, err)
		}
	}
	begin() // the list is there
	before := inUse()
	for range n {
		begin()
	}
	holdsAtMost(t, "a stalled watcher", before+n*(700<<10)) // the list has 3.6 MB
}
