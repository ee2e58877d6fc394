package proxy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

// changing is a source whose streams have another rate each time.
type changing struct {
	*fake
	streams int
	asked   int
}

func (c *changing) Streams() []stream.Live {
	c.asked++
	list := make([]stream.Live, c.streams)
	for i := range list {
		list[i] = stream.Live{Name: fmt.Sprintf("tenant/%0240d", i), Rate: float64(1 + c.asked%2), Bytes: 1, Records: 1, Sources: 1}
	}
	return list
}

// counter is a response of which the bytes are counted.
type counter struct {
	header http.Header
	bytes  atomic.Int64
}

func (c *counter) Header() http.Header              { return c.header }
func (c *counter) WriteHeader(int)                  {}
func (c *counter) Flush()                           {}
func (c *counter) SetWriteDeadline(time.Time) error { return nil }

func (c *counter) Write(b []byte) (int, error) {
	c.bytes.Add(int64(len(b)))
	return len(b), nil
}

// However long the list and however much of it changes, a watcher is sent 512 KiB a
// second at most, the first list apart; and not much less while there is more to tell.
func TestAWatcherIsSentNoMoreThanItMay(t *testing.T) {
	t.Parallel()
	const seconds, bound = 10, 512 << 10
	for _, query := range []string{"watch", "watch=changes"} {
		synctest.Test(t, func(t *testing.T) {
			f := &changing{fake: newFake(), streams: 2_400}
			p, err := proxy.New(proxy.Config{
				Listen: "127.0.0.1:0", Heartbeat: time.Hour, Lifetime: -1,
				Open: func(time.Duration) (proxy.Source, error) { return f, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { // Run alone closes it
				ended, cancel := context.WithCancel(t.Context())
				cancel()
				_ = p.Run(ended)
			}()
			ctx, cancel := context.WithCancel(t.Context())
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1/api/streams?"+query, nil)
			r.ProtoMajor = 2
			w := &counter{header: make(http.Header)}
			served := make(chan struct{})
			go func() {
				defer close(served)
				p.Serve(w, r)
			}()
			synctest.Wait()
			first := w.bytes.Load()
			time.Sleep(seconds * time.Second)
			synctest.Wait()
			sent := w.bytes.Load() - first
			cancel()
			<-served
			t.Logf("%s: %d bytes at first, then %d a second", query, first, sent/seconds)
			if first < bound || sent > seconds*bound+first || sent < seconds*bound/2 {
				t.Errorf("%s: %d bytes in %d s, after %d", query, sent, seconds, first)
			}
		})
	}
}

// Differences come over HTTP as they are described: the list, what has changed, what has
// gone; as lines and as events, of a page too.
func TestDifferencesOfTheListOfStreams(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.become("vm-1", "vm-1", stream.StateLive)
	set := func(names ...string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.live = nil
		for _, name := range names {
			f.live = append(f.live, stream.Live{Name: name, Rate: 2, Bytes: 3, Records: 4, Sources: 1})
		}
	}
	set("a", "b", "c")
	p := start(t, f, nil)
	lines := get(t, p, "/api/streams?watch=changes")
	events := get(t, p, "/api/streams?watch=changes", sse...)
	page := get(t, p, "/api/streams?watch=changes&limit=2", sse...)
	one := func(name string) string {
		return `{"name":"` + name + `","rate":2,"bytes":3,"records":4,"sources":1}`
	}
	line := func() string {
		t.Helper()
		s, err := lines.in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	list := `{"all":true,"changed":[` + one("a") + "," + one("b") + "," + one("c") + "]}\n"
	if got := line(); got != list {
		t.Errorf("the first line is %s", got)
	}
	if got := events.event(); got != "data: "+list+"\n" {
		t.Errorf("the first event is %s", got)
	}
	if got := field(page.event(), "data"); got != `{"all":true,"changed":[`+one("a")+","+one("b")+`],"next":"b"}` {
		t.Errorf("the page is %s", got)
	}
	set("b", "c", "d")
	want := `{"changed":[` + one("d") + `],"gone":["a"]}`
	if got := line(); got != want+"\n" {
		t.Errorf("the next line is %s", got)
	}
	if got := field(events.event(), "data"); got != want {
		t.Errorf("the next event is %s", got)
	}
	if got := field(page.event(), "data"); got != `{"changed":[`+one("c")+`],"gone":["a"],"next":"c"}` {
		t.Errorf("the page changes by %s", got)
	}
}

// A form of watching that there is not is refused.
func TestFormsOfWatching(t *testing.T) {
	t.Parallel()
	p := start(t, newFake(), nil)
	for value, ok := range map[string]bool{"": true, "1": true, "true": true, "changes": true, "change": false, "false": false} {
		r := get(t, p, "/api/streams?watch="+value, sse...)
		if (r.resp.StatusCode == http.StatusOK) != ok || !ok && !strings.Contains(r.event(), "watch=changes") {
			t.Errorf("watch=%s: %s", value, r.resp.Status)
		}
	}
	var first httpapi.StreamsEvent
	if err := json.Unmarshal([]byte(field(get(t, p, "/api/streams?watch=1", sse...).event(), "data")), &first); err != nil || first.Streams == nil {
		t.Errorf("watch=1 begins with %+v, %v", first, err)
	}
}

// Whoever watches the streams leaves a line as a session does.
func TestAWatcherIsLogged(t *testing.T) {
	t.Parallel()
	var log lines
	p := start(t, newFake(), func(c *proxy.Config) { c.Logger = log.logger() })
	const message = "watching the streams ended"
	gone := get(t, p, "/api/streams?watch&key=geheim", "Accept", "text/event-stream", "Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	gone.event()
	gone.close()
	wait.For(t, "the line of the first", func() bool { return len(log.with(message)) == 1 })
	if _, err := get(t, p, "/api/streams?watch=changes").in.ReadByte(); err != nil {
		t.Fatal(err)
	}
	p.stop()
	ended := log.with(message)
	if len(ended) != 2 {
		t.Fatalf("lines %q", ended)
	}
	for i, want := range [][]string{
		{`reason="the client has gone"`, "form=events", "trace_id=4bf92f3577b34da6a3ce929d0e0e4736", "address=127.0.0.1"},
		{`reason="the proxy is shutting down"`, "form=text"},
	} {
		for _, want := range append(want, "level=INFO", "bytes=") {
			if !strings.Contains(ended[i], want) || strings.Contains(ended[i], "bytes=0 ") {
				t.Errorf("%q is not in %q", want, ended[i])
			}
		}
	}
	if leaked := log.with("geheim"); len(leaked) > 0 {
		t.Errorf("the token is in the log: %q", leaked)
	}
}

// A list that is longer than one write is one event all the same, whole, and no watcher
// waits for another that reads nothing.
func TestALongListIsOneEvent(t *testing.T) {
	const streams = 6000
	f := newFake()
	for i := range streams {
		f.live = append(f.live, stream.Live{Name: fmt.Sprintf("tenant/%0240d", i), Rate: 1, Bytes: 1, Records: 1, Sources: 1})
	}
	p := start(t, f, func(cfg *proxy.Config) { cfg.WriteTimeout = time.Hour })
	deaf, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	_ = deaf.(*net.TCPConn).SetReadBuffer(4 << 10)
	if _, err := fmt.Fprintf(deaf, "GET /api/streams?watch HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", p.Addr()); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "the one that reads nothing", func() bool { return p.Stats().Sessions == 1 })
	for range 2 {
		e := get(t, p, "/api/streams?watch", sse...).event()
		if n := strings.Count(e, `{"name":"`); n != streams || !json.Valid([]byte(field(e, "data"))) || strings.Count(e, "\n") != 2 {
			t.Fatalf("%d streams in %d lines of %d bytes", n, strings.Count(e, "\n"), len(e))
		}
	}
}
