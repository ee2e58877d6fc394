package direct_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/stream/direct"
)

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
	refused := func(source string, at int, count uint64) stream.Notice {
		n := gap(source, at, count)
		n.Reason = loss.TooLarge
		return n
	}
	for _, c := range []struct {
		last int
		want string
	}{
		{-1, "lost a/7 lost a/1 a:1 b:2 a:3 lost b/2 b:4 lost a/3 filled a:5 lost b/4 b:6 lost a/5 a:7 lost a/6"},
		{2, "lost a/1 a:3 lost b/2 b:4 lost a/3 filled a:5 lost b/4 b:6 lost a/5 a:7 lost a/6"},
	} {
		from := stream.Backfill{Last: c.last}
		if c.last < 0 {
			from = stream.Backfill{Positions: map[string]stream.Position{}}
		}
		in := stream.NewHandover(0)
		m := direct.NewMerge(t.Context(), in, "s", from)
		m.Hold([]stream.Record{record("a", 1, true)}, refused("a", 0, 7), gap("a", 0, 1))
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
