package recorder_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

func TestRecordLines(t *testing.T) {
	info, warn := script.Bunyan(30, "all well"), script.Bunyan(40, "less well")
	payload := `{"v":0,"name":"unknown","hostname":"unknown","pid":0,"level":30,"time":"2026-01-02T03:04:05.678Z","msg":`
	for _, tt := range []struct {
		name   string
		config recorder.Config
		data   []string
		want   []string
		err    error
		counts recorder.Counts
	}{
		{
			"byte for byte",
			recorder.Config{},
			[]string{info, "plain \x1b text", "bad \xff\xfe", `{"a" :  1}`, "\u2028"},
			[]string{info, "plain \x1b text", "bad \xff\xfe", `{"a" :  1}`, "\u2028"},
			script.ErrOver,
			recorder.Counts{Records: 5},
		},
		{
			"what is not one line",
			recorder.Config{},
			[]string{"{\n\"a\":1}", "two\nlines", "", "{\"a\":1}\r\n"},
			[]string{`{"a":1}`, payload + `"two\nlines"}`, payload + `""}`, `{"a":1}`},
			script.ErrOver,
			recorder.Counts{Records: 4},
		},
		{
			"filter",
			recorder.Config{Filter: query.Filter{Level: record.Warn, Grep: regexp.MustCompile("well")}},
			[]string{info, warn, script.Bunyan(50, "bad"), "plain"},
			[]string{warn},
			script.ErrOver,
			recorder.Counts{Records: 1, Filtered: 3},
		},
		{
			"filter sees JSON, and leaves the line",
			recorder.Config{Filter: query.Filter{Grep: regexp.MustCompile(`"msg":"plain"`)}},
			[]string{"plain"},
			[]string{"plain"},
			script.ErrOver,
			recorder.Counts{Records: 1},
		},
		{
			"count",
			recorder.Config{Count: 2, Filter: query.Filter{Level: record.Warn}},
			[]string{info, warn, info, warn, warn},
			[]string{warn, warn},
			nil,
			recorder.Counts{Records: 2, Filtered: 2},
		},
		{
			"until",
			recorder.Config{Until: regexp.MustCompile(`"level":40`)},
			[]string{info, warn, info},
			[]string{info, warn},
			nil,
			recorder.Counts{Records: 2},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, out := range []string{"out.ndjson", "out.ndjson.gz", "out.ndjson.zst"} {
				source := &play{Source: script.Source{Batches: []*stream.Batch{script.Batch(script.Records("s", tt.data...))}, End: script.ErrOver}}
				d, config := newMemDisk(), tt.config
				config.Source, config.Out = source, out
				s, err := recorded(t, d, config)
				if !errors.Is(err, tt.err) {
					t.Errorf("Run returned %v, want %v", err, tt.err)
				}
				got := d.lines(t, out)
				if !slices.Equal(got, tt.want) {
					t.Errorf("%s has\n%q, want\n%q", out, got, tt.want)
				}
				counts := s.Counts
				counts.Bytes = 0
				if want := len(strings.Join(tt.want, "\n")) + 1; counts != tt.counts || s.Bytes != uint64(want) || s.Files != 1 {
					t.Errorf("the summary is %+v, want %+v and %d bytes in 1 file", s, tt.counts, want)
				}
				if n := len(d.names()); n != 1 {
					t.Errorf("the files are %q", d.names())
				}
			}
		})
	}
}

// Losses stand where they happened, and can be read by a program.
func TestRecordLosses(t *testing.T) {
	source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{
		script.Batch(script.Records("s", "a", "b"), gap(0, "s", 2, false), gap(1, "s", 0, true), gap(2, "s", 5, true)),
		script.Batch(script.Records("s", "c"), gap(0, "other", 1, false)),
	}}}
	d := newMemDisk()
	s, err := recorded(t, d, recorder.Config{Source: source})
	if !errors.Is(err, script.ErrOver) {
		t.Fatal(err)
	}
	if s.Records != 3 || s.Gaps != 3 || s.Dropped != 7 || s.Unknown != 2 {
		t.Errorf("the summary is %+v", s)
	}
	lines := d.lines(t, "out.ndjson")
	var shape []string
	for _, line := range lines {
		var l struct {
			Name, Msg, Stream, Source, Hop, Cause string
			V, Level, PID                         int
			Time                                  time.Time
			Dropped                               uint64
			Unknown                               bool
		}
		if json.Unmarshal([]byte(line), &l) != nil {
			shape = append(shape, line)
			continue
		}
		shape = append(shape, fmt.Sprint(l.Dropped, l.Unknown))
		if l.Name != "sluice" || l.Level != 40 || l.Stream != "s" || l.Source != "vm-1" || l.Hop != "consolidator" || l.Cause != "reader too slow" || l.PID != os.Getpid() || l.Time.IsZero() || !strings.Contains(l.Msg, "lost") {
			t.Errorf("a loss is told as %s", line)
		}
	}
	if want := []string{"2 false", "a", "0 true", "b", "5 true", "c"}; !slices.Equal(shape, want) {
		t.Errorf("the recording is %q, want %q", shape, want)
	}
}

