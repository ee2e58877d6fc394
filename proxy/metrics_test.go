package proxy_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/internal/figures"
	"sluice/internal/request"
	"sluice/internal/wait"
	"sluice/proxy"
)

func withAdmin(c *proxy.Config) { c.Admin = "127.0.0.1:0" }

const namespace = "sluice_proxy"

// counts waits until the figures are these.
func counts(t *testing.T, p *running, want map[string]float64) {
	t.Helper()
	figures.Wait(t, p.AdminAddr(), namespace, want)
}

// What was sent, lost and refused is counted, in all and by stream.
func TestMetrics(t *testing.T) {
	f := newFake()
	p := start(t, f, withAdmin)
	a := get(t, p, "/api/logs/tenant/a", "Accept", "text/event-stream")
	a.next("source")
	b := get(t, p, "/api/logs/tenant/b")
	wait.For(t, "the second stream", func() bool { return f.tailed("tenant/b") })
	f.send(records("tenant/a", 9, 0, 5)...)
	f.send(records("tenant/b", 9, 0, 2)...)
	f.notice(stream.Notice{Kind: stream.KindGap, Time: time.Now(), Stream: "tenant/a", Source: "vm-1", Count: 3, Hop: loss.AtConsolidator, Reason: loss.TooSlow})
	f.notice(stream.Notice{Kind: stream.KindGap, Time: time.Now(), Stream: "tenant/a", Source: "vm-1", Unknown: true, Hop: "somewhere", Reason: "a reason of a stranger"})
	a.next("dropped")
	a.next("dropped")
	for range 2 {
		if _, err := b.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if r := get(t, p, "/nowhere"); r.resp.StatusCode != 404 {
		t.Fatal(r.resp.Status)
	}
	counts(t, p, map[string]float64{
		"sessions": 2, "sessions_begun_total": 2, "records_received_total": 7, "records_sent_total": 7,
		`stream_records_sent_total{stream="tenant/a"}`:                       5,
		`stream_records_sent_total{stream="tenant/b"}`:                       2,
		`stream_sessions{stream="tenant/a"}`:                                 1,
		`stream_sessions{stream=""}`:                                         0,
		`records_dropped_total{hop="consolidator",reason="reader_too_slow"}`: 3,
		`unknown_losses_total{hop="other"}`:                                  1,
		`requests_refused_total{reason="not_found"}`:                         1,
		`consolidator_connected{consolidator="vm-1"}`:                        1,
		`consolidator_lost_total`:                                            0,
		"streams_tailed":                                                     2,
		"ready":                                                              1,
	})
	if n := figures.Of(t, p.AdminAddr(), namespace)["sent_bytes_total"]; n < 7*20 {
		t.Errorf("%v bytes were sent", n)
	}
	if n := figures.Of(t, p.AdminAddr(), namespace)["write_delay_seconds_count"]; n < 1 {
		t.Errorf("%v delays were noted", n)
	}
	f.become("vm-1", "vm-1", stream.StateLive)
	f.become("vm-1", "vm-1", stream.StateLost)
	counts(t, p, map[string]float64{`consolidator_connected{consolidator="vm-1"}`: 0, "consolidator_lost_total": 1, "ready": 1})
	a.close()
	counts(t, p, map[string]float64{"sessions": 1, `stream_sessions{stream="tenant/a"}`: 0})
}

// So it is of a response that has several streams, and of what is read again for one.
func TestMetricsOfSeveralStreamsInOneResponse(t *testing.T) {
	f := newFake()
	p := start(t, f, withAdmin)
	r := get(t, p, "/api/logs?stream=a&stream=b", sse...)
	r.next("source")
	f.send(append(records("a", 9, 0, 5), records("b", 9, 0, 2)...)...)
	id := ""
	for range 7 {
		id = field(r.next(""), "id")
	}
	counts(t, p, map[string]float64{`stream_records_sent_total{stream="a"}`: 5, `stream_records_sent_total{stream="b"}`: 2, "records_sent_total": 7})
	wait.For(t, "a delay", func() bool { return figures.Of(t, p.AdminAddr(), namespace)["write_delay_seconds_count"] > 0 })

	again := newFake()
	again.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		return &stream.Batch{Records: records(name, 9, 0, 9)}
	}
	q := start(t, again, withAdmin) // another proxy, which has not read it yet
	r = get(t, q, "/api/logs?stream=a&stream=b", append([]string{"Last-Event-ID", id}, sse...)...)
	for range 4 + 7 {
		r.next("")
	}
	counts(t, q, map[string]float64{`stream_records_sent_total{stream="a"}`: 4, `stream_records_sent_total{stream="b"}`: 7})
}

