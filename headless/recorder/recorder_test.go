package recorder_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/query"
	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// play is a script that knows which streams are live.
type play struct {
	script.Source
	live    []stream.Live
	watched bool
}

func (p *play) WatchStreams(on bool)   { p.watched = on }
func (p *play) Streams() []stream.Live { return p.live }

// steps makes a source that hands on one batch after the other, each after a
// time of the bubble's clock.
type steps struct {
	play
	next []step
}

type step struct {
	after time.Duration
	batch *stream.Batch
	do    func()
}

func (s *steps) Take(ctx context.Context) (*stream.Batch, error) {
	if len(s.next) == 0 {
		if ctx.Err() == nil && s.End != nil {
			return nil, s.End
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	begun := time.Now()
	select {
	case <-time.After(s.next[0].after):
	case <-ctx.Done():
		s.next[0].after -= time.Since(begun)
		return nil, ctx.Err()
	}
	now := s.next[0]
	s.next = s.next[1:]
	if now.do != nil {
		now.do()
	}
	return now.batch, nil
}

// recorded runs a recorder on a disk in memory, and returns how it ended.
func recorded(t *testing.T, d *memDisk, config recorder.Config) (*recorder.Summary, error) {
	t.Helper()
	if config.Streams == nil {
		config.Streams = []string{"s"}
	}
	if config.Out == "" {
		config.Out = "out.ndjson"
	}
	r, err := recorder.NewOn(config, d)
	if err != nil {
		t.Fatal(err)
	}
	err = r.Run(t.Context())
	s := r.Summary()
	if s != nil {
		checkSums(t, s)
	}
	return s, err
}

// checkSums holds that the whole is the sum of its parts.
func checkSums(t *testing.T, s *recorder.Summary) {
	t.Helper()
	var sum recorder.Counts
	for _, c := range s.Streams {
		sum.Records += c.Records
		sum.Older += c.Older
		sum.Filtered += c.Filtered
		sum.Bytes += c.Bytes
		sum.Gaps += c.Gaps
		sum.Dropped += c.Dropped
		sum.Unknown += c.Unknown
		sum.Unwritten += c.Unwritten
	}
	if sum != s.Counts {
		t.Errorf("the streams' counts add up to %+v, and not to %+v", sum, s.Counts)
	}
}

func gap(at int, name string, n uint64, unknown bool) stream.Notice {
	return stream.Notice{
		At: at, Kind: stream.KindGap, Stream: name, Source: "vm-1", Hop: "consolidator", Reason: "reader too slow",
		Count: n, Unknown: unknown,
	}
}

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

// A source that is lost at the end, and one that cannot account, leave a word.
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

// A clock that is set back begins a new interval, unless it is by little.
func TestRotateClockSetBack(t *testing.T) {
	begun := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	for _, tt := range []struct{ now, want string }{
		{"12:59", "13:00"},
		{"13:00", "14:00"},
		{"11:59", "13:00"},
		{"09:10", "10:00"},
	} {
		at, err := time.Parse("2006-01-02 15:04", "2026-03-01 "+tt.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := recorder.BoundaryAfter(time.Hour, begun, at)
		if err != nil || got.Format("15:04") != tt.want {
			t.Errorf("at %s the next file begins at %s, want %s (%v)", tt.now, got.Format("15:04"), tt.want, err)
		}
	}
}

// What is old and cannot be removed ends no recording: what somebody else has
// removed is no news, the rest is told.
func TestKeepCannotRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemDisk()
		gone, stays := "x-19990101T000000Z.ndjson", "x-19990102T000000Z.ndjson"
		d.files[gone], d.files[stays] = &memFile{disk: d}, &memFile{disk: d}
		d.stuck = map[string]error{gone: fs.ErrNotExist, stays: fs.ErrPermission}
		source := &steps{play: play{Source: script.Source{States: []stream.Status{{State: stream.StateLive}}}}}
		for range 5 {
			source.next = append(source.next, step{after: time.Hour, batch: script.Batch(script.Records("s", "a"))})
		}
		var notices bytes.Buffer
		s, err := recorded(t, d, recorder.Config{Source: source, Out: "x.ndjson", Rotate: time.Hour, Keep: 2, For: 330 * time.Minute, Notices: &notices})
		if !errors.Is(err, fs.ErrPermission) || s.Records != 5 || s.Files != 5 || s.Unwritten != 0 {
			t.Errorf("Run returned %v, and recorded %+v", err, s)
		}
		if n := strings.Count(notices.String(), "it stays"); n != 1 || strings.Contains(notices.String(), gone) {
			t.Errorf("told %q", notices.String())
		}
		if !slices.Contains(d.removed, "x-20000101T010000Z.ndjson") {
			t.Errorf("removed %q", d.removed)
		}
	})
}

