package stream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/stream"
	"sluice/proxy"
)

// upstream is what a proxy reads from in these tests. It has one stream, "s",
// of one consolidator, and lets the test publish in it.
type upstream struct {
	mu    sync.Mutex
	log   []stream.Record
	heads []*head // of those who read
}

// head is one source that a proxy opened.
type head struct {
	up    *upstream
	in    chan *stream.Batch
	mu    sync.Mutex
	tails map[string]bool
}

func (u *upstream) open() (proxy.Source, error) {
	h := &head{up: u, in: make(chan *stream.Batch, 1<<14), tails: make(map[string]bool)}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.heads = append(u.heads, h)
	return h, nil
}

// publish appends n records of epoch 9.
func (u *upstream) publish(n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for range n {
		seq := uint64(len(u.log))
		r := stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: fmt.Appendf(nil, `{"msg":"%d"}`, seq)}
		u.log = append(u.log, r)
		u.each(func(h *head) { h.in <- &stream.Batch{Records: []stream.Record{r}} })
	}
}

func (u *upstream) notice(n stream.Notice) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.each(func(h *head) { h.in <- &stream.Batch{Notices: []stream.Notice{n}} })
}

func (u *upstream) each(f func(*head)) {
	for _, h := range u.heads {
		h.mu.Lock()
		if h.tails["s"] {
			f(h)
		}
		h.mu.Unlock()
	}
}

func (h *head) Run(ctx context.Context) error {
	<-ctx.Done()
	h.Stop("s")
	return nil
}

func (h *head) Take(ctx context.Context) (*stream.Batch, error) {
	select {
	case b := <-h.in:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *head) Tail(name string, from stream.Backfill) {
	h.up.mu.Lock()
	defer h.up.mu.Unlock()
	b := &stream.Batch{}
	at := max(0, len(h.up.log)-from.Last)
	if want, ok := from.Positions["vm-1"]; ok {
		at = int(want.Seq)
	}
	if name == "s" {
		b.Records = slices.Clone(h.up.log[at:])
	}
	b.Notices = []stream.Notice{{Kind: stream.KindBackfill, At: len(b.Records), Stream: name}}
	h.in <- b
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tails[name] = true
}

func (h *head) Stop(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.tails, name)
}

func (h *head) Status() []stream.Status {
	return []stream.Status{{Name: "vm-1", State: stream.StateLive}}
}
func (h *head) WatchStreams(bool) {}
func (h *head) Streams() []stream.Live {
	return []stream.Live{{Name: "s", Rate: 2, Bytes: 3, Records: 4, Sources: 1}}
}

// serve runs a proxy until the test ends, or the function is called.
func serve(t *testing.T, listen string, u *upstream) (addr string, stop func()) {
	t.Helper()
	var p *proxy.Proxy
	until(t, "the port is free", func() bool {
		var err error
		p, err = proxy.New(proxy.Config{Listen: listen, Open: u.open, Grace: time.Second})
		return err == nil
	})
	return p.Addr(), background(t, p.Run)
}

