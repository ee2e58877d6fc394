package recorder_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/recorder"
)

// script is a source that hands on what it was given, one batch each time.
type script struct {
	batches []*stream.Batch
	status  []stream.Status
	end     error                // what Take returns after the last batch; nil: it waits for its context
	before  func(taken int)      // called as Take begins
	tailed  map[string]int       // backfill by stream
	make    func() *stream.Batch // when not nil, makes one batch after the other
	taken   int
}

func (s *script) Tail(name string, from stream.Backfill) {
	if s.tailed == nil {
		s.tailed = make(map[string]int)
	}
	s.tailed[name] = from.Last
}

func (s *script) Status() []stream.Status { return s.status }

func (s *script) Take(ctx context.Context) (*stream.Batch, error) {
	if s.before != nil {
		s.before(s.taken)
	}
	s.taken++
	if s.make != nil {
		return s.make(), nil
	}
	if len(s.batches) == 0 {
		if s.end != nil {
			return nil, s.end
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	b := s.batches[0]
	s.batches = s.batches[1:]
	return b, nil
}

func bunyan(level int, msg string) string {
	return fmt.Sprintf(`{"v":0,"name":"api","hostname":"h","pid":1,"level":%d,"time":"2026-01-02T03:04:05.678Z","msg":%q}`, level, msg)
}

func of(streamName string, data ...string) []stream.Record {
	var records []stream.Record
	for _, d := range data {
		records = append(records, stream.Record{Stream: streamName, Source: "vm-1", Arrived: 1767323045678e6, Data: []byte(d)})
	}
	return records
}

func batch(records []stream.Record, notices ...stream.Notice) *stream.Batch {
	return &stream.Batch{Records: records, Notices: notices}
}

// run runs a recorder over a script that ends by itself, and returns what it
// wrote and what it told.
func run(t *testing.T, config recorder.PrinterConfig, source *script) (out, notices string, err error) {
	t.Helper()
	if source.end == nil {
		source.end = errEnd
	}
	var o, n bytes.Buffer
	config.Source, config.Out, config.Notices = source, &o, &n
	if config.Streams == nil {
		config.Streams = []string{"system"}
	}
	r, err := recorder.NewPrinter(config)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(t.Context())
	return o.String(), n.String(), err
}

var errEnd = errors.New("script is over")

func TestRecords(t *testing.T) {
	info, warn := bunyan(30, "all well"), bunyan(40, "less well")
	stack := `{"v":0,"name":"api","hostname":"h","pid":1,"level":50,"time":"2026-01-02T03:04:05.678Z","msg":"bad","err":{"stack":"Error\n  at x"}}`
	for _, tt := range []struct {
		name    string
		config  recorder.PrinterConfig
		batches []*stream.Batch
		want    string
		err     error
	}{
		{
			"short",
			recorder.PrinterConfig{},
			[]*stream.Batch{batch(of("system", info)), batch(of("system", warn))},
			"03:04:05.678Z  INFO api: all well\n03:04:05.678Z  WARN api: less well\n", errEnd,
		},
		{
			"long",
			recorder.PrinterConfig{Layout: record.LayoutLong},
			[]*stream.Batch{batch(of("system", info))},
			"[2026-01-02T03:04:05.678Z]  INFO: api/1 on h: all well\n", errEnd,
		},
		{
			"raw",
			recorder.PrinterConfig{Layout: record.LayoutRaw},
			[]*stream.Batch{batch(of("system", info, "plain \x1b text", "{\n\"a\":1}"))},
			info + "\nplain \x1b text\n{\"a\":1}\n", errEnd,
		},
		{
			"raw to a terminal",
			recorder.PrinterConfig{Layout: record.LayoutRaw, Style: record.Style{Terminal: true}},
			[]*stream.Batch{batch(of("system", "plain \x1b text"))},
			"plain ␛ text\n", errEnd,
		},
		{
			"json",
			recorder.PrinterConfig{Layout: record.LayoutJSON},
			[]*stream.Batch{batch(of("system", `{"a":[1]}`))},
			"{\n  \"a\": [\n    1\n  ]\n}\n", errEnd,
		},
		{
			"text has the time of its arrival",
			recorder.PrinterConfig{},
			[]*stream.Batch{batch(of("system", "plain text\n"))},
			"03:04:05.678Z  INFO unknown: plain text\n", errEnd,
		},
		{
			"filter",
			recorder.PrinterConfig{Filter: query.Filter{Level: record.Warn, Grep: regexp.MustCompile(`well`)}},
			[]*stream.Batch{batch(of("system", info, warn, stack))},
			"03:04:05.678Z  WARN api: less well\n", errEnd,
		},
		{
			"filter sees text as JSON",
			recorder.PrinterConfig{Filter: query.Filter{Grep: regexp.MustCompile(`"msg":"plain`)}},
			[]*stream.Batch{batch(of("system", "plain text"))},
			"03:04:05.678Z  INFO unknown: plain text\n", errEnd,
		},
		{
			"count, after the filter",
			recorder.PrinterConfig{Count: 2, Filter: query.Filter{Level: record.Warn}},
			[]*stream.Batch{batch(of("system", info, warn, info)), batch(of("system", warn, warn))},
			"03:04:05.678Z  WARN api: less well\n03:04:05.678Z  WARN api: less well\n", nil,
		},
		{
			"until, with the record that matches",
			recorder.PrinterConfig{Until: regexp.MustCompile(`"level":40`)},
			[]*stream.Batch{batch(of("system", info, warn, info))},
			"03:04:05.678Z  INFO api: all well\n03:04:05.678Z  WARN api: less well\n", nil,
		},
		{
			"until looks at what is written",
			recorder.PrinterConfig{Until: regexp.MustCompile(`"level":30`), Filter: query.Filter{Level: record.Warn}},
			[]*stream.Batch{batch(of("system", info, warn))},
			"03:04:05.678Z  WARN api: less well\n", errEnd,
		},
		{
			"several streams",
			recorder.PrinterConfig{Streams: []string{"system", "tenant/acme"}},
			[]*stream.Batch{batch(append(of("system", info), of("tenant/acme", stack)...))},
			"system      | 03:04:05.678Z  INFO api: all well\n" +
				"tenant/acme | 03:04:05.678Z ERROR api: bad\n" +
				"tenant/acme |     Error\n" +
				"tenant/acme |       at x\n", errEnd,
		},
		{
			"several streams with strange names",
			recorder.PrinterConfig{Streams: []string{"会", "a\u202e", strings.Repeat("x", 40)}},
			[]*stream.Batch{batch(append(of("会", info), of("a\u202e", info)...))},
			"会      | 03:04:05.678Z  INFO api: all well\n" +
				"a\\u202e | 03:04:05.678Z  INFO api: all well\n", errEnd,
		},
		{
			"several streams, raw",
			recorder.PrinterConfig{Streams: []string{"system", "tenant/acme"}, Layout: record.LayoutRaw},
			[]*stream.Batch{batch(append(of("system", info), of("tenant/acme", warn)...))},
			info + "\n" + warn + "\n", errEnd,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, notices, err := run(t, tt.config, &script{batches: tt.batches})
			if out != tt.want {
				t.Errorf("wrote\n%q, want\n%q", out, tt.want)
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("Run returned %v, want %v", err, tt.err)
			}
			if !strings.Contains(notices, "sluice: written=") {
				t.Errorf("notices are %q, without a total", notices)
			}
		})
	}
}

func TestNotices(t *testing.T) {
	gap := stream.Notice{Kind: stream.KindGap, Stream: "tenant/acme", Source: "vm-1", Hop: "consolidator", Reason: "reader too slow"}
	counted := func(n uint64, unknown bool) stream.Notice {
		g := gap
		g.Count, g.Unknown = n, unknown
		return g
	}
	state := func(name string, s stream.State, err string) stream.Notice {
		return stream.Notice{Kind: stream.KindState, Source: name, State: s, Err: err}
	}
	for _, tt := range []struct {
		name    string
		notices []stream.Notice
		want    string
	}{
		{"none", nil, "written=0 lost=0"},
		{"gap", []stream.Notice{counted(1203, false)}, "1,203 records of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=1203"},
		{"gap of one", []stream.Notice{counted(1, false)}, "1 record of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=1"},
		{"large gap", []stream.Notice{counted(1234567, false)}, "1,234,567 records of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=1234567"},
		{"unknown gap", []stream.Notice{counted(0, true)}, "an unknown number of records of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=0 unknown-gaps=1"},
		{"both", []stream.Notice{counted(100, true)}, "100 records and an unknown number more of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=100 unknown-gaps=1"},
		{"several", []stream.Notice{counted(1, false), counted(2, true), counted(0, true)}, "1 record of tenant/acme lost at the consolidator vm-1: reader too slow|2 records and an unknown number more of tenant/acme lost at the consolidator vm-1: reader too slow|an unknown number of records of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=3 unknown-gaps=2"},
		{"network", []stream.Notice{{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Hop: "network", Count: 2}}, "2 records of s lost on the way from vm-1|written=0 lost=2"},
		{"proxy", []stream.Notice{{Kind: stream.KindGap, Stream: "s", Hop: "proxy", Count: 2, Reason: "x"}}, "2 records of s lost at the proxy: x|written=0 lost=2"},
		{"states", []stream.Notice{
			state("vm-2", stream.StateConnecting, ""),
			state("vm-2", stream.StateConnecting, "connection refused"),
			state("vm-2", stream.StateConnecting, "connection refused"),
			state("vm-1", stream.StateUnaccounted, ""),
			state("vm-2", stream.StateLive, ""),
			state("vm-2", stream.StateLive, ""),
			state("vm-2", stream.StateLost, "reset by peer"),
			state("vm-2", stream.StateLost, ""),
			state("vm-2", stream.StateLive, ""),
		}, "vm-2 not had yet: connection refused; trying again|vm-1 live, but it cannot tell what is lost|vm-2 live|vm-2 lost: reset by peer; trying again|vm-2 lost; trying again|vm-2 live|written=0 lost=0"},
		{"backfill", []stream.Notice{{Kind: stream.KindBackfill, Stream: "system"}}, "written=0 lost=0"},
		{"hostile", []stream.Notice{
			state("\x1b[2J", stream.StateLost, "\n\u202e"),
			{Kind: stream.KindGap, Stream: "\x1b", Source: "\x1b", Hop: "\x1b", Reason: "\n", Count: 1},
		}, `␛[2J lost: ␊\u202e; trying again|1 record of ␛ lost at the ␛ ␛: ␊|written=0 lost=1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got, _ := run(t, recorder.PrinterConfig{}, &script{batches: []*stream.Batch{batch(nil, tt.notices...)}})
			want := "sluice: " + strings.ReplaceAll(tt.want, "|", "\nsluice: ") + "\n"
			if got != want {
				t.Errorf("told\n%s, want\n%s", got, want)
			}
		})
	}
}

// A notice stands where it belongs among the records, and a gap that comes
// after the last record asked for is not counted.
func TestOrderOfRecordsAndNotices(t *testing.T) {
	gap := func(at int, n uint64) stream.Notice {
		return stream.Notice{At: at, Kind: stream.KindGap, Stream: "s", Count: n}
	}
	both := new(bytes.Buffer)
	r, err := recorder.NewPrinter(recorder.PrinterConfig{
		Source: &script{batches: []*stream.Batch{
			batch(of("s", "a", "b", "c"), gap(0, 1), gap(1, 2), gap(1, 3), gap(3, 4)),
			batch(of("s", "d", "e"), gap(1, 5)),
		}},
		Streams: []string{"s"}, Out: both, Notices: both, Layout: record.LayoutRaw, Count: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "sluice: 1 record of s lost\na\nsluice: 2 records of s lost\nsluice: 3 records of s lost\nb\nc\nsluice: 4 records of s lost\nd\nsluice: written=4 lost=10\n"
	if got := both.String(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestEachLineIsOutBeforeTheNextWait(t *testing.T) {
	var out bytes.Buffer
	source := &script{batches: []*stream.Batch{batch(of("s", "a")), batch(of("s", "b", "c"))}, end: errEnd}
	source.before = func(taken int) {
		if got, want := out.String(), []string{"", "a\n", "a\nb\nc\n"}[taken]; got != want {
			t.Errorf("before taking batch %d: %q is out, want %q", taken, got, want)
		}
	}
	r, err := recorder.NewPrinter(recorder.PrinterConfig{Source: source, Streams: []string{"s"}, Out: &out, Layout: record.LayoutRaw})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); !errors.Is(err, errEnd) {
		t.Errorf("Run returned %v", err)
	}
	if source.taken != 3 {
		t.Errorf("%d batches were taken, want 3", source.taken)
	}
}

func TestTails(t *testing.T) {
	source := &script{}
	_, _, _ = run(t, recorder.PrinterConfig{Streams: []string{"system", "tenant/acme"}, Last: 7}, source)
	if len(source.tailed) != 2 || source.tailed["system"] != 7 || source.tailed["tenant/acme"] != 7 {
		t.Errorf("tailed %v", source.tailed)
	}
}

func TestTimeRunsOut(t *testing.T) {
	status := func(states ...stream.State) (all []stream.Status) {
		for i, s := range states {
			all = append(all, stream.Status{Name: fmt.Sprintf("vm-%d", i+1), State: s})
		}
		return all
	}
	proxy := func(s stream.State, behind ...stream.State) []stream.Status {
		return append(status(behind...), stream.Status{Name: "127.0.0.1:5580", Proxy: true, State: s, Err: "connection\nrefused"})
	}
	until := regexp.MustCompile("never")
	for _, tt := range []struct {
		name   string
		status []stream.Status
		config recorder.PrinterConfig
		want   error
		says   string
	}{
		{"nothing else asked", status(stream.StateLive), recorder.PrinterConfig{}, nil, ""},
		{"unaccounted is had", status(stream.StateUnaccounted), recorder.PrinterConfig{}, nil, ""},
		{"one of two is had", status(stream.StateLost, stream.StateLive), recorder.PrinterConfig{}, nil, ""},
		{"count not met", status(stream.StateLive), recorder.PrinterConfig{Count: 10}, recorder.ErrNotMet, "time ran out: 1 of 10 records came in 3s"},
		{"until not met", status(stream.StateLive), recorder.PrinterConfig{Until: until}, recorder.ErrNotMet, `time ran out: no record that matches "never" came in 3s`},
		{"never had", status(stream.StateConnecting), recorder.PrinterConfig{}, recorder.ErrNotHad, "no source is connected: vm-1 was never had; start it, or name another"},
		{"never had, count", status(stream.StateConnecting), recorder.PrinterConfig{Count: 10}, recorder.ErrNotHad, ""},
		{"lost", status(stream.StateLost, stream.StateConnecting), recorder.PrinterConfig{}, recorder.ErrNotHad, "vm-1 was lost, vm-2 was never had"},
		{"no source", nil, recorder.PrinterConfig{}, recorder.ErrNotHad, "there is none"},
		{"proxy", proxy(stream.StateLive), recorder.PrinterConfig{}, nil, ""},
		{"proxy and consolidator", proxy(stream.StateLive, stream.StateLive), recorder.PrinterConfig{}, nil, ""},
		{"proxy without its consolidators", proxy(stream.StateLive, stream.StateLost), recorder.PrinterConfig{}, recorder.ErrNotHad, "vm-1 was lost, 127.0.0.1:5580 is live"},
		{"proxy lost", proxy(stream.StateLost, stream.StateLive), recorder.PrinterConfig{}, recorder.ErrNotHad, "127.0.0.1:5580 was lost (connection␊refused)"},
		{"many", status(make([]stream.State, 9)...), recorder.PrinterConfig{}, recorder.ErrNotHad, "vm-5 was never had, and 4 more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := tt.config
				config.Source = &script{batches: []*stream.Batch{batch(of("s", "a"))}, status: tt.status}
				config.Streams, config.Out, config.For = []string{"s"}, io.Discard, 3*time.Second
				r, err := recorder.NewPrinter(config)
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				err = r.Run(t.Context())
				if took := time.Since(start); took != 3*time.Second {
					t.Errorf("took %v", took)
				}
				if !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
					t.Fatalf("Run returned %v, want %v", err, tt.want)
				}
				if err != nil && !strings.Contains(err.Error(), tt.says) {
					t.Errorf("Run returned %q, want %q in it", err, tt.says)
				}
			})
		})
	}
}

// A stream that never pauses does not outrun the time.
func TestTimeRunsOutUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &script{status: []stream.Status{{State: stream.StateLive}}}
		source.make = func() *stream.Batch {
			time.Sleep(150 * time.Millisecond) // of the bubble's clock: what the taking takes
			return batch(of("s", "a"))
		}
		r, err := recorder.NewPrinter(recorder.PrinterConfig{Source: source, Streams: []string{"s"}, Out: io.Discard, For: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context()); err != nil {
			t.Errorf("Run returned %v", err)
		}
		if source.taken != 7 {
			t.Errorf("%d batches were taken, want 7", source.taken)
		}
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var out, notices bytes.Buffer
		r, err := recorder.NewPrinter(recorder.PrinterConfig{
			Source:  &script{batches: []*stream.Batch{batch(of("s", "a"))}},
			Streams: []string{"s"}, Out: &out, Notices: &notices, Count: 2, For: time.Hour, Layout: record.LayoutRaw,
		})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, cancel)
		if err := r.Run(ctx); err != nil {
			t.Errorf("Run returned %v, want nil", err)
		}
		if out.String() != "a\n" || notices.String() != "sluice: written=1 lost=0\n" {
			t.Errorf("wrote %q, told %q", out.String(), notices.String())
		}
	})
}

// What becomes of the output is what becomes of the recording: a reader that
// went away ends it quietly, an error is told.
func TestOutputThatFails(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	read.Close()
	errFull := errors.New("disk is full")
	for _, tt := range []struct {
		name    string
		out     io.Writer
		lost    uint64
		want    error
		notices string
	}{
		{"closed pipe", write, 0, nil, ""},
		{"closed pipe, with losses", write, 3, nil, "sluice: 3 records of s lost\nsluice: written=0 lost=3 unwritten=1\n"},
		{"another error", failing{errFull}, 0, errFull, "sluice: written=0 lost=0 unwritten=1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []stream.Notice
			if tt.lost > 0 {
				all = append(all, stream.Notice{Kind: stream.KindGap, Stream: "s", Count: tt.lost})
			}
			var notices bytes.Buffer
			r, err := recorder.NewPrinter(recorder.PrinterConfig{
				Source:  &script{batches: []*stream.Batch{batch(of("s", "a"), all...)}},
				Streams: []string{"s"}, Out: tt.out, Notices: &notices,
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Run(t.Context()); !errors.Is(err, tt.want) {
				t.Errorf("Run returned %v, want %v", err, tt.want)
			}
			if notices.String() != tt.notices {
				t.Errorf("told %q, want %q", notices.String(), tt.notices)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestNewPrinterChecks(t *testing.T) {
	good := recorder.PrinterConfig{Source: &script{}, Streams: []string{"s"}, Out: io.Discard}
	if _, err := recorder.NewPrinter(good); err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*recorder.PrinterConfig){
		"source is missing":    func(c *recorder.PrinterConfig) { c.Source = nil },
		"output is missing":    func(c *recorder.PrinterConfig) { c.Out = nil },
		"no stream is named":   func(c *recorder.PrinterConfig) { c.Streams = nil },
		`stream ""`:            func(c *recorder.PrinterConfig) { c.Streams = []string{"s", ""} },
		"last -1 is negative":  func(c *recorder.PrinterConfig) { c.Last = -1 },
		"count -1 is negative": func(c *recorder.PrinterConfig) { c.Count = -1 },
		"-1s is negative":      func(c *recorder.PrinterConfig) { c.For = -time.Second },
		"layout Layout(9)":     func(c *recorder.PrinterConfig) { c.Layout = 9 },
	} {
		config := good
		spoil(&config)
		if _, err := recorder.NewPrinter(config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New returned %v, want %q in it", err, says)
		}
	}
}
