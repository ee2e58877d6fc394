package collector_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"sluice/cluster/publish"
	"sluice/cluster/record"
	"sluice/consolidator"
	"sluice/headless/collector"
	"sluice/headless/shipper"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pump runs a consolidator, and returns its endpoints.
func pump(t testing.TB) (publishAt, subscribeAt string) {
	t.Helper()
	c, _ := testcluster.Consolidator(t, consolidator.Config{})
	return c.PublishAddrs()[0], c.SubscribeAddrs()[0]
}

// running is a collector that runs.
type running struct {
	t testing.TB
	*collector.Collector
	client *publish.Client
	cancel context.CancelFunc
	done   chan error
	ended  bool

	mu      sync.Mutex
	notices bytes.Buffer
}

func (r *running) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.notices.Write(b)
}

// words are the notices that were said.
func (r *running) words() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.notices.String()
}

func (r *running) said(text string) {
	r.t.Helper()
	wait.For(r.t, text, func() bool { return strings.Contains(r.words(), text) })
}

// files reads rules for files.
func files(t testing.TB, rules ...string) (all []collector.Files) {
	t.Helper()
	for _, rule := range rules {
		f, err := collector.ParseFiles(rule)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// collect runs a collector until it is ended, or the test is.
func collect(t testing.TB, to string, cfg collector.Config) *running {
	t.Helper()
	var err error
	r := &running{t: t, done: make(chan error, 1)}
	if r.client, err = publish.Open(publish.Config{Endpoint: to, Buffer: publish.MinBuffer}); err != nil {
		t.Fatal(err)
	}
	cfg.Client, cfg.Endpoint, cfg.Notices, cfg.Grace, cfg.Hostname = r.client, to, r, wait.Limit, "vm-1"
	if r.Collector, err = collector.New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.done <- r.Run(ctx) }()
	t.Cleanup(func() {
		if !r.ended {
			cancel()
			<-r.done
		}
	})
	return r
}

// stop ends it as a signal does.
func (r *running) stop() (*shipper.Summary, error) {
	r.cancel()
	r.ended = true
	err := <-r.done
	return r.Summary(), err
}

// end ends it as a signal does; nothing is missing.
func (r *running) end() *shipper.Summary {
	r.t.Helper()
	s, err := r.stop()
	if err != nil {
		r.t.Errorf("Run returns %v; it said:\n%s", err, r.words())
	}
	return s
}

func (r *running) acknowledged(n int) {
	r.t.Helper()
	if !wait.Until(func() bool { return r.client.Stats().Acknowledged >= uint64(n) }) {
		r.t.Fatalf("%d of %d records are acknowledged; it says:\n%s", r.client.Stats().Acknowledged, n, r.words())
	}
}

// stands returns the last n records of a stream.
func stands(t testing.TB, at, stream string, n int) (all []record.Record) {
	t.Helper()
	for _, rec := range testpeer.Last(t, at, stream, n) {
		all = append(all, record.Parse([]byte(rec)))
	}
	return all
}

// messages returns the msg of the last n records of a stream.
func messages(t testing.TB, at, stream string, n int) (all []string) {
	t.Helper()
	for _, r := range stands(t, at, stream, n) {
		all = append(all, r.Msg)
	}
	return all
}

// field is a field of a record, as JSON.
func field(r record.Record, key string) string {
	for _, f := range r.Fields {
		if f.Key == key {
			return string(f.Value)
		}
	}
	return ""
}

// put adds lines to a file, and makes its folder.
func put(t testing.TB, file string, lines ...string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	var f *os.File
	if err == nil {
		f, err = os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	}
	if err == nil {
		_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