// background calls run until the test ends, or the function is called.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(proxiedPatience):
			t.Error("Run does not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

const proxiedPatience = time.Minute

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(proxiedPatience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited for too long: %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// proxied runs a source that reads through a proxy.
func proxied(t *testing.T, cfg stream.Config) *taker {
	t.Helper()
	s, err := stream.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	tk := &taker{Source: s, t: t}
	tk.stop = background(t, s.Run)
	return tk
}

// taker takes one thing at a time.
type taker struct {
	*stream.Source
	t     *testing.T
	stop  func()
	queue []any // stream.Record, stream.Notice
}

func (k *taker) next() any {
	k.t.Helper()
	for len(k.queue) == 0 {
		ctx, cancel := context.WithTimeout(context.Background(), proxiedPatience)
		b, err := k.Take(ctx)
		cancel()
		if err != nil {
			k.t.Fatalf("take: %v", err)
		}
		at := 0
		for _, n := range b.Notices {
			for ; at < n.At; at++ {
				k.queue = append(k.queue, clone(b.Records[at]))
			}
			k.queue = append(k.queue, n)
		}
		for ; at < len(b.Records); at++ {
			k.queue = append(k.queue, clone(b.Records[at]))
		}
		b.Release()
	}
	x := k.queue[0]
	k.queue = k.queue[1:]
	return x
}

func clone(r stream.Record) stream.Record {
	r.Data = slices.Clone(r.Data)
	return r
}

// notice passes over everything up to the next notice that is wanted.
func (k *taker) notice(want func(stream.Notice) bool) stream.Notice {
	k.t.Helper()
	for {
		if n, ok := k.next().(stream.Notice); ok && want(n) {
			return n
		}
	}
}

// record passes over notices that are no gaps.
func (k *taker) record() stream.Record {
	k.t.Helper()
	for {
		switch x := k.next().(type) {
		case stream.Record:
			return x
		case stream.Notice:
			if x.Kind == stream.KindGap {
				k.t.Fatalf("a gap: %+v", x)
			}
		}
	}
}

func isKind(kind stream.Kind) func(stream.Notice) bool {
	return func(n stream.Notice) bool { return n.Kind == kind }
}

func TestThroughAProxy(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	u := &upstream{}
	u.publish(5)
	addr, stopProxy := serve(t, "127.0.0.1:0", u)
	s := proxied(t, stream.Config{Proxy: "http://" + addr})
	s.WatchStreams(true)
	s.Tail("s", stream.Backfill{Last: 3})
	for seq := uint64(2); seq < 5; seq++ {
		r := s.record()
		if r.Stream != "s" || r.Source != "vm-1" || r.Position != (stream.Position{Epoch: 9, Seq: seq}) || !r.Backfill || r.Arrived == 0 ||
			string(r.Data) != fmt.Sprintf(`{"msg":"%d"}`, seq) {
			t.Fatalf("record %+v", r)
		}
	}
	if n := s.notice(isKind(stream.KindBackfill)); n.Stream != "s" {
		t.Errorf("notice %+v", n)
	}
	u.publish(1)
	if r := s.record(); r.Backfill || r.Position.Seq != 5 {
		t.Errorf("live record %+v", r)
	}
	u.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Count: 3, Hop: "consolidator", Reason: "slow"})
	if n := s.notice(isKind(stream.KindGap)); n.Count != 3 || n.Unknown || n.Stream != "s" || n.Source != "vm-1" || n.Hop != "consolidator" || n.Reason != "slow" {
		t.Errorf("gap %+v", n)
	}
	u.notice(stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Unknown: true, Hop: "network", Reason: "killed"})
	if n := s.notice(isKind(stream.KindGap)); n.Count != 0 || !n.Unknown {
		t.Errorf("gap %+v", n)
	}
	u.notice(stream.Notice{Kind: stream.KindState, Source: "vm-1", State: stream.StateLost})
	s.notice(func(n stream.Notice) bool {
		return n.Kind == stream.KindState && n.Source == "vm-1" && n.State == stream.StateLost
	})
	status := s.Status()
	if len(status) != 2 || !status[0].Proxy || status[0].Name != addr || status[0].State != stream.StateLive ||
		status[1].Name != "vm-1" || status[1].State != stream.StateLost || status[1].Proxy {
		t.Errorf("status %+v", status)
	}
	until(t, "the list of streams", func() bool { return len(s.Streams()) == 1 })
	if l := s.Streams()[0]; l != (stream.Live{Name: "s", Rate: 2, Bytes: 3, Records: 4, Sources: 1}) {
		t.Errorf("live %+v", l)
	}
	stopProxy()
	n := s.notice(func(n stream.Notice) bool {
		return n.Kind == stream.KindState && n.Source == addr && n.State == stream.StateLost
	})
	if n.Err == "" {
		t.Errorf("lost without a word: %+v", n)
	}
	s.stop()
}

// A reader whose connection is cut again and again while records flow has each
// of them once, in order.
func TestProxiedIsCutAgainAndAgain(t *testing.T) {
	u := &upstream{}
	addr, _ := serve(t, "127.0.0.1:0", u)
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var cuts sync.WaitGroup
	t.Cleanup(func() { _ = relay.Close(); cuts.Wait() })
	cuts.Go(func() {
		for {
			c, err := relay.Accept()
			if err != nil {
				return
			}
			cuts.Go(func() { cut(c, addr, 300+rand.Int64N(4000)) })
		}
	})
	s := proxied(t, stream.Config{Proxy: "http://" + relay.Addr().String()})
	s.Tail("s", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))
	const n = 2000
	u.publish(100)
	for seq := range uint64(n) {
		if seq%10 == 0 && seq+100 < n {
			u.publish(10)
		}
		if r := s.record(); r.Position.Seq != seq || r.Backfill {
			t.Fatalf("record %+v, want %d", r, seq)
		}
	}
}

// cut carries a connection to addr, and cuts it after so many bytes of answer.
func cut(c net.Conn, addr string, after int64) {
	defer func() { _ = c.Close() }()
	to, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer func() { _ = to.Close() }()
	go func() {
		_, _ = io.Copy(to, c)
		_ = to.Close()
	}()
	_, _ = io.CopyN(c, to, after)
}