// A disk with room for what is kept, and not much more, is never full, however
// slow it is.
func TestKeepOnASmallDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = recorder.MinRotateSize
		d := newMemDisk()
		d.room = 4 * limit
		d.synced = func() { time.Sleep(time.Second) }
		source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
		line := strings.Repeat("x", 999)
		for range 40 {
			source.next = append(source.next, step{batch: script.Batch(script.Records("s", slices.Repeat([]string{line}, 40)...))})
		}
		s, err := recorded(t, d, recorder.Config{Source: source, Out: "x.ndjson", RotateSize: limit, Keep: 2})
		if !errors.Is(err, script.ErrOver) || s.Records != 1600 || s.Unwritten != 0 {
			t.Errorf("Run returned %v, and recorded %+v", err, s)
		}
		for _, name := range d.names() {
			d.lines(t, name)
		}
	})
}

// Files are rotated at multiples of the interval, whether anything comes or
// not; files in which there is nothing do not stay.
func TestRotateByClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock begins at midnight of 2000-01-01, UTC
		d := newMemDisk()
		var atTwo []string
		source := &steps{play: play{Source: script.Source{States: []stream.Status{{State: stream.StateLive}}}}, next: []step{
			{after: 20 * time.Minute, batch: script.Batch(script.Records("s", "a"))},                                   // 00:20
			{after: 39*time.Minute + 59*time.Second, batch: script.Batch(script.Records("s", "b"))},                    // 00:59:59
			{after: time.Second, batch: script.Batch(script.Records("s", "c"))},                                        // 01:00:00
			{after: 90 * time.Minute, batch: script.Batch(script.Records("s", "d")), do: func() { atTwo = d.names() }}, // 02:30
			{after: 2 * time.Hour, batch: script.Batch(script.Records("s", "e"))},                                      // 04:30
		}}
		_, err := recorded(t, d, recorder.Config{Source: source, Out: "x.ndjson.zst", Rotate: time.Hour, For: 5 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"x-20000101T000000Z.ndjson.zst": "a b",
			"x-20000101T010000Z.ndjson.zst": "c",
			"x-20000101T023000Z.ndjson.zst": "d",
			"x-20000101T043000Z.ndjson.zst": "e",
		} {
			if got := strings.Join(d.lines(t, name), " "); got != want {
				t.Errorf("%s has %q, want %q", name, got, want)
			}
		}
		if len(d.names()) != 4 {
			t.Errorf("the files are %q", d.names())
		}
		slices.Sort(atTwo)
		if want := []string{"x-20000101T000000Z.ndjson.zst", "x-20000101T010000Z.ndjson.zst"}; !slices.Equal(atTwo, want) {
			t.Errorf("at 02:30 the files are %q, want %q, finished", atTwo, want)
		}
	})
}

