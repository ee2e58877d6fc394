package printer_test

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

	"sluice/cluster/loss"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/internal/script"
	"sluice/headless/printer"
)

// run runs a printer over a script that ends by itself, and returns what it
// wrote and its notices.
func run(t *testing.T, config printer.Config, source *script.Source) (out, notices string, err error) {
	t.Helper()
	if source.End == nil {
		source.End = script.ErrOver
	}
	var o, n bytes.Buffer
	config.Source, config.Out, config.Notices = source, &o, &n
	if config.Streams == nil {
		config.Streams = []string{"system"}
	}
	r, err := printer.New(config)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(t.Context())
	return o.String(), n.String(), err
}

func TestRecords(t *testing.T) {
	info, warn := script.Bunyan(30, "all well"), script.Bunyan(40, "less well")
	stack := `{"v":0,"name":"api","hostname":"h","pid":1,"level":50,"time":"2026-01-02T03:04:05.678Z","msg":"bad","err":{"stack":"Error\n  at x"}}`
	for _, tt := range []struct {
		name    string
		config  printer.Config
		batches []*stream.Batch
		want    string
		err     error
	}{
		{
			"short",
			printer.Config{},
			[]*stream.Batch{script.Batch(script.Records("system", info)), script.Batch(script.Records("system", warn))},
			"03:04:05.678Z  INFO api: all well\n03:04:05.678Z  WARN api: less well\n", script.ErrOver,
		},
		{
			"long",
			printer.Config{Layout: record.LayoutLong},
			[]*stream.Batch{script.Batch(script.Records("system", info))},
			"[2026-01-02T03:04:05.678Z]  INFO: api/1 on h: all well\n", script.ErrOver,
		},
		{
			"raw",
			printer.Config{Layout: record.LayoutRaw},
			[]*stream.Batch{script.Batch(script.Records("system", info, "plain \x1b text", "{\n\"a\":1}"))},
			info + "\nplain \x1b text\n{\"a\":1}\n", script.ErrOver,
		},
		{
			"raw to a terminal",
			printer.Config{Layout: record.LayoutRaw, Style: record.Style{Terminal: true}},
			[]*stream.Batch{script.Batch(script.Records("system", "plain \x1b text"))},
			"plain ␛ text\n", script.ErrOver,
		},
		{
			"json",
			printer.Config{Layout: record.LayoutJSON},
			[]*stream.Batch{script.Batch(script.Records("system", `{"a":[1]}`))},
			"{\n  \"a\": [\n    1\n  ]\n}\n", script.ErrOver,
		},
		{
			"text has the time of its arrival",
			printer.Config{},
			[]*stream.Batch{script.Batch(script.Records("system", "plain text\n"))},
			"03:04:05.678Z  INFO unknown: plain text\n", script.ErrOver,
		},
		{
			"filter",
			printer.Config{Filter: query.Filter{Level: record.Warn, Grep: regexp.MustCompile(`well`)}},
			[]*stream.Batch{script.Batch(script.Records("system", info, warn, stack))},
			"03:04:05.678Z  WARN api: less well\n", script.ErrOver,
		},
		{
			"filter sees text as JSON",
			printer.Config{Filter: query.Filter{Grep: regexp.MustCompile(`"msg":"plain`)}},
			[]*stream.Batch{script.Batch(script.Records("system", "plain text"))},
			"03:04:05.678Z  INFO unknown: plain text\n", script.ErrOver,
		},
		{
			"count, after the filter",
			printer.Config{Count: 2, Filter: query.Filter{Level: record.Warn}},
			[]*stream.Batch{script.Batch(script.Records("system", info, warn, info)), script.Batch(script.Records("system", warn, warn))},
			"03:04:05.678Z  WARN api: less well\n03:04:05.678Z  WARN api: less well\n", nil,
		},
		{
			"until, with the record that matches",
			printer.Config{Until: regexp.MustCompile(`"level":40`)},
			[]*stream.Batch{script.Batch(script.Records("system", info, warn, info))},
			"03:04:05.678Z  INFO api: all well\n03:04:05.678Z  WARN api: less well\n", nil,
		},
		{
			"until looks at what is written",
			printer.Config{Until: regexp.MustCompile(`"level":30`), Filter: query.Filter{Level: record.Warn}},
			[]*stream.Batch{script.Batch(script.Records("system", info, warn))},
			"03:04:05.678Z  WARN api: less well\n", script.ErrOver,
		},
		{
			"several streams",
			printer.Config{Streams: []string{"system", "tenant/acme"}},
			[]*stream.Batch{script.Batch(append(script.Records("system", info), script.Records("tenant/acme", stack)...))},
			"system      | 03:04:05.678Z  INFO api: all well\n" +
				"tenant/acme | 03:04:05.678Z ERROR api: bad\n" +
				"tenant/acme |     Error\n" +
				"tenant/acme |       at x\n", script.ErrOver,
		},
		{
			"several streams with strange names",
			printer.Config{Streams: []string{"会", "a\u202e", strings.Repeat("x", 40)}},
			[]*stream.Batch{script.Batch(append(script.Records("会", info), script.Records("a\u202e", info)...))},
			"会      | 03:04:05.678Z  INFO api: all well\n" +
				"a\\u202e | 03:04:05.678Z  INFO api: all well\n", script.ErrOver,
		},
		{
			"several streams, raw",
			printer.Config{Streams: []string{"system", "tenant/acme"}, Layout: record.LayoutRaw},
			[]*stream.Batch{script.Batch(append(script.Records("system", info), script.Records("tenant/acme", warn)...))},
			info + "\n" + warn + "\n", script.ErrOver,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, notices, err := run(t, tt.config, &script.Source{Batches: tt.batches})
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

// What a source had that is not there at the end is not known, nor what it lost.
func TestTotalOfSourcesAtTheEnd(t *testing.T) {
	for state, want := range map[stream.State]string{
		stream.StateLive: "lost=3", stream.StateLost: "lost=3+unknown", stream.StateConnecting: "lost=3+unknown",
		stream.StateUnaccounted: "lost=3+unknown", stream.StateUnknown: "lost=3+unknown",
	} {
		gap := stream.Notice{Kind: stream.KindGap, Stream: "s", Count: 3}
		_, got, _ := run(t, printer.Config{}, &script.Source{
			Batches: []*stream.Batch{script.Batch(nil, gap)},
			States:  []stream.Status{{Name: "vm-1", State: stream.StateLive}, {Name: "vm-2", State: state}},
		})
		if !strings.HasSuffix(got, "sluice: written=0 "+want+"\n") {
			t.Errorf("with a source that is %s: %q", state, got)
		}
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
		{"unknown gap", []stream.Notice{counted(0, true)}, "an unknown number of records of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=unknown unknown-gaps=1"},
		{"both", []stream.Notice{counted(100, true)}, "100 records and an unknown number more of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=100+unknown unknown-gaps=1"},
		{"several", []stream.Notice{counted(1, false), counted(2, true), counted(0, true)}, "1 record of tenant/acme lost at the consolidator vm-1: reader too slow|2 records and an unknown number more of tenant/acme lost at the consolidator vm-1: reader too slow|an unknown number of records of tenant/acme lost at the consolidator vm-1: reader too slow|written=0 lost=3+unknown unknown-gaps=2"},
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
		}, "vm-2 not reached yet: connection refused; trying again|vm-1 live, but it cannot tell what is lost|vm-2 live|vm-2 lost: reset by peer; trying again|vm-2 lost; trying again|vm-2 live|written=0 lost=unknown"},
		{"stream refused", []stream.Notice{
			{Kind: stream.KindRefused, Stream: "s", Source: "proxy", Err: "403 Forbidden"},
		}, "proxy does not give s: 403 Forbidden; trying again|written=0 lost=unknown"},
		{"stream refused and given", []stream.Notice{
			{Kind: stream.KindRefused, Stream: "s", Source: "proxy", Err: "403 Forbidden"},
			{Kind: stream.KindRefused, Stream: "s", Source: "proxy"},
		}, "proxy does not give s: 403 Forbidden; trying again|proxy gives s now|written=0 lost=0"},
		{"refused", []stream.Notice{{Kind: stream.KindGap, Stream: "system", Source: "vm-1", Hop: loss.AtConsolidator, Count: 1, Reason: loss.TooLarge}}, "1 record of system lost at the consolidator vm-1: larger than 256 KiB|written=0 lost=1"},
		{"away", []stream.Notice{{Kind: stream.KindAway, Source: "vm-2", Away: 6 * time.Second}}, "vm-2 was away 6 s; what its publishers dropped meanwhile is unknown|written=0 lost=0"},
		{"stood still", []stream.Notice{{Kind: stream.KindAway, Source: "vm-2", Away: 2500 * time.Millisecond, Stood: true}}, "vm-2 stood still for 2.5 s; what its publishers dropped meanwhile is unknown|written=0 lost=0"},
		{"backfill", []stream.Notice{{Kind: stream.KindBackfill, Stream: "system"}}, "written=0 lost=0"},
		{"hostile", []stream.Notice{
			state("\x1b[2J", stream.StateLost, "\n\u202e"),
			{Kind: stream.KindGap, Stream: "\x1b", Source: "\x1b", Hop: "\x1b", Reason: "\n", Count: 1},
		}, `␛[2J lost: ␊\u202e; trying again|1 record of ␛ lost at the ␛ ␛: ␊|written=0 lost=1`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got, _ := run(t, printer.Config{}, &script.Source{Batches: []*stream.Batch{script.Batch(nil, tt.notices...)}})
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
	r, err := printer.New(printer.Config{
		Source: &script.Source{Batches: []*stream.Batch{
			script.Batch(script.Records("s", "a", "b", "c"), gap(0, 1), gap(1, 2), gap(1, 3), gap(3, 4)),
			script.Batch(script.Records("s", "d", "e"), gap(1, 5)),
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
	source := &script.Source{Batches: []*stream.Batch{script.Batch(script.Records("s", "a")), script.Batch(script.Records("s", "b", "c"))}, End: script.ErrOver}
	source.Before = func(taken int) {
		if got, want := out.String(), []string{"", "a\n", "a\nb\nc\n"}[taken]; got != want {
			t.Errorf("before taking batch %d: %q is out, want %q", taken, got, want)
		}
	}
	r, err := printer.New(printer.Config{Source: source, Streams: []string{"s"}, Out: &out, Layout: record.LayoutRaw})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); !errors.Is(err, script.ErrOver) {
		t.Errorf("Run returned %v", err)
	}
	if source.Taken != 3 {
		t.Errorf("%d batches were taken, want 3", source.Taken)
	}
}

func TestTails(t *testing.T) {
	source := &script.Source{}
	_, _, _ = run(t, printer.Config{Streams: []string{"system", "tenant/acme"}, Last: 7}, source)
	if len(source.Tailed) != 2 || source.Tailed["system"] != 7 || source.Tailed["tenant/acme"] != 7 {
		t.Errorf("tailed %v", source.Tailed)
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
	refusing := func(text string) []stream.Status {
		return []stream.Status{{Name: "127.0.0.1:5580", Proxy: true, State: stream.StateConnecting, Err: text}}
	}
	until := regexp.MustCompile("never")
	for _, tt := range []struct {
		name   string
		status []stream.Status
		config printer.Config
		want   error
		says   string
	}{
		{"nothing else asked", status(stream.StateLive), printer.Config{}, nil, ""},
		{"unaccounted is had", status(stream.StateUnaccounted), printer.Config{}, nil, ""},
		{"one of two is had", status(stream.StateLost, stream.StateLive), printer.Config{}, nil, ""},
		{"count not met", status(stream.StateLive), printer.Config{Count: 10}, headless.ErrNotMet, "time ran out: 1 of 10 records came in 3s"},
		{"until not met", status(stream.StateLive), printer.Config{Until: until}, headless.ErrNotMet, `time ran out: no record that matches "never" came in 3s`},
		{"never reached", status(stream.StateConnecting), printer.Config{}, headless.ErrNotConnected, "no source is connected: vm-1 was never reached; start it, or name another"},
		{"never reached, count", status(stream.StateConnecting), printer.Config{Count: 10}, headless.ErrNotConnected, ""},
		{"lost", status(stream.StateLost, stream.StateConnecting), printer.Config{}, headless.ErrNotConnected, "vm-1 was lost, vm-2 was never reached"},
		{"no source", nil, printer.Config{}, headless.ErrNotConnected, "there is none"},
		{"proxy", proxy(stream.StateLive), printer.Config{}, nil, ""},
		{"proxy and consolidator", proxy(stream.StateLive, stream.StateLive), printer.Config{}, nil, ""},
		{"proxy without its consolidators", proxy(stream.StateLive, stream.StateLost), printer.Config{}, headless.ErrNotConnected, "vm-1 was lost, 127.0.0.1:5580 is live"},
		{"proxy lost", proxy(stream.StateLost, stream.StateLive), printer.Config{}, headless.ErrNotConnected, "127.0.0.1:5580 was lost (connection␊refused)"},
		{"a bad token", refusing("401 Unauthorized: no token"), printer.Config{}, headless.ErrNotConnected, "(401 Unauthorized: no token); give a token that is valid, with --token-file"},
		{"another's stream", refusing(`ask for "s": 403 Forbidden: not named`), printer.Config{}, headless.ErrNotConnected, "403 Forbidden: not named); ask for a stream that the token names"},
		{"many", status(make([]stream.State, 9)...), printer.Config{}, headless.ErrNotConnected, "vm-5 was never reached, and 4 more"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := tt.config
				config.Source = &script.Source{Batches: []*stream.Batch{script.Batch(script.Records("s", "a"))}, States: tt.status}
				config.Streams, config.Out, config.For = []string{"s"}, io.Discard, 3*time.Second
				r, err := printer.New(config)
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
		source := &script.Source{States: []stream.Status{{State: stream.StateLive}}}
		source.Make = func() *stream.Batch {
			time.Sleep(150 * time.Millisecond) // of the bubble's clock: what the taking takes
			return script.Batch(script.Records("s", "a"))
		}
		r, err := printer.New(printer.Config{Source: source, Streams: []string{"s"}, Out: io.Discard, For: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Run(t.Context()); err != nil {
			t.Errorf("Run returned %v", err)
		}
		if source.Taken != 8 { // what had arrived by then included
			t.Errorf("%d batches were taken, want 8", source.Taken)
		}
	})
}

func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var out, notices bytes.Buffer
		r, err := printer.New(printer.Config{
			Source:  &script.Source{Batches: []*stream.Batch{script.Batch(script.Records("s", "a"))}},
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
// went away ends it quietly, an error is reported.
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
		{"another error", script.Failing{Err: errFull}, 0, errFull, "sluice: written=0 lost=0 unwritten=1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var all []stream.Notice
			if tt.lost > 0 {
				all = append(all, stream.Notice{Kind: stream.KindGap, Stream: "s", Count: tt.lost})
			}
			var notices bytes.Buffer
			r, err := printer.New(printer.Config{
				Source:  &script.Source{Batches: []*stream.Batch{script.Batch(script.Records("s", "a"), all...)}},
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

func TestNewChecks(t *testing.T) {
	good := printer.Config{Source: &script.Source{}, Streams: []string{"s"}, Out: io.Discard}
	if _, err := printer.New(good); err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*printer.Config){
		"source is missing":    func(c *printer.Config) { c.Source = nil },
		"output is missing":    func(c *printer.Config) { c.Out = nil },
		"no stream is named":   func(c *printer.Config) { c.Streams = nil },
		`stream ""`:            func(c *printer.Config) { c.Streams = []string{"s", ""} },
		"last -1 is negative":  func(c *printer.Config) { c.Last = -1 },
		"count -1 is negative": func(c *printer.Config) { c.Count = -1 },
		"-1s is negative":      func(c *printer.Config) { c.For = -time.Second },
		"layout Layout(9)":     func(c *printer.Config) { c.Layout = 9 },
	} {
		config := good
		spoil(&config)
		if _, err := printer.New(config); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New returned %v, want %q in it", err, says)
		}
	}
}
