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