func TestRotateBySizeAndKeep(t *testing.T) {
	for _, out := range []string{"dir/x.ndjson", "dir/x.ndjson.gz", "dir/x.ndjson.zst"} {
		synctest.Test(t, func(t *testing.T) {
			d := newMemDisk()
			d.files["dir/x-19990101T000000Z.ndjson"] = &memFile{disk: d}
			d.files["dir/x-19990101T000000Z.ndjson.zst.part"] = &memFile{disk: d}
			d.files["dir/x-y-20000101T000000Z.ndjson"] = &memFile{disk: d} // of others
			d.files["dir/x-20000101.ndjson"] = &memFile{disk: d}
			rng := rand.New(rand.NewPCG(1, 2))
			source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
			var want []string
			for range 400 {
				data := make([]byte, 1000)
				for i := range data {
					data[i] = "0123456789abcdef"[rng.IntN(16)]
				}
				want = append(want, string(data))
				source.next = append(source.next, step{after: 100 * time.Millisecond, batch: script.Batch(script.Records("s", string(data)))})
			}
			const limit = 64 << 10
			s, err := recorded(t, d, recorder.Config{Source: source, Out: out, RotateSize: limit, Keep: 3})
			if !errors.Is(err, script.ErrOver) {
				t.Fatal(err)
			}
			names := d.names()
			slices.Sort(names)
			var ours []string
			for _, name := range names {
				if strings.HasPrefix(name, "dir/x-200001") && strings.Contains(name, ".") && name != "dir/x-20000101.ndjson" {
					ours = append(ours, name)
				}
			}
			if len(ours) != 3 {
				t.Fatalf("%d files are kept, want 3: %q", len(ours), names)
			}
			if d.files["dir/x-y-20000101T000000Z.ndjson"] == nil || d.files["dir/x-20000101.ndjson"] == nil {
				t.Errorf("files of others were removed: %q", d.removed)
			}
			var got []string
			for _, name := range ours {
				got = append(got, d.lines(t, name)...)
				if size := len(d.files[name].data); size > limit {
					t.Errorf("%s has %d bytes, more than %d", name, size, limit)
				}
			}
			if !slices.Equal(got, want[len(want)-len(got):]) || len(got) < 100 {
				t.Errorf("the last %d records are not those that were recorded", len(got))
			}
			if s.Records != 400 || s.Files < 4 {
				t.Errorf("the summary is %+v", s)
			}
		})
	}
}

// However many files there are in one moment, none takes the place of another,
// nor of one that a recording before it has left.
func TestRotateAtOnce(t *testing.T) {
	for _, force := range []bool{false, true} {
		for _, rotate := range []time.Duration{0, time.Second} {
			synctest.Test(t, func(t *testing.T) { // the clock stands while there is something to do
				d := newMemDisk()
				left := []string{"x-20000101T000000.000Z.ndjson", "x-20000101T000000.003Z.ndjson", "x-20000101T000000.004Z.ndjson.part"}
				for _, name := range left {
					d.files[name] = &memFile{disk: d, data: []byte("left\n")}
				}
				source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
				var want []string
				for n := range 1000 {
					line := fmt.Sprintf("%01000d", n)
					want = append(want, line)
					source.next = append(source.next, step{batch: script.Batch(script.Records("s", line))})
				}
				s, err := recorded(t, d, recorder.Config{Source: source, Out: "x.ndjson", Rotate: rotate, RotateSize: recorder.MinRotateSize, Force: force})
				if !errors.Is(err, script.ErrOver) {
					t.Fatal(err)
				}
				for _, name := range left {
					if got := d.lines(t, name); !slices.Equal(got, []string{"left"}) {
						t.Errorf("%s was overwritten", name)
					}
					delete(d.files, name)
				}
				names := d.names()
				slices.Sort(names)
				var got []string
				for _, name := range names {
					got = append(got, d.lines(t, name)...)
				}
				if !slices.Equal(got, want) || len(names) != s.Files || s.Files < 10 {
					t.Errorf("%d of %d records stand in order in %d files, of %d: %q", len(got), len(want), len(names), s.Files, names)
				}
			})
		}
	}
}

// One file is kept whole while the next is written.
func TestKeepOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemDisk()
		source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
		source.next = []step{
			{after: time.Second, batch: script.Batch(script.Records("s", "a"))},
			{after: time.Hour, batch: script.Batch(script.Records("s", "b"))},
			{after: time.Hour + 2700*time.Millisecond, batch: script.Batch(script.Records("s", "c"))},
			{after: time.Minute, batch: script.Batch(script.Records("s", "d")), do: func() {
				names := d.names()
				slices.Sort(names)
				if want := []string{"x-20000101T010001Z.gz", "x-20000101T020003Z.gz.part"}; !slices.Equal(names, want) {
					t.Errorf("the files are %q, want %q", names, want)
				}
			}},
		}
		if _, err := recorded(t, d, recorder.Config{Source: source, Out: "x.gz", Rotate: time.Hour, Keep: 1}); !errors.Is(err, script.ErrOver) {
			t.Fatal(err)
		}
		if got := d.lines(t, "x-20000101T020003Z.gz"); len(d.names()) != 1 || !slices.Equal(got, []string{"c", "d"}) {
			t.Errorf("the files are %q, the last has %q", d.names(), got)
		}
	})
}

