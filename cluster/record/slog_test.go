package record_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"os"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"sluice/cluster/record"
)

// handler is a slog.Handler that keeps what an Encoder writes.
type handler struct {
	encoder *record.Encoder
	lines   *[]string
}

func (h handler) Enabled(context.Context, slog.Level) bool { return true }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	*h.lines = append(*h.lines, string(h.encoder.Append([]byte("before"), &r)[len("before"):]))
	return nil
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.encoder.WithAttrs(attrs), h.lines}
}

func (h handler) WithGroup(name string) slog.Handler {
	return handler{h.encoder.WithGroup(name), h.lines}
}

// logged is what a function logs through an Encoder.
func logged(t *testing.T, options record.EncoderOptions, do func(*slog.Logger)) (lines []string) {
	t.Helper()
	do(slog.New(handler{record.NewEncoder(options), &lines}))
	for _, line := range lines {
		if !record.IsLine([]byte(line)) {
			t.Errorf("no line of JSON: %q", line)
		}
	}
	return lines
}

func TestSlogtest(t *testing.T) {
	var lines []string
	err := slogtest.TestHandler(handler{record.NewEncoder(record.EncoderOptions{}), &lines}, func() (results []map[string]any) {
		for _, line := range lines {
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
func TestEncoder(t *testing.T) {
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
			slog.String("s", "a\"b\\c\n\t\x01\u2028\u0085\xffz"), slog.Int("i", -1), slog.Uint64("u", math.MaxUint64), slog.Bool("b", true),
			slog.Float64("f", 1.5), slog.Float64("big", 1e30), slog.Float64("nan", math.NaN()), slog.Duration("d", time.Second), slog.Time("at", at), slog.Any("nil", nil),
		}, `30 hello,"s":"a\"b\\c\n\t\u0001\u2028\u0085` + "\ufffd" + `z","i":-1,"u":18446744073709551615,"b":true,"f":1.5,"big":1e+30,"nan":"NaN","d":1000000000,"at":"2026-03-01T13:00:00.123456789+01:00","nil":null`},
		{0, []slog.Attr{slog.Any("m", map[string]any{"<": []int{1}}), slog.Any("raw", json.RawMessage("{\n\"a\": \"1\u0085\"}")), slog.Any("bad", func() {})}, `30 hello,"m":{"<":[1]},"raw":{"a":"1\u0085"},"bad":"!ERROR: json: unsupported type: func()"`},
		{0, []slog.Attr{slog.Any("q", &quotes{}), slog.Any("nilerr", nilError), slog.Any("nilq", (*quotes)(nil))}, `30 hello,"q":"!PANIC: no","nilerr":null,"nilq":null`},
		{50, []slog.Attr{slog.Any("error", errors.New("down")), slog.Any("cause", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}), slog.String("error", "text")}, `60 hello,"err":{"message":"down","name":"Error"},"cause":{"message":"open x: file does not exist","name":"fs.PathError"},"error":"text"`},
		{0, []slog.Attr{slog.Any("err", stacked{errors.New("down")})}, `30 hello,"err":{"message":"down","name":"record_test.stacked","stack":"down\nmain.main\n\t/src/main.go:7"}`},
		{0, []slog.Attr{slog.String("name", "bob"), slog.Int("pid", 1), slog.Group("level", "x", 1), slog.Group("g", "name", "bob", "error", errors.New("e"))}, `30 hello,"fields.name":"bob","fields.pid":1,"fields.level":{"x":1},"g":{"name":"bob","error":{"message":"e","name":"Error"}}`},
		{0, []slog.Attr{slog.Group("empty"), {}, slog.Group("", slog.Int("inline", 1)), slog.Group("a", slog.Group("b", slog.Int("c", 1), slog.Group("none")))}, `30 hello,"inline":1,"a":{"b":{"c":1}}`},
	} {
		lines := logged(t, record.EncoderOptions{Name: `my "app"`, Hostname: "vm-1"}, func(l *slog.Logger) {
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
func TestEncoderWith(t *testing.T) {
	lines := logged(t, record.EncoderOptions{}, func(l *slog.Logger) {
		a := l.With("a", 1, slog.Group("none"))
		a.WithGroup("g").Info("one")
		a.WithGroup("g").With(slog.Group("none")).Info("two", "x", 1)
		b := a.WithGroup("g").WithGroup("h").With("b", 2)
		b.Info("three")
		b.WithGroup("i").Info("four", "c", 3)
		b.With("d", 4).Info("five", "e", 5)
		a.With("name", "bob").Info("six")
		l.WithGroup("msg").WithGroup("msg").Info("seven", "time", 1)
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

func TestEncoderSource(t *testing.T) {
	lines := logged(t, record.EncoderOptions{Source: true}, func(l *slog.Logger) { l.Info("here") })
	if !strings.Contains(lines[0], `slog_test.go","line":`) {
		t.Errorf("got %s", lines[0])
	}
}

// Errors and addresses may stand as text, under their keys.
func TestEncoderPlain(t *testing.T) {
	lines := logged(t, record.EncoderOptions{Plain: true}, func(l *slog.Logger) {
		l.With("peer", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}).Info("m", "error", errors.New("down"), "n", 1, slog.Group("g", "error", os.ErrNotExist))
	})
	if want := `"msg":"m","peer":"127.0.0.1:80","error":"down","n":1,"g":{"error":"file does not exist"}}`; !strings.HasSuffix(lines[0], want) {
		t.Errorf("got %s\nwant …%s", lines[0], want)
	}
}

func TestEncoderCuts(t *testing.T) {
	r := slog.NewRecord(time.Now(), slog.LevelInfo, strings.Repeat("\x01", 300_000), 0)
	r.AddAttrs(slog.Int("field", 1))
	line := record.NewEncoder(record.EncoderOptions{Name: "app"}).AppendCut(nil, &r)
	if len(line) > 200<<10 || !record.IsLine(line) || !strings.HasSuffix(string(line), `\u0001","cut":true}`) {
		t.Errorf("%d bytes: %.200q", len(line), line)
	}
}

func TestEncoderAllocates(t *testing.T) {
	e := record.NewEncoder(record.EncoderOptions{Name: "app"}).WithAttrs([]slog.Attr{slog.String("tenant", "acme")}).WithGroup("req")
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "request done", 0)
	r.AddAttrs(slog.String("method", "GET"), slog.Int("status", 200), slog.Duration("took", time.Millisecond))
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(1000, func() { e.Append(buf, &r) }); n >= 1 {
		t.Errorf("%v allocations a record", n)
	}
}
