package proxied_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/testsource"
	"sluice/internal/wait"
	"sluice/proxy"
)

// upstream is what a proxy reads from in these tests. It has one stream, "s",
// of one consolidator, and lets the test publish in it.
type upstream struct {
	mu      sync.Mutex
	log     []stream.Record
	heads   []*head         // of those who read
	finders []stream.Status // where consolidators are found, if there is something to say of it
}

// head is one source that a proxy opened.
type head struct {
	up    *upstream
	in    chan *stream.Batch
	mu    sync.Mutex
	tails map[string]bool
}

func (u *upstream) open(time.Duration) (proxy.Source, error) {
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
	h.up.mu.Lock()
	defer h.up.mu.Unlock()
	return append(slices.Clone(h.up.finders), stream.Status{Name: "vm-1", State: stream.StateLive})
}
func (h *head) WatchStreams(bool)               {}
func (h *head) Linger(time.Duration, time.Time) {}
func (h *head) Streams() []stream.Live {
	return []stream.Live{{Name: "s", Rate: 2, Bytes: 3, Records: 4, Sources: 1}}
}

// serve runs a proxy until the test ends, or the function is called.
func serve(t *testing.T, listen string, u *upstream) (addr string, stop func()) {
	t.Helper()
	var p *proxy.Proxy
	wait.For(t, "the port is free", func() bool {
		var err error
		p, err = proxy.New(proxy.Config{Listen: listen, Open: u.open, Grace: time.Second})
		return err == nil
	})
	return p.Addr(), wait.Run(t, p.Run)
}

// reads runs a source that reads through a proxy.
func reads(t *testing.T, cfg proxied.Config) *testsource.Taker {
	t.Helper()
	s, err := proxied.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return testsource.Run(t, s)
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