// A file for each stream; names that could be anything else are harmless.
func TestFilePerStream(t *testing.T) {
	names := []string{"system", "tenant/acme", "tenant+acme", "../../etc/passwd", "会/a b"}
	var recs []stream.Record
	for _, name := range names {
		recs = append(recs, script.Records(name, name+" 1", name+" 2")...)
	}
	d := newMemDisk()
	source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{script.Batch(recs, gap(0, "system", 3, false))}}}
	s, err := recorded(t, d, recorder.Config{Source: source, Streams: names, Out: "logs/{stream}.ndjson"})
	if !errors.Is(err, script.ErrOver) {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"logs/tenant+acme.ndjson":        "tenant/acme 1|tenant/acme 2",
		"logs/tenant%2Bacme.ndjson":      "tenant+acme 1|tenant+acme 2",
		"logs/%2E.+..+etc+passwd.ndjson": "../../etc/passwd 1|../../etc/passwd 2",
		"logs/会+a%20b.ndjson":            "会/a b 1|会/a b 2",
	} {
		if got := strings.Join(d.lines(t, name), "|"); got != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	if lines := d.lines(t, "logs/system.ndjson"); len(lines) != 3 || !strings.Contains(lines[0], `"dropped":3`) {
		t.Errorf("system has %q", lines)
	}
	if s.Files != 5 || len(s.Streams) != 5 || s.Records != 10 {
		t.Errorf("the summary is %+v", s)
	}
}

// On a full disk the file is whole up to there, what is in it is what the
// summary says, and the rest is accounted for.
func TestFullDisk(t *testing.T) {
	for _, out := range []string{"out.ndjson", "out.ndjson.gz", "out.ndjson.zst"} {
		for room := 0; room < 12_000; room += 613 {
			d := newMemDisk()
			d.room = room
			source := &play{Source: script.Source{End: script.ErrOver}}
			sent := 0
			rng := rand.New(rand.NewPCG(uint64(room), 0))
			for range 20 {
				var data []string
				for range 10 {
					data = append(data, fmt.Sprintf("%d %x", sent, rng.Uint64()))
					sent++
				}
				source.Batches = append(source.Batches, script.Batch(script.Records("s", data...)))
			}
			left := func() (n int) {
				for _, b := range source.Batches {
					n += len(b.Records)
				}
				return n
			}
			s, err := recorded(t, d, recorder.Config{Source: source, Out: out, Fsync: recorder.FsyncAlways})
			if errors.Is(err, script.ErrOver) {
				continue // there was room
			}
			if !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("%s, room for %d: %v", out, room, err)
			}
			var lines []string
			if len(d.names()) > 0 { // a file of nothing does not stay
				lines = d.lines(t, out)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, fmt.Sprint(i, " ")) {
					t.Fatalf("%s, room for %d: line %d is %q", out, room, i, line)
				}
			}
			if s.Records != uint64(len(lines)) || int(s.Records+s.Unwritten) != sent-left() || s.Unwritten == 0 {
				t.Errorf("%s, room for %d: %d lines and %d taken; the summary is %+v", out, room, len(lines), sent-left(), s)
			}
		}
	}
}

// Without power, what was synced is there, in whole lines, however much of the
// rest reached the disk.
func TestPowerCut(t *testing.T) {
	for _, out := range []string{"out.ndjson", "out.ndjson.gz", "out.ndjson.zst"} {
		for _, fsync := range []recorder.Fsync{recorder.FsyncAlways, recorder.FsyncSecond} {
			synctest.Test(t, func(t *testing.T) {
				d := newMemDisk()
				rng := rand.New(rand.NewPCG(uint64(len(out)), uint64(fsync)))
				source := &steps{play: play{Source: script.Source{End: script.ErrOver}}}
				handed := 0
				for range 100 {
					var data []string
					for range 1 + rng.IntN(20) {
						data = append(data, fmt.Sprintf("%d %x", handed, rng.Uint64()))
						handed++
					}
					source.next = append(source.next, step{after: time.Duration(rng.IntN(700)) * time.Millisecond, batch: script.Batch(script.Records("s", data...))})
				}
				cuts := 0
				var cutting sync.Mutex // what syncs and what takes are two goroutines
				cut := func() {
					cutting.Lock()
					defer cutting.Unlock()
					d.mu.Lock()
					f := d.files[out+recorder.PartEnding]
					if f == nil {
						d.mu.Unlock()
						return
					}
					data := slices.Clone(f.data[:f.safe+rng.IntN(len(f.data)-f.safe+1)])
					safe := slices.Clone(f.data[:f.safe])
					d.mu.Unlock()
					if len(safe) == 0 {
						return
					}
					cuts++
					want := wholeLines(t, out, safe)
					got, _ := unpack(out, data)
					if !bytes.HasPrefix(got, []byte(strings.Join(want, "\n")+"\n")) {
						t.Fatalf("what was synced cannot be read back")
					}
					for i, line := range want {
						if !strings.HasPrefix(line, fmt.Sprint(i, " ")) {
							t.Fatalf("line %d is %q", i, line)
						}
					}
				}
				d.synced = cut
				for i := range source.next {
					source.next[i].do = cut
				}
				s, err := recorded(t, d, recorder.Config{Source: source, Out: out, Fsync: fsync})
				if !errors.Is(err, script.ErrOver) {
					t.Fatal(err)
				}
				if cuts < 20 || s.Records != uint64(handed) {
					t.Errorf("%d cuts; %d of %d recorded", cuts, s.Records, handed)
				}
			})
		}
	}
}