// However many streams there are, a hundred have series of their own, and nothing is
// counted nowhere.
func TestMetricsOfManyStreamsAreBounded(t *testing.T) {
	f := newFake()
	p := start(t, f, withAdmin)
	for i := range 110 {
		name := fmt.Sprintf("tenant/%d", i)
		s := get(t, p, "/api/logs/"+name)
		wait.For(t, "the tail", func() bool { return f.tailed(name) })
		f.send(records(name, 9, 0, 1)...)
		if _, err := s.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	counts(t, p, map[string]float64{`stream_records_sent_total{stream=""}`: 10, `stream_sessions{stream=""}`: 10, "records_sent_total": 110})
	_, body := request.Do(t, "GET", "http://"+p.AdminAddr()+"/metrics")
	if n := strings.Count(body, "\nsluice_proxy_stream_sessions{"); n != 101 {
		t.Errorf("%d streams have series, want 100 and the others'", n)
	}
}

// The metrics are named as Prometheus wants, and docs/operations.md explains each, and
// no other.
func TestMetricsAreExplained(t *testing.T) {
	p := start(t, newFake(), withAdmin)
	if n := figures.Explained(t, p.AdminAddr(), namespace, "../docs/operations.md"); n < 20 {
		t.Errorf("only %d metrics", n)
	}
}

// The alerts, and the dashboard, ask for metrics that are there.
func TestMetricsAreUsedByTheirNames(t *testing.T) {
	p := start(t, newFake(), withAdmin)
	if n := figures.Used(t, p.AdminAddr(), namespace, "../deploy/prometheus/alerts.yml", "../deploy/grafana/sluice.json"); n < 10 {
		t.Errorf("only %d metrics are asked for", n)
	}
	figures.Used(t, p.AdminAddr(), "(?:process|sluice_build)", "../deploy/prometheus/alerts.yml", "../deploy/grafana/sluice.json")
}

// The admin address alone may be one that other machines reach.
func TestAdminOpen(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.Admin, c.AdminOpen = ":0", true })
	if n := len(figures.Of(t, p.AdminAddr(), namespace)); n == 0 {
		t.Error("it serves no figures")
	}
	_, err := proxy.New(proxy.Config{Listen: ":0", AdminOpen: true, Open: func(time.Duration) (proxy.Source, error) { return newFake(), nil }})
	if err == nil || !strings.Contains(err.Error(), "--jwt-key") {
		t.Errorf("an address that other machines reach, without keys: %v", err)
	}
}

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// with returns the lines that have a word.
func (l *lines) with(word string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return found
}

// A session leaves a line with what it got and lost, whose it was, and never its token.
func TestASessionIsLogged(t *testing.T) {
	var log lines
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Logger = log.logger() })
	s := get(t, p, "/api/logs/tenant/a?key=geheim",
		"Accept", "text/event-stream", "Authorization", "Bearer geheim",
		"Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	s.next("source")
	f.send(records("tenant/a", 9, 0, 5)...)
	f.notice(stream.Notice{Kind: stream.KindGap, Time: time.Now(), Stream: "tenant/a", Source: "vm-1", Count: 3, Hop: loss.AtConsolidator, Reason: loss.TooSlow})
	s.next("dropped")
	s.close()
	wait.For(t, "the line", func() bool { return len(log.with("session ended")) == 1 })
	line := log.with("session ended")[0]
	for _, want := range []string{
		"level=INFO", "stream=tenant/a", "form=events", "records=5", " lost=3", "unknown_losses=0", "address=127.0.0.1",
		"trace_id=4bf92f3577b34da6a3ce929d0e0e4736", `reason="the client has gone"`,
	} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %q", want, line)
		}
	}
	if leaked := log.with("geheim"); len(leaked) > 0 {
		t.Errorf("the token is in the log: %q", leaked)
	}
}

// A consolidator that is lost, and one that is back, leaves a line; one that comes and
// goes again and again does not flood the log.
func TestConsolidatorsAreLogged(t *testing.T) {
	var log lines
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Logger, c.Admin = log.logger(), "127.0.0.1:0" })
	const flaps = 20
	for range flaps {
		f.become("vm-1", "vm-1", stream.StateLive)
		f.become("vm-1", "vm-1", stream.StateLost)
	}
	counts(t, p, map[string]float64{"consolidator_lost_total": flaps})
	if all := append(log.with("consolidator connected"), log.with("consolidator lost")...); len(all) != 1 {
		t.Errorf("%d lines: %q", len(all), all)
	}
}
