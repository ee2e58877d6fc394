package publish_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
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

type stacked struct{ error }

func (s stacked) Format(f fmt.State, _ rune) {
	fmt.Fprint(f, s.Error(), "\nmain.main\n\t/src/main.go:7")
}

type broken struct{ name string }

func (b *broken) Error() string { return b.name } // panics when b is nil

type quotes struct{ A string }

func (q *quotes) MarshalJSON() ([]byte, error) { panic("no") }

// The whole of a record, byte for byte.
func TestHandler(t *testing.T) {
	at := time.Date(2026, 3, 1, 13, 0, 0, 123456789, time.FixedZone("", 3600))
	var nilError *broken
	for _, test := range []struct {
		level slog.Level
		attrs []slog.Attr
		want  string // behind msg
	}{
		{slog.LevelInfo, nil, `30 hello`},
		{slog.LevelDebug, nil, `20 hello`},
		{slog.LevelWarn, nil, `40 hello`},
		{slog.LevelError, nil, `50 hello`},
		{slog.LevelInfo + 2, nil, `35 hello`},
		{-100, nil, `10 hello`},
		{12, nil, `60 hello`},
		{100, nil, `60 hello`},
		{0, []slog.Attr{
			slog.String("s", "a\"b\\c\n\t\x01\u2028\xffz"), slog.Int("i", -1), slog.Uint64("u", math.MaxUint64), slog.Bool("b", true),
			slog.Float64("f", 1.5), slog.Float64("big", 1e30), slog.Float64("nan", math.NaN()), slog.Duration("d", time.Second), slog.Time("at", at), slog.Any("nil", nil),
		}, `30 hello,"s":"a\"b\\c\n\t\u0001\u2028` + "\ufffd" + `z","i":-1,"u":18446744073709551615,"b":true,"f":1.5,"big":1e+30,"nan":"NaN","d":1000000000,"at":"2026-03-01T13:00:00.123456789+01:00","nil":null`},
		{0, []slog.Attr{slog.Any("m", map[string]any{"<": []int{1}}), slog.Any("raw", json.RawMessage("{\n\"a\": 1}")), slog.Any("bad", func() {})}, `30 hello,"m":{"<":[1]},"raw":{"a":1},"bad":"!ERROR: json: unsupported type: func()"`},
		{0, []slog.Attr{slog.Any("q", &quotes{}), slog.Any("nilerr", nilError), slog.Any("nilq", (*quotes)(nil))}, `30 hello,"q":"!PANIC: no","nilerr":null,"nilq":null`},
		{50, []slog.Attr{slog.Any("error", errors.New("down")), slog.Any("cause", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}), slog.String("error", "text")}, `60 hello,"err":{"message":"down","name":"Error"},"cause":{"message":"open x: file does not exist","name":"fs.PathError"},"error":"text"`},
		{0, []slog.Attr{slog.Any("err", stacked{errors.New("down")})}, `30 hello,"err":{"message":"down","name":"publish_test.stacked","stack":"down\nmain.main\n\t/src/main.go:7"}`},
		{0, []slog.Attr{slog.String("name", "bob"), slog.Int("pid", 1), slog.Group("level", "x", 1), slog.Group("g", "name", "bob", "error", errors.New("e"))}, `30 hello,"fields.name":"bob","fields.pid":1,"fields.level":{"x":1},"g":{"name":"bob","error":{"message":"e","name":"Error"}}`},
		{0, []slog.Attr{slog.Group("empty"), {}, slog.Group("", slog.Int("inline", 1)), slog.Group("a", slog.Group("b", slog.Int("c", 1), slog.Group("none")))}, `30 hello,"inline":1,"a":{"b":{"c":1}}`},
	} {
		lines := logged(t, &publish.HandlerOptions{Name: `my "app"`, Hostname: "vm-1", Level: slog.Level(-200)}, func(l *slog.Logger) {
			r := slog.NewRecord(at, test.level, "hello", 0)
			r.AddAttrs(test.attrs...)
			if err := l.Handler().Handle(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
		level, rest, _ := strings.Cut(test.want, " hello")
		want := fmt.Sprintf(`{"v":0,"name":"my \"app\"","hostname":"vm-1","pid":%d,"level":%s,"time":"2026-03-01T12:00:00.123Z","msg":"hello"%s}`, os.Getpid(), level, rest)
		if lines[0] != want {
			t.Errorf("got  %s\nwant %s", lines[0], want)
		}
	}
}

// With and WithGroup, in all orders, do not disturb one another.
func TestHandlerWith(t *testing.T) {
	lines := logged(t, nil, func(l *slog.Logger) {
		a := l.With("a", 1, slog.Group("none"))
		a.WithGroup("g").Info("one")
		a.WithGroup("g").With(slog.Group("none")).Info("two", "x", 1)
		b := a.WithGroup("g").WithGroup("h").With("b", 2)
		b.Info("three")
		b.WithGroup("i").Info("four", "c", 3)
		b.With("d", 4).Info("five", "e", 5)
		a.With("name", "bob").Info("six")
		l.WithGroup("msg").WithGroup("msg").Info("seven", "time", 1)
		l.Debug("not this")
	})
	want := []string{
		`"msg":"one","a":1}`,
		`"msg":"two","a":1,"g":{"x":1}}`,
		`"msg":"three","a":1,"g":{"h":{"b":2}}}`,
		`"msg":"four","a":1,"g":{"h":{"b":2,"i":{"c":3}}}}`,
		`"msg":"five","a":1,"g":{"h":{"b":2,"d":4,"e":5}}}`,
		`"msg":"six","a":1,"fields.name":"bob"}`,
		`"msg":"seven","fields.msg":{"msg":{"time":1}}}`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d records, want %d", len(lines), len(want))
	}
	for i := range want {
		if !strings.HasSuffix(lines[i], want[i]) {
			t.Errorf("got %s\nwant …%s", lines[i], want[i])
		}
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

func TestHandlerSource(t *testing.T) {
	lines := logged(t, &publish.HandlerOptions{AddSource: true}, func(l *slog.Logger) { l.Info("here") })
	if !strings.Contains(lines[0], `handler_test.go","line":`) {
		t.Errorf("got %s", lines[0])
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
	if n := testing.AllocsPerRun(1000, log); n >= 1 {
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
