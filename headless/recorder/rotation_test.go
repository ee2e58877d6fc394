package recorder_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

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

// What is old and cannot be removed ends no recording: what was removed
// already is no news, the rest is reported.
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
