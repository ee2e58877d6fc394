package publish_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"sluice/cluster/publish"
	"sluice/cluster/record"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// logged is what a function logs through a handler.
func logged(t *testing.T, options *publish.HandlerOptions, do func(*slog.Logger)) (lines []string) {
	t.Helper()
	c, _ := start(t, consolidator.Config{})
	p := open(t, publish.Config{Endpoint: c.PublishAddrs()[0], Shed: true, Linger: wait.Limit})
	do(slog.New(publish.NewHandler(p, "tenant/acme", options)))
	s := finish(t, p)
	if s.Acknowledged != s.Published || s.Published == 0 {
		t.Fatalf("counts %+v", s)
	}
	lines = testpeer.Last(t, c.SubscribeAddrs()[0], "tenant/acme", int(s.Acknowledged))
	for _, line := range lines {
		if !record.IsLine([]byte(line)) {
			t.Errorf("no line of JSON: %q", line)
		}
	}
	return lines
}

func TestSlogtest(t *testing.T) {
	c, _ := start(t, consolidator.Config{})
	p := open(t, publish.Config{Endpoint: c.PublishAddrs()[0]})
	err := slogtest.TestHandler(publish.NewHandler(p, "system", nil), func() (results []map[string]any) {
		s := finish(t, p)
		for _, line := range testpeer.Last(t, c.SubscribeAddrs()[0], "system", int(s.Acknowledged)) {
			var m map[string]any
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			results = append(results, m)
		}
		return results
	})
	if err != nil {
		t.Error(err)
	}
}

// A record above the limit is cut, and says so.
func TestHandlerCuts(t *testing.T) {
	lines := logged(t, nil, func(l *slog.Logger) {
		l.Info("large", "field", strings.Repeat("\x01", 200_000))
		l.Info(strings.Repeat("\x01", 300_000))
	})
	if len(lines) != 2 || !strings.HasSuffix(lines[0], `"msg":"large","cut":true}`) || !strings.HasSuffix(lines[1], `\u0001","cut":true}`) {
		t.Errorf("got %.300q", lines)
	}
}

// Logging costs no memory.
func TestHandlerAllocates(t *testing.T) {
	p := open(t, publish.Config{Endpoint: "tcp://127.0.0.1:1", Shed: true, Buffer: publish.MinBuffer})
	l := slog.New(publish.NewHandler(p, "system", nil)).With("tenant", "acme").WithGroup("req")
	ctx := t.Context()
	log := func() {
		l.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("method", "GET"), slog.Int("status", 200), slog.Duration("took", time.Millisecond))
	}
	for range 20_000 {
		log()
	}
	most := 1.0
	if wait.Race { // a sync.Pool then loses a fourth of what it is given
		most = 4
	}
	if n := testing.AllocsPerRun(1000, log); n >= most {
		t.Errorf("%v allocations a record", n)
	}
}

func BenchmarkHandler(b *testing.B) {
	c, _ := start(b, consolidator.Config{})
	for _, shed := range []bool{false, true} {
		b.Run(fmt.Sprintf("shed=%t", shed), func(b *testing.B) {
			p := open(b, publish.Config{Endpoint: c.PublishAddrs()[0], Shed: shed, Linger: wait.Limit})
			l := slog.New(publish.NewHandler(p, "system", nil)).With("tenant", "acme")
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				l.LogAttrs(ctx, slog.LevelInfo, "request done", slog.String("method", "GET"), slog.Int("status", 200), slog.Duration("took", time.Millisecond))
			}
			s := finish(b, p)
			b.ReportMetric(float64(s.Shed)/float64(s.Published), "shed/op")
		})
	}
}