// A second after a record came it is synced, whatever else does or does not
// come.
func TestSyncedWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newMemDisk()
		check := func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			f := d.files["out.ndjson.zst"+recorder.PartEnding]
			if f.safe != len(f.data) || len(wholeLines(t, "x.zst", f.data[:f.safe])) != 1 {
				t.Errorf("after 2 s %d bytes of %d are synced", f.safe, len(f.data))
			}
		}
		source := &steps{play: play{Source: script.Source{End: script.ErrOver}}, next: []step{
			{after: 1500 * time.Millisecond, batch: script.Batch(script.Records("s", "a"))},
			{after: 2 * time.Second, batch: script.Batch(script.Records("s", "b")), do: check},
		}}
		if _, err := recorded(t, d, recorder.Config{Source: source, Out: "out.ndjson.zst"}); !errors.Is(err, script.ErrOver) {
			t.Fatal(err)
		}
	})
}

// After a sync that failed nobody knows what is on the disk: the file does not
// get its name.
func TestSyncFails(t *testing.T) {
	for _, fsync := range []recorder.Fsync{recorder.FsyncAlways, recorder.FsyncSecond} {
		synctest.Test(t, func(t *testing.T) {
			d := newMemDisk()
			d.fault = syscall.EIO
			source := &steps{next: []step{{batch: script.Batch(script.Records("s", "a"))}}}
			_, err := recorded(t, d, recorder.Config{Source: source, Fsync: fsync})
			if !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), `sync "out.ndjson.part"`) {
				t.Errorf("Run returned %v", err)
			}
			if names := d.names(); !slices.Equal(names, []string{"out.ndjson.part"}) {
				t.Errorf("the files are %q", names)
			}
		})
	}
}

func TestFilesThatAreThere(t *testing.T) {
	for _, there := range []string{"out.ndjson", "out.ndjson.part"} {
		for _, force := range []bool{false, true} {
			d := newMemDisk()
			d.files[there] = &memFile{disk: d, data: []byte("old\n")}
			source := &play{Source: script.Source{End: script.ErrOver, Batches: []*stream.Batch{script.Batch(script.Records("s", "new"))}}}
			s, err := recorded(t, d, recorder.Config{Source: source, Force: force})
			if force {
				if got := d.lines(t, "out.ndjson"); !errors.Is(err, script.ErrOver) || !slices.Equal(got, []string{"new"}) {
					t.Errorf("forced over %s: %q, %v", there, got, err)
				}
				continue
			}
			if err == nil || !strings.Contains(err.Error(), there) || !strings.Contains(err.Error(), "--force") || s != nil {
				t.Errorf("%s is there: %v, %+v", there, err, s)
			}
			if got := d.lines(t, there); !slices.Equal(got, []string{"old"}) || len(d.names()) != 1 {
				t.Errorf("%s has become %q; the files are %q", there, got, d.names())
			}
		}
	}
}

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
		{"never had", []stream.Status{{Name: "vm-1", State: stream.StateConnecting}}, recorder.Config{}, nil, headless.ErrNotConnected, ""},
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

// After what it waited for, a recording goes on as long as it was told.
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

// What had arrived when it was told to end is recorded.
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
