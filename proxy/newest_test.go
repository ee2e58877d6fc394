package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/stream"
)

// last=N of several streams is N records in all, the newest ones, and then come those
// that are new; what was lost between older ones is nothing to it.
func TestLastOfSeveralStreams(t *testing.T) {
	const a, b = 400, 30
	at := func(name string, seq, second int) stream.Record {
		return stream.Record{
			Stream: name, Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: uint64(seq)},
			Data: fmt.Appendf(nil, `{"time":"2026-03-01T12:%02d:%02dZ","pad":%q,"i":%d}`, second/60, second%60, strings.Repeat("x", 400), second),
		}
	}
	f := newFake()
	f.backfill = func(name string, _ stream.Backfill) *stream.Batch {
		batch := new(stream.Batch)
		switch name {
		case "a": // every second, larger than a piece of a log
			for i := range a {
				batch.Records = append(batch.Records, at(name, i, i))
			}
		case "b": // every third second of the middle, and something is lost after the first ten
			for i := range b {
				seq := i
				if i >= 10 {
					seq += 100
				}
				batch.Records = append(batch.Records, at(name, seq, 200+3*i))
			}
			batch.Notices = []stream.Notice{{Kind: stream.KindGap, At: 10, Stream: name, Source: "vm-1", Count: 100, Hop: "consolidator"}}
		}
		return batch
	}
	var all []int
	for i := range a {
		all = append(all, i)
	}
	for i := range b {
		all = append(all, 200+3*i)
	}
	slices.Sort(all)
	p := start(t, f, nil)
	seq := 0
	for _, c := range []struct{ last, gaps int }{{1, 0}, {100, 0}, {150, 0}, {250, 1}, {429, 1}, {430, 1}, {1 << 40, 1}} {
		for _, header := range [][]string{nil, sse, ours()} {
			r := get(t, p, fmt.Sprintf("/api/logs?stream=a&stream=b&stream=empty*&stream=empty&last=%d", c.last), header...)
			seq++
			f.send(at("empty", seq, 1000+seq)) // the last one that is read
			want := append(slices.Clone(all[max(0, len(all)-c.last):]), 1000+seq)
			var got []int
			gaps := 0
			for len(got) == 0 || got[len(got)-1] != 1000+seq {
				line, err := r.in.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(line, `100 records dropped`) || strings.Contains(line, `"count":100`) {
					gaps++
				}
				if _, after, ok := strings.Cut(line, `"i":`); ok {
					var i int
					if _, err := fmt.Sscan(strings.TrimRight(after, "}\n"), &i); err != nil {
						t.Fatalf("%v in %q", err, line)
					}
					got = append(got, i)
				}
			}
			if !slices.Equal(got, want) || gaps != c.gaps {
				t.Errorf("last=%d, %v: %d records from %d, and %d gaps; want %d from %d, and %d",
					c.last, header, len(got), got[0], gaps, len(want), want[0], c.gaps)
			}
			r.close()
			all = append(all, 1000+seq)
		}
	}
}
