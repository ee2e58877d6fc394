package stream_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/stream"
)

func TestMergeByTime(t *testing.T) {
	// Each record is written as source:time, and time as ? when it has none.
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"two sources", "a:1 a:3 a:5 b:2 b:4", "a:1 b:2 a:3 b:4 a:5"},
		{"the same time", "b:1 b:2 a:1 a:2", "a:1 b:1 a:2 b:2"},
		{"the same time in one source", "a:1 a:1 b:0 a:1", "b:0 a:1 a:1 a:1"},
		// What went back in time, or has none, stays behind the one before it.
		{"one source goes back", "a:5 a:1 a:6 b:2 b:5", "b:2 a:5 a:1 b:5 a:6"},
		{"no time", "a:5 a:? a:7 b:6 b:?", "a:5 a:? b:6 b:? a:7"},
		{"no time at all", "a:? a:? b:?", "a:? a:? b:?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var recs []stream.Record
			seq := map[string]uint64{}
			for _, f := range strings.Fields(c.in) {
				source, second, _ := strings.Cut(f, ":")
				data := fmt.Sprintf(`{"v":0,"level":30,"time":"2026-01-02T03:04:0%s.000Z","msg":%q}`, second, f)
				if second == "?" {
					data = fmt.Sprintf(`{"msg":%q}`, f)
				}
				recs = append(recs, stream.Record{Source: source, Data: []byte(data), Position: stream.Position{Seq: seq[source]}})
				seq[source]++
			}
			merged := stream.MergeByTime(recs)
			var got []string
			last := map[string]uint64{}
			for _, r := range merged {
				_, msg, _ := strings.Cut(string(r.Data), `"msg":"`)
				got = append(got, strings.TrimSuffix(msg, `"}`))
				if n := last[r.Source]; r.Position.Seq != n {
					t.Errorf("%s: record %d stands where %d should", r.Source, r.Position.Seq, n)
				}
				last[r.Source]++
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("got  %s\nwant %s", g, c.want)
			}
		})
	}
}

// What was told between two records of a source stands between them, wherever
// the records of other sources come to stand.
func TestMergeKeepsNoticesInPlace(t *testing.T) {
	record := func(source string, second int, backfill bool) stream.Record {
		data := fmt.Sprintf(`{"v":0,"level":30,"time":"2026-01-02T03:04:0%d.000Z","msg":""}`, second)
		return stream.Record{Source: source, Data: []byte(data), Position: stream.Position{Seq: uint64(second)}, Backfill: backfill}
	}
	gap := func(source string, at int, count uint64) stream.Notice {
		return stream.Notice{At: at, Kind: stream.KindGap, Source: source, Count: count}
	}
	for _, c := range []struct {
		last int
		want string
	}{
		{-1, "lost a/1 a:1 b:2 a:3 lost b/2 b:4 lost a/3 filled a:5 lost b/4 b:6 lost a/5 a:7 lost a/6"},
		{2, "lost a/1 a:3 lost b/2 b:4 lost a/3 filled a:5 lost b/4 b:6 lost a/5 a:7 lost a/6"},
	} {
		from := stream.Backfill{Last: c.last}
		if c.last < 0 {
			from = stream.Backfill{Positions: map[string]stream.Position{}}
		}
		in := stream.NewInbox(0)
		m := stream.NewMerge(t.Context(), in, "s", from)
		m.Hold([]stream.Record{record("a", 1, true)}, gap("a", 0, 1))
		m.Hold([]stream.Record{record("b", 2, true), record("b", 4, true)}, gap("b", 1, 2))
		m.Hold([]stream.Record{record("a", 3, true)})
		m.Hold([]stream.Record{record("a", 5, false)}, gap("a", 0, 3))
		m.Hold([]stream.Record{record("b", 6, false)}, gap("b", 0, 4))
		m.Hold([]stream.Record{record("a", 7, false)}, gap("a", 0, 5), gap("a", 1, 6))
		m.Answered()
		b, err := in.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for i := 0; i <= len(b.Records); i++ {
			for _, n := range b.Notices {
				switch {
				case n.At != i:
				case n.Kind == stream.KindBackfill:
					got = append(got, "filled")
				default:
					got = append(got, fmt.Sprintf("lost %s/%d", n.Source, n.Count))
				}
			}
			if i < len(b.Records) {
				got = append(got, fmt.Sprintf("%s:%d", b.Records[i].Source, b.Records[i].Position.Seq))
			}
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("the last %d:\n got %s\nwant %s", c.last, g, c.want)
		}
	}
}
