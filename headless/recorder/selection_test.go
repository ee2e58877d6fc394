package recorder_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

var liveSource = []stream.Status{{Name: "vm-1", State: stream.StateLive}}

func listed(records uint64, names ...string) (live []stream.Live) {
	for _, name := range names {
		live = append(live, stream.Live{Name: name, Records: records, Sources: 1})
	}
	return live
}

// Streams are followed as they appear: those that are there at the start from
// the backfill that was asked for, later ones from the beginning of their log.
func TestFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &steps{play: play{Source: script.Source{End: script.ErrOver, States: liveSource}, live: listed(50, "system", "tenant/acme", "tenant/a/b")}}
		source.next = []step{
			{after: 5 * time.Second, do: func() { source.live = listed(50, "tenant/acme", "tenant/globex") }, batch: script.Batch(script.Records("tenant/acme", "a"))},
			{after: 5 * time.Second, batch: script.Batch(script.Records("tenant/acme", "b"))},
		}
		if _, err := recorded(t, newMemDisk(), recorder.Config{Source: source, Streams: []string{"tenant/*", "tenant/acme", "named"}, Last: 7}); !errors.Is(err, script.ErrOver) {
			t.Fatal(err)
		}
		if len(source.Tailed) != 3 || source.Tailed["named"] != 7 || source.Tailed["tenant/acme"] != 7 || source.Tailed["tenant/globex"] < 1<<20 || !source.watched {
			t.Errorf("tailed %v", source.Tailed)
		}
	})
}

func TestFollowsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var names []string
		for i := range 20 {
			names = append(names, fmt.Sprintf("tenant/%02d\x1b", i))
		}
		source := &steps{play: play{Source: script.Source{End: script.ErrOver, States: liveSource}, live: listed(1, names...)}}
		source.next = []step{{after: 5 * time.Second, batch: script.Batch(script.Records("tenant/00\x1b", "a"))}}
		var notices bytes.Buffer
		if _, err := recorded(t, newMemDisk(), recorder.Config{Source: source, Streams: []string{"**"}, MaxStreams: 3, Notices: &notices}); !errors.Is(err, script.ErrOver) {
			t.Fatal(err)
		}
		if len(source.Tailed) != 3 {
			t.Errorf("%d streams are followed, want 3", len(source.Tailed))
		}
		lines := strings.Split(notices.String(), "\n")
		if len(lines) != 7 || lines[0] != "sluice: tenant/03␛ is not followed: there are 3 streams already; raise --max-streams" || lines[5] != "sluice: and more streams are not followed" {
			t.Errorf("told %q", lines)
		}
	})
}

// What a stream that appears had before the recording is no part of it, as far
// as its times show.
func TestStreamsThatAppear(t *testing.T) {
	const since = 946684800000 // the bubble's clock at the start, in milliseconds
	at := func(second int, msg string) string {
		return fmt.Sprintf(`{"time":%d,"msg":%q}`, since+second*1000, msg)
	}
	backfill := func(first uint64, data ...string) []stream.Record {
		recs := script.Records("tenant/new", data...)
		for i := range recs {
			recs[i].Backfill = true
			recs[i].Position = stream.Position{Epoch: 1, Seq: first + uint64(i)}
		}
		return recs
	}
	done := stream.Notice{Kind: stream.KindBackfill, Stream: "tenant/new"}
	for _, tt := range []struct {
		name    string
		recs    []stream.Record
		want    string
		older   uint64
		unknown uint64
	}{
		{"new", backfill(0, at(4, "a"), at(5, "b")), "a b live", 0, 0},
		{"idle before", backfill(10, at(-900, "x"), at(-70, "y"), at(4, "a")), "a live", 2, 0},
		{"clock behind", backfill(0, at(-10, "a"), at(-9, "b")), "a b live", 0, 0},
		{"an old file", backfill(0, at(-9000, "a"), at(-8000, "b")), "a b live", 0, 0},
		{"no times", backfill(0, `{"msg":"a"}`, `{"msg":"b"}`), "a b live", 0, 0},
		{"evicted", backfill(10, at(4, "a")), "? a live", 0, 1},
		{"nothing yet", nil, "live", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &steps{play: play{Source: script.Source{End: script.ErrOver, States: liveSource}}}
				last := script.Records("tenant/new", at(6, "live"))
				last[0].Position = stream.Position{Epoch: 1, Seq: 100}
				if tt.recs == nil {
					last[0].Position.Seq = 0
				}
				source.next = []step{
					{after: 4 * time.Second, do: func() { source.live = listed(50, "tenant/new") }, batch: script.Batch(script.Records("none", ""))},
				}
				for i := range tt.recs {
					source.next = append(source.next, step{after: time.Second, batch: script.Batch(tt.recs[i : i+1])})
				}
				source.next = append(source.next, step{after: time.Second, batch: script.Batch(last, done)})
				d := newMemDisk()
				s, err := recorded(t, d, recorder.Config{Source: source, Streams: []string{"tenant/*"}})
				if !errors.Is(err, script.ErrOver) {
					t.Fatal(err)
				}
				var got []string
				for _, line := range d.unmarked(t, "out.ndjson") {
					if strings.Contains(line, `"unknown":true`) {
						got = append(got, "?")
						continue
					}
					_, msg, _ := strings.Cut(line, `"msg":"`)
					got = append(got, strings.TrimSuffix(msg, `"}`))
				}
				if want := strings.Fields(tt.want); !slices.Equal(got, want) || s.Older != tt.older || s.Unknown != tt.unknown {
					t.Errorf("recorded %q, want %q; the summary is %+v", got, want, s)
				}
			})
		})
	}
}

// What is held of a stream that appears counts once the recording ends, unless
// it ended before.
func TestEndWithStreamThatAppears(t *testing.T) {
	held := script.Records("tenant/new", "held")
	held[0].Backfill = true
	appears := func() *steps {
		source := &steps{play: play{Source: script.Source{States: liveSource}, live: listed(50, "tenant/old")}}
		source.next = []step{
			{after: 4 * time.Second, do: func() { source.live = listed(50, "tenant/old", "tenant/new") }, batch: script.Batch(script.Records("none", ""))},
			{after: time.Second, batch: script.Batch(held)},
		}
		return source
	}
	for _, tt := range []struct {
		name   string
		config recorder.Config
		after  []stream.Record
		want   []string
	}{
		{"the count was met", recorder.Config{Count: 2}, script.Records("tenant/old", "a", "b", "c"), []string{"a", "b"}},
		{"it meets the count", recorder.Config{Count: 1}, script.Records("tenant/new", "live"), []string{"held"}},
		{"it meets the count when time runs out", recorder.Config{Count: 1, For: 10 * time.Second}, nil, []string{"held"}},
		{"time runs out", recorder.Config{For: 10 * time.Second}, nil, []string{"held"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := appears()
				if tt.after != nil {
					source.next = append(source.next, step{after: time.Second, batch: script.Batch(tt.after)})
				}
				tt.config.Source, tt.config.Streams = source, []string{"tenant/*"}
				d := newMemDisk()
				s, err := recorded(t, d, tt.config)
				if err != nil {
					t.Fatal(err)
				}
				if got := d.unmarked(t, "out.ndjson"); !slices.Equal(got, tt.want) || s.Records != uint64(len(tt.want)) || s.Unwritten > 0 {
					t.Errorf("recorded %q, want %q; the summary is %+v", got, tt.want, s)
				}
			})
		})
	}
}