// A restart of the proxy loses nothing, though its log is another one.
func TestProxyIsRestarted(t *testing.T) {
	u := &upstream{}
	u.publish(2000)
	addr, stop := serve(t, "127.0.0.1:0", u)
	s := proxied(t, stream.Config{Proxy: "http://" + addr})
	s.Tail("s", stream.Backfill{Last: 10})
	seq := uint64(1990)
	for round := range 3 {
		for ; seq < uint64(2000+1500*round); seq++ {
			if r := s.record(); r.Position.Seq != seq {
				t.Fatalf("round %d: record %+v, want %d", round, r, seq)
			}
		}
		if round == 0 {
			s.notice(isKind(stream.KindBackfill))
		}
		stop()
		u.publish(1500) // more than a new proxy begins with
		_, stop = serve(t, addr, u)
	}
}

// Places of quiet consolidators are known from what the proxy says when the
// backfill is complete: nothing is lost though none of it was ever had.
func TestQuietStreamAndRestart(t *testing.T) {
	u := &upstream{}
	u.publish(7)
	addr, stop := serve(t, "127.0.0.1:0", u)
	s := proxied(t, stream.Config{Proxy: "http://" + addr})
	s.Tail("s", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))
	stop()
	u.publish(3)
	serve(t, addr, u)
	for seq := uint64(7); seq < 10; seq++ {
		if r := s.record(); r.Position.Seq != seq {
			t.Fatalf("record %+v, want %d", r, seq)
		}
	}
}

// How consolidators stand is not known while the proxy is not there.
func TestStatusWithoutTheProxy(t *testing.T) {
	u := &upstream{}
	addr, stop := serve(t, "127.0.0.1:0", u)
	s := proxied(t, stream.Config{Proxy: "http://" + addr})
	s.Tail("s", stream.Backfill{})
	s.notice(isKind(stream.KindBackfill))
	states := func(want stream.State) func() bool {
		return func() bool {
			for _, status := range s.Status() {
				if !status.Proxy && status.State != want {
					return false
				}
			}
			return len(s.Status()) > 1
		}
	}
	until(t, "consolidators that are live", states(stream.StateLive))
	stop()
	until(t, "nobody to know how they are", states(stream.StateUnknown))
	serve(t, addr, u)
	until(t, "consolidators that are live again", states(stream.StateLive))
}

// answer serves whatever a test wants.
func answer(t *testing.T, f http.HandlerFunc) string {
	server := httptest.NewServer(f)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func TestRefusedIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"problem": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(403)
			_, _ = io.WriteString(w, `{"title":"Forbidden","status":403,"detail":"not yours"}`)
		}, `ask for "s": 403 Forbidden: not yours`},
		"event": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, "data: {\"msg\":\"401 no token\"}\n\n")
		}, `ask for "s": 401 no token`},
		"another service": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hello")
		}, "is this a sluice proxy?"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, "302"},
	} {
		t.Run(name, func(t *testing.T) {
			s := proxied(t, stream.Config{Proxy: answer(t, c.answer)})
			s.Tail("s", stream.Backfill{})
			s.notice(func(n stream.Notice) bool {
				return n.Kind == stream.KindState && n.State == stream.StateLost && strings.Contains(n.Err, c.says)
			})
		})
	}
}

// What is wrong for the moment is tried again.
func TestUnavailableIsTriedAgain(t *testing.T) {
	tries := make(chan struct{}, 100)
	s := proxied(t, stream.Config{Proxy: answer(t, func(w http.ResponseWriter, _ *http.Request) {
		tries <- struct{}{}
		w.WriteHeader(503)
	})})
	s.Tail("s", stream.Backfill{})
	for range 3 {
		select {
		case <-tries:
		case <-time.After(proxiedPatience):
			t.Fatal("it is not tried again")
		}
	}
	if st := s.Status()[0]; st.State != stream.StateConnecting {
		t.Errorf("state %v", st)
	}
}

