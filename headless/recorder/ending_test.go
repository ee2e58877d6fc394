package recorder_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// How a recording ends when its time is over.
func TestRecordTimeRunsOut(t *testing.T) {
	live := []stream.Status{{Name: "vm-1", State: stream.StateLive}}
	for _, tt := range []struct {
		name   string
		status []stream.Status
		config recorder.Config
		data   []string
		want   error
		files  string
	}{
		{"nothing else asked", live, recorder.Config{}, []string{"a"}, nil, "out.ndjson"},
		{"nothing came", live, recorder.Config{}, nil, nil, "out.ndjson"},
		{"nothing came, compressed", live, recorder.Config{Out: "out.gz"}, nil, nil, "out.gz"},
		{"count not met", live, recorder.Config{Count: 2}, []string{"a"}, headless.ErrNotMet, "out.ndjson"},
		{"until not met", live, recorder.Config{Until: regexp.MustCompile("never")}, []string{"a"}, headless.ErrNotMet, "out.ndjson"},
		{"never reached", []stream.Status{{Name: "vm-1", State: stream.StateConnecting}}, recorder.Config{}, nil, headless.ErrNotConnected, ""},
		{"lost", []stream.Status{{Name: "vm-1", State: stream.StateLost}}, recorder.Config{}, []string{"a"}, headless.ErrNotConnected, "out.ndjson"},
		{"no stream matches", live, recorder.Config{Streams: []string{"tenant/*"}}, nil, headless.ErrNotConnected, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &steps{play: play{Source: script.Source{States: tt.status}}}
				if tt.data != nil {
					source.next = []step{{after: time.Second, batch: script.Batch(script.Records("s", tt.data...))}}
				}
				d, config := newMemDisk(), tt.config
				config.Source, config.For = source, 3*time.Second
				begun := time.Now()
				_, err := recorded(t, d, config)
				if took := time.Since(begun); took != 3*time.Second {
					t.Errorf("it took %v", took)
				}
				if !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
					t.Errorf("Run returned %v, want %v", err, tt.want)
				}
				if got := strings.Join(d.names(), " "); got != tt.files {
					t.Errorf("the files are %q, want %q", got, tt.files)
				}
				if tt.files != "" {
					d.lines(t, tt.files)
				}
			})
		})
	}
}

// What is not there at the end leaves a line, and its number is unknown.
func TestSourcesThatAreNotThereAtTheEnd(t *testing.T) {
	for state, reason := range map[stream.State]string{
		stream.StateLost:       "it was lost and did not come back before the recording ended",
		stream.StateConnecting: "it was not reached before the recording ended",
	} {
		synctest.Test(t, func(t *testing.T) {
			source := &steps{
				play: play{Source: script.Source{States: []stream.Status{{Name: "vm-1", State: stream.StateLive}, {Name: "vm-2", State: state}}}},
				next: []step{{after: time.Second, batch: script.Batch(script.Records("s", "a"))}},
			}
			d := newMemDisk()
			summary, err := recorded(t, d, recorder.Config{Source: source, For: 3 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			if summary.Unknown != 1 || summary.Records != 1 {
				t.Errorf("with a source that is %s the summary is %+v", state, summary)
			}
			if lines := d.lines(t, "out.ndjson"); len(lines) != 2 || !strings.Contains(lines[1], reason) || !strings.Contains(lines[1], "vm-2") {
				t.Errorf("with a source that is %s the lines are %q", state, lines)
			}
		})
	}
}

// After what it waited for, a recording goes on as long as it was asked to.
func TestRecordAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &steps{next: []step{
			{batch: script.Batch(script.Records("s", "a", "err", "b"))},
			{after: 5 * time.Second, batch: script.Batch(script.Records("s", "c", "err"))},
			{after: 4 * time.Second, batch: script.Batch(script.Records("s", "d"))},
			{after: 2 * time.Second, batch: script.Batch(script.Records("s", "e"))},
		}}
		d := newMemDisk()
		begun := time.Now()
		_, err := recorded(t, d, recorder.Config{Source: source, Until: regexp.MustCompile("err"), After: 10 * time.Second, For: time.Minute})
		if took := time.Since(begun); err != nil || took != 10*time.Second {
			t.Errorf("it took %v, %v", took, err)
		}
		if got := strings.Join(d.lines(t, "out.ndjson"), " "); got != "a err b c err d" {
			t.Errorf("recorded %q", got)
		}
	})
}

// What had arrived when it was asked to end is recorded.
func TestRecordInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	source := &play{Source: script.Source{Batches: []*stream.Batch{script.Batch(script.Records("s", "a")), script.Batch(script.Records("s", "b"))}}}
	source.Before = func(taken int) {
		if taken == 1 {
			cancel()
		}
	}
	d := newMemDisk()
	r, err := recorder.NewOn(recorder.Config{Source: source, Streams: []string{"s"}, Out: "out.ndjson", Count: 10, For: time.Hour}, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Run(ctx); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if got := d.lines(t, "out.ndjson"); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("recorded %q", got)
	}
}

func TestRecordToStandardOutput(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	read.Close()
	var out bytes.Buffer
	for _, tt := range []struct {
		name string
		out  io.Writer
		want error
	}{
		{"whole", &out, script.ErrOver},
		{"closed pipe", write, nil},
		{"another error", script.Failing{Err: errBroken}, errBroken},
	} {
		source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{script.Batch(script.Records("s", "a"))}}}
		s, err := recorded(t, newMemDisk(), recorder.Config{Source: source, Out: recorder.Stdout, Stdout: tt.out})
		if !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
			t.Errorf("%s: Run returned %v, want %v", tt.name, err, tt.want)
		}
		if tt.want != script.ErrOver && s.Unwritten != 1 {
			t.Errorf("%s: the summary is %+v", tt.name, s)
		}
	}
	if out.String() != "a\n" {
		t.Errorf("wrote %q", out.String())
	}
}

// A source that ends has no more of the time that is wanted: the recording is whole.
func TestSourceThatEndsIsNoFailure(t *testing.T) {
	for count, want := range map[int]error{0: nil, 5: headless.ErrEnded} {
		source := &play{Source: script.Source{End: stream.ErrClosed, Batches: []*stream.Batch{script.Batch(script.Records("s", "a", "b"))}}}
		d := newMemDisk()
		s, err := recorded(t, d, recorder.Config{Source: source, Count: count})
		if !errors.Is(err, want) || (want == nil) != (err == nil) || s.Records != 2 {
			t.Errorf("count %d: %v, %+v; want %v", count, err, s, want)
		}
	}
}
