package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a source that a test scripts. What backfill has for a stream comes
// when that is tailed, then the notice that all has come.
type fake struct {
	in       chan *stream.Batch
	backfill func(name string, from stream.Backfill) *stream.Batch
	quiet    bool // nothing comes when a stream is tailed
	live     []stream.Live

	lists            atomic.Int64 // how often the live streams were asked for
	put, taken, done atomic.Int64 // batches: given, taken by the proxy, and in its log

	mu      sync.Mutex
	states  map[string]stream.State
	tails   map[string]stream.Backfill
	stopped []string
}

func newFake() *fake {
	return &fake{
		in:     make(chan *stream.Batch, 4096),
		states: map[string]stream.State{"vm-1": stream.StateLive},
		tails:  make(map[string]stream.Backfill),
	}
}

func (f *fake) Run(ctx context.Context) error { <-ctx.Done(); return nil }

func (f *fake) Take(ctx context.Context) (*stream.Batch, error) {
	f.done.Store(f.taken.Load()) // it takes the next one when it is done with the last
	select {
	case b := <-f.in:
		f.taken.Add(1)
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *fake) Tail(name string, from stream.Backfill) {
	f.mu.Lock()
	f.tails[name] = from
	f.mu.Unlock()
	if f.quiet {
		return
	}
	b := &stream.Batch{}
	if f.backfill != nil {
		b = f.backfill(name, from)
	}
	b.Notices = append(b.Notices, stream.Notice{Kind: stream.KindBackfill, At: len(b.Records), Stream: name})
	f.give(b)
}

func (f *fake) Stop(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.tails, name)
	f.stopped = append(f.stopped, name)
}

func (f *fake) Status() []stream.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []stream.Status
	for _, name := range slices.Sorted(maps.Keys(f.states)) {
		list = append(list, stream.Status{Name: name, State: f.states[name]})
	}
	return list
}

func (f *fake) WatchStreams(bool) {}

func (f *fake) Linger(time.Duration, time.Time) {}

func (f *fake) Streams() []stream.Live {
	f.lists.Add(1)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}

func (f *fake) tailed(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.tails[name]
	return ok
}

// records are n records of vm-1, from seq on, with data that tells them apart.
func records(name string, epoch, seq uint64, n int) []stream.Record {
	var list []stream.Record
	for i := range uint64(n) {
		list = append(list, stream.Record{
			Stream: name, Source: "vm-1", Position: stream.Position{Epoch: epoch, Seq: seq + i}, Data: payload(name, seq+i),
		})
	}
	return list
}

func payload(name string, seq uint64) []byte {
	return fmt.Appendf(nil, `{"v":0,"level":30,"msg":"%s %d"}`, name, seq)
}

func (f *fake) give(b *stream.Batch) {
	f.put.Add(1)
	f.in <- b
}

// logged waits until the proxy has all of it in its log.
func (f *fake) logged(t *testing.T) {
	t.Helper()
	wait.For(t, "all to be in the log", func() bool { return f.done.Load() == f.put.Load() })
}

func (f *fake) send(records ...stream.Record) { f.give(&stream.Batch{Records: records}) }

func (f *fake) notice(n stream.Notice) { f.give(&stream.Batch{Notices: []stream.Notice{n}}) }

// running is a proxy that runs until the test ends.
type running struct {
	*proxy.Proxy
	stop func() // ends it, and waits
}

// become changes a consolidator's name and state.
func (f *fake) become(old, name string, state stream.State) {
	f.mu.Lock()
	delete(f.states, old)
	f.states[name] = state
	f.mu.Unlock()
	f.notice(stream.Notice{Kind: stream.KindState, Source: name, State: state})
}

// start runs a proxy. change may alter its Config.
func start(t *testing.T, f *fake, change func(*proxy.Config)) *running {
	t.Helper()
	return startWith(t, f, change, func(*proxy.Proxy) {})
}

// startWith runs a proxy after prepare was called with it.
func startWith(t *testing.T, f *fake, change func(*proxy.Config), prepare func(*proxy.Proxy)) *running {
	t.Helper()
	cfg := proxy.Config{
		Listen: "127.0.0.1:0",
		Open:   func(time.Duration) (proxy.Source, error) { return f, nil },
		Grace:  5 * time.Second,
	}
	if change != nil {
		change(&cfg)
	}
	p, err := proxy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	prepare(p)
	return &running{p, wait.Run(t, p.Run)}
}

// reader is one open response.
type reader struct {
	t    *testing.T
	resp *http.Response
	in   *bufio.Reader
	stop context.CancelFunc
}

// get asks p for a path. header has names and values in turn.
func get(t *testing.T, p *running, path string, header ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := transport(t).RoundTrip(req)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	r := &reader{t: t, resp: resp, in: bufio.NewReader(resp.Body), stop: cancel}
	t.Cleanup(r.close)
	return r
}

func transport(t *testing.T) *http.Transport {
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func (r *reader) close() {
	r.stop()
	_ = r.resp.Body.Close()
}

// all reads to the end of the response.
func (r *reader) all() string {
	r.t.Helper()
	b, err := io.ReadAll(r.in)
	if err != nil {
		r.t.Fatalf("read to the end: %v; had %q", err, b)
	}
	return string(b)
}

// event reads one event, as its bytes.
func (r *reader) event() string {
	r.t.Helper()
	var b []byte
	for !bytes.HasSuffix(b, []byte("\n\n")) {
		c, err := r.in.ReadByte()
		if err != nil {
			r.t.Fatalf("read an event: %v; had %q", err, b)
		}
		b = append(b, c)
	}
	return string(b)
}

// next reads up to the next event that has that name; "" is a record.
func (r *reader) next(name string) string {
	r.t.Helper()
	for {
		e := r.event()
		if field(e, "event") == name {
			return e
		}
	}
}

// field is the value of the first line with that name.
func field(event, name string) string {
	for line := range strings.Lines(event) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// wants reads events, and compares them to what is wanted, with ids as readID writes
// them.
func (r *reader) wants(events ...string) {
	r.t.Helper()
	for _, want := range events {
		if got := readID(r.t, r.event()); got != want {
			r.t.Fatalf("event:\n got %q\nwant %q", got, want)
		}
	}
}

var idLine = regexp.MustCompile(`(?m)^id: (~.*)$`)

// readID writes an id, which is opaque, as E, the place in the log, and what comes next
// from each consolidator.
func readID(t *testing.T, event string) string {
	t.Helper()
	return idLine.ReplaceAllStringFunc(event, func(line string) string {
		id, err := httpapi.ParseResumeID(strings.TrimPrefix(line, "id: "))
		if err != nil {
			t.Fatalf("%v in %q", err, line)
		}
		text := fmt.Sprintf("id: E%d", id.Next)
		for _, p := range id.Positions {
			text += fmt.Sprintf(" %d", p.Next)
		}
		return text
	})
}

// lossOf reads a dropped event.
func lossOf(t *testing.T, event string) loss.Event {
	t.Helper()
	lost, err := loss.ParseEvent([]byte(field(event, "data")))
	if err != nil || field(event, "event") != httpapi.EventDropped {
		t.Fatalf("read loss %q: %v", event, err)
	}
	return lost
}