func TestRequest(t *testing.T) {
	got := make(chan *http.Request, 100)
	base := answer(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Clone(context.Background())
		w.WriteHeader(503)
	})
	for name, want := range map[string]string{
		"tenant/acme": "/sub/api/logs/tenant/acme",
		"a b?c#d%":    "/sub/api/logs/a%20b%3Fc%23d%25",
		"a//b":        "/sub/api/logs/a%2F%2Fb",
		"../x":        "/sub/api/logs/%2E%2E%2Fx",
		"日":           "/sub/api/logs/%E6%97%A5",
	} {
		t.Run(name, func(t *testing.T) {
			s := proxied(t, stream.Config{Proxy: base + "/sub/", Token: "secret", Query: url.Values{"level": {"warn"}}})
			s.Tail(name, stream.Backfill{Last: 7, Positions: map[string]stream.Position{"vm,1:é": {Epoch: 35, Seq: 36}}})
			r := <-got
			if r.URL.EscapedPath() != want {
				t.Errorf("path %q, want %q", r.URL.EscapedPath(), want)
			}
			if q := r.URL.Query(); q.Get("level") != "warn" || q.Get("last") != "7" {
				t.Errorf("query %q", r.URL.RawQuery)
			}
			for header, want := range map[string]string{
				"Authorization": "Bearer secret", "Accept": "text/event-stream", "Sluice-Client": "1",
				"Sluice-Positions": "vm%2C1%3A%C3%A9:z:10", "Last-Event-Id": "", "Accept-Encoding": "",
			} {
				if r.Header.Get(header) != want {
					t.Errorf("%s: %q, want %q", header, r.Header.Get(header), want)
				}
			}
			s.stop()
			for len(got) > 0 {
				<-got
			}
		})
	}
}

// After a loss that a restart brought, reading goes on where the loss says,
// though the connection breaks before there is a record: or what was lost of the
// new epoch would be told twice.
func TestPositionAfterARestart(t *testing.T) {
	asked := make(chan string, 100)
	s := proxied(t, stream.Config{Proxy: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Sluice-Positions")
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "event: source\ndata: {\"n\":1,\"consolidator\":\"vm-1\",\"state\":\"live\",\"epoch\":\"9\",\"next\":4}\n\n"+
			"id: e.4.1.4\ndata: {}\n\n"+
			"event: dropped\nid: e.7.1.7\ndata: {\"stream\":\"s\",\"count\":3,\"total\":3,\"hop\":\"consolidator\",\"consolidator\":\"vm-1\",\"epoch\":\"a\",\"next\":2}\n\n")
	})})
	s.Tail("s", stream.Backfill{})
	if first, second := <-asked, <-asked; first != "" || second != "vm-1:a:2" {
		t.Errorf("asked from %q, then from %q, want vm-1:a:2", first, second)
	}
}

// Of what the proxy has lost nobody knows whose it was. Until every consolidator
// has sent something after it, the positions are from before the loss, and the
// proxy is told so.
func TestPositionsAfterALossAtTheProxy(t *testing.T) {
	type request struct{ after, positions, passed string }
	asked := make(chan request, 100)
	answers := 0
	s := proxied(t, stream.Config{Proxy: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- request{r.Header.Get("Last-Event-ID"), r.Header.Get("Sluice-Positions"), r.Header.Get("Sluice-Passed")}
		w.Header().Set("Content-Type", "text/event-stream")
		source := "event: source\ndata: {\"n\":%d,\"consolidator\":\"vm-%d\",\"state\":\"live\",\"epoch\":\"9\",\"next\":%d}\n\n"
		fmt.Fprintf(w, source+source, 1, 1, 4, 2, 2, 7+13*answers)
		answers++
		switch answers {
		case 1:
			fmt.Fprint(w, "id: e.4.1.4\ndata: {}\n\nid: e.5.2.7\ndata: {}\n\n"+
				"event: dropped\nid: e.f.0.0\ndata: {\"stream\":\"s\",\"count\":10,\"total\":10,\"hop\":\"proxy\"}\n\n"+
				"id: e.g.1.9\ndata: {}\n\n")
		case 2:
			fmt.Fprint(w, "event: live\nid: e.h\ndata:\n\n")
		}
	})})
	s.Tail("s", stream.Backfill{})
	for i, want := range []request{
		{},
		{"e.g.1.9", "vm-1:9:a, vm-2:9:8", "1"}, // nothing came from vm-2
		{"e.h", "vm-1:9:a, vm-2:9:k", ""},      // it stood there when all that was there had come
	} {
		if got := <-asked; got != want {
			t.Errorf("request %d: %+v, want %+v", i, got, want)
		}
	}
}