// A loss in a recording is one that the recorder wrote: no record can look like it, nor
// be cut in two by whoever reads it.
func TestNoRecordImitatesALoss(t *testing.T) {
	const forged = `{"name":"sluice","msg":"lost","dropped":5,"sluice":"dropped"}`
	bom := "\ufeff"
	hole := strings.Repeat("\x00", 20)
	records := []string{
		forged, strings.Replace(forged, "dropped\"}", "away\"}", 1), bom + forged, bom + bom + forged,
		forged + hole + "x", "x" + hole + forged, "text, \"sluice\":\"dropped\"}", "text,\"sluice\":\"dropped\"}",
		`{"sluice":1,"a":"sluice","dropped":5,"sluice":"dropped"}`, `{"a":1,"sluice":"dropped","b":"as it came"}`,
	}
	d := newMemDisk()
	source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{script.Batch(script.Records("s", records...), gap(3, "s", 2, false))}}}
	if _, err := recorded(t, d, recorder.Config{Source: source}); !errors.Is(err, script.ErrOver) {
		t.Fatal(err)
	}
	lines := d.lines(t, "out.ndjson")
	if len(lines) != len(records)+1 {
		t.Fatalf("%d records are %q", len(records), lines)
	}
	for i, line := range lines {
		if strings.Contains(line, "\x00") {
			t.Errorf("line %d has a hole: %q", i, line)
		}
		if _, is := loss.ParseRecord([]byte(strings.TrimLeft(line, bom))); is != (i == 3) || record.IsNotice([]byte(line)) != (i == 3) {
			t.Errorf("line %d: a loss %v: %s", i, is, line)
		}
	}
	if want := strings.Replace(forged, `"sluice":"`, `"sluice_":"`, 1); lines[0] != want || lines[len(records)] != records[len(records)-1] {
		t.Errorf("got %q", lines)
	}
}

// A source that is lost at the end, and one that cannot count what is lost, are
// recorded as losses.
func TestRecordSources(t *testing.T) {
	source := &play{Source: script.Source{
		End:    script.ErrOver,
		States: []stream.Status{{Name: "vm-1", State: stream.StateLive}, {Name: "vm-2", State: stream.StateLost}},
		Batches: []*stream.Batch{
			script.Batch(script.Records("s", "a"), stream.Notice{Kind: stream.KindState, Source: "foreign:1", State: stream.StateUnaccounted}),
		},
	}}
	d := newMemDisk()
	ctx, cancel := context.WithCancel(t.Context())
	source.End = nil
	source.Before = func(taken int) {
		if taken > 0 {
			cancel()
		}
	}
	var notices bytes.Buffer
	r, err := recorder.NewOn(recorder.Config{Source: source, Streams: []string{"s"}, Out: "out.ndjson", Notices: &notices}, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	lines := d.lines(t, "out.ndjson")
	if len(lines) != 3 || lines[1] != "a" || !strings.Contains(lines[0], `"source":"foreign:1"`) || !strings.Contains(lines[2], `"source":"vm-2"`) || !strings.Contains(lines[2], `"unknown":true`) {
		t.Errorf("the recording is %q", lines)
	}
	if s := r.Summary(); s.Unknown != 2 || !slices.Equal(s.Unaccounted, []string{"foreign:1"}) {
		t.Errorf("the summary is %+v", s)
	}
	if want := "sluice: foreign:1 live, but it cannot tell what is lost\n"; notices.String() != want {
		t.Errorf("told %q", notices.String())
	}
}

// A source that was away is recorded once in each file, and is no loss.
func TestRecordAbsence(t *testing.T) {
	away := stream.Notice{Kind: stream.KindAway, Time: time.Unix(1, 0), Source: "vm-2", Away: 3470 * time.Millisecond}
	source := &play{Source: script.Source{
		End:     script.ErrOver,
		Batches: []*stream.Batch{script.Batch(append(script.Records("s", "a"), script.Records("t", "b")...), away)},
	}}
	d := newMemDisk()
	var notices bytes.Buffer
	r, err := recorder.NewOn(recorder.Config{Source: source, Streams: []string{"s", "t"}, Out: "out.ndjson", Notices: &notices}, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); !errors.Is(err, script.ErrOver) {
		t.Fatal(err)
	}
	const text = "vm-2 was away 3.5 s; what its publishers dropped meanwhile is unknown"
	lines := d.unmarked(t, "out.ndjson")
	told := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.Contains(line, `"level":40`) })
	if len(lines) != 3 || len(told) != 1 || !strings.Contains(told[0], text) || !strings.Contains(told[0], `"source":"vm-2","away":3.47`) {
		t.Errorf("the recording is %q", lines)
	}
	if s := r.Summary(); s.Gaps != 0 || s.Dropped != 0 || s.Unknown != 0 || s.Records != 2 {
		t.Errorf("the summary is %+v", s)
	}
	if want := "sluice: " + text + "\n"; !strings.Contains(notices.String(), want) {
		t.Errorf("told %q", notices.String())
	}
}

// What was refused is reported at once: its publisher can do something about it.
func TestRecordReportsRefused(t *testing.T) {
	refused := stream.Notice{Kind: stream.KindGap, Stream: "s", Source: "vm-1", Hop: loss.AtConsolidator, Count: 2, Reason: loss.TooLarge}
	source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{script.Batch(script.Records("s", "a"), refused)}}}
	var notices bytes.Buffer
	r, err := recorder.NewOn(recorder.Config{Source: source, Streams: []string{"s"}, Out: "out.ndjson", Notices: &notices}, newMemDisk())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(t.Context()); !errors.Is(err, script.ErrOver) {
		t.Fatal(err)
	}
	if want := "sluice: 2 records of s lost at the consolidator vm-1: larger than 256 KiB\n"; !strings.HasPrefix(notices.String(), want) {
		t.Errorf("told %q", notices.String())
	}
	if s := r.Summary(); s.Gaps != 1 || s.Dropped != 2 {
		t.Errorf("the summary is %+v", s)
	}
}