// A consolidator that the proxy reaches only now, and that has sent nothing yet,
// is gone on with where the proxy began there: what it has first may come while
// there is no proxy.
func TestPositionsOfLaterOnes(t *testing.T) {
	asked := make(chan string, 100)
	s := proxied(t, stream.Config{Proxy: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Sluice-Positions")
		w.Header().Set("Content-Type", "text/event-stream")
		source := "event: source\ndata: {\"n\":%d,\"consolidator\":\"vm-%d\",\"state\":\"live\",\"epoch\":%q,\"next\":%d}\n\n"
		fmt.Fprintf(w, source+source, 1, 1, "9", 4, 2, 2, "", 0)
		fmt.Fprint(w, "event: live\nid: e.4\ndata:\n\n")
		fmt.Fprintf(w, source, 2, 2, "8", 3)
		fmt.Fprintf(w, source, 3, 1, "7", 0) // one that it has a place of goes on there
		fmt.Fprint(w, "id: e.5.1.4\ndata: {}\n\n")
	})})
	s.Tail("s", stream.Backfill{})
	if first, second := <-asked, <-asked; first != "" || second != "vm-1:9:5, vm-2:8:3" {
		t.Errorf("asked from %q, then from %q", first, second)
	}
}

// With a loss, the proxy says what comes next from each consolidator: there it
// goes on, also where another proxy has taken over.
func TestPositionsThatTheProxyTells(t *testing.T) {
	asked := make(chan string, 100)
	s := proxied(t, stream.Config{Proxy: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Sluice-Positions") + " passed " + r.Header.Get("Sluice-Passed")
		w.Header().Set("Content-Type", "text/event-stream")
		source := "event: source\ndata: {\"n\":%d,\"consolidator\":\"vm-%d\",\"state\":\"live\",\"epoch\":\"9\",\"next\":4}\n\n"
		fmt.Fprintf(w, source+source, 1, 1, 2, 2)
		fmt.Fprint(w, "id: e.4.1.4\ndata: {}\n\n"+
			"event: dropped\nid: e.f.0.0\ndata: {\"stream\":\"s\",\"count\":10,\"total\":10,\"hop\":\"proxy\",\"positions\":\"vm-1:9:9, vm-2:9:a\"}\n\n"+
			"id: e.g.1.9\ndata: {}\n\n")
	})})
	s.Tail("s", stream.Backfill{})
	if first, second := <-asked, <-asked; first != " passed " || second != "vm-1:9:a, vm-2:9:a passed " {
		t.Errorf("asked from %q, then from %q", first, second)
	}
}

// Half an event at the end of a response is not an event.
func TestHalfAnEvent(t *testing.T) {
	tries := 0
	s := proxied(t, stream.Config{Proxy: answer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		tries++
		switch tries {
		case 1:
			_, _ = io.WriteString(w, "id: 1.0.1.0\ndata: {\"a\":1}\n\nid: 1.1.1.1\ndata: {\"a\":2}")
		default:
			_, _ = fmt.Fprintf(w, "data: %q\n\n", r.Header.Get("Last-Event-ID"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})})
	s.Tail("s", stream.Backfill{})
	for _, want := range []string{`{"a":1}`, `"1.0.1.0"`} {
		if r := s.record(); string(r.Data) != want {
			t.Errorf("record %s, want %s", r.Data, want)
		}
	}
}

// Stop ends a tail, and tailing again begins anew.
func TestProxiedStop(t *testing.T) {
	u := &upstream{}
	u.publish(3)
	addr, _ := serve(t, "127.0.0.1:0", u)
	s := proxied(t, stream.Config{Proxy: "http://" + addr})
	for range 3 {
		s.Tail("s", stream.Backfill{Last: 2})
		for seq := uint64(1); seq < 3; seq++ {
			if r := s.record(); r.Position.Seq != seq {
				t.Fatalf("record %+v, want %d", r, seq)
			}
		}
		s.notice(isKind(stream.KindBackfill))
		s.Stop("s")
	}
}

func TestProxyURL(t *testing.T) {
	for _, bad := range []string{"127.0.0.1:5580", "ftp://x", "http://", "http://[::1", "tcp://127.0.0.1:5552"} {
		if _, err := stream.New(stream.Config{Proxy: bad}); err == nil || !strings.Contains(err.Error(), "http://host:port") {
			t.Errorf("proxy %q: %v", bad, err)
		}
	}
}

// When the source ends, what is there can still be taken.
func TestProxiedEnds(t *testing.T) {
	s := proxied(t, stream.Config{Proxy: "http://127.0.0.1:1"})
	s.Tail("s", stream.Backfill{})
	s.notice(func(n stream.Notice) bool { return n.Kind == stream.KindState && n.Err != "" })
	s.stop()
	for {
		if _, err := s.Take(context.Background()); err != nil {
			if !errors.Is(err, stream.ErrClosed) {
				t.Error(err)
			}
			return
		}
	}
}
