package replay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/record"
	"sluice/headless/internal/packed"
	"sluice/headless/replay"
)

// marked is a recording of several streams: what stands before a colon is the stream of
// the record behind it.
func marked(records ...string) string {
	var b strings.Builder
	last := ""
	for i, r := range records {
		stream, msg, _ := strings.Cut(r, ":")
		if stream != last {
			b.Write(append(record.AppendStreamMark(nil, time.Unix(1e9, 0), stream), '\n')) // long before the records
			last = stream
		}
		b.WriteString(line(time.Duration(i)*time.Second, msg))
	}
	return b.String()
}

// ofStreams is what was handed on, with the stream of each record.
func (got *taken) ofStreams() string {
	var all []string
	for i, msg := range got.records {
		all = append(all, got.streams[i]+":"+msg)
	}
	return strings.Join(all, " ")
}

// The records of a recording of several streams come in their streams, however it is
// packed; the lines that say so are no records, and have no time.
func TestStreamsOfARecording(t *testing.T) {
	records := []string{"s:1", "tenant/t:2", "tenant/t:3", "s:4", "u:5"}
	text := marked(records...)
	for name, path := range map[string]string{
		"plain": file(t, "one.ndjson", text), "zstd": file(t, "one.ndjson.zst", packed.Zstd(text)), "gzip": file(t, "one.gz", packed.Gzip(text)),
	} {
		t.Run(name, func(t *testing.T) {
			for _, listed := range []bool{false, true} {
				config := replay.Config{Files: []string{path}, Gaps: true, Listed: listed}
				source, err := replay.New(config)
				if err != nil {
					t.Fatal(err)
				}
				if names := source.StreamNames(); !slices.Equal(names, []string{"s", "tenant/t", "u"}) {
					t.Errorf("the streams are %q", names)
				}
				got := replayed(t, config)
				if got.ofStreams() != strings.Join(records, " ") || got.stats.Records != 5 || got.stats.Strange != 0 {
					t.Errorf("it hands on %s, and %+v", got.ofStreams(), got.stats)
				}
			}
			got := replayed(t, replay.Config{Files: []string{path}, Stream: "x"})
			if got.ofStreams() != "x:1 x:2 x:3 x:4 x:5" {
				t.Errorf("as another stream it hands on %s", got.ofStreams())
			}
		})
	}
}

// A loss belongs to the stream that it names; a file that is cut short may lack records
// of any.
func TestLossesOfStreams(t *testing.T) {
	lost := loss.Loss{Stream: "s", Count: 7, Source: "vm-1"}
	text := marked("s:1", "t:2") + string(lost.AppendRecord(nil, start)) + "\n" + marked("s:3")
	cut := text[:len(text)-10]
	got := replayed(t, replay.Config{Files: []string{file(t, "one.ndjson", cut)}, Gaps: true, Listed: true})
	var gaps []string
	for _, g := range got.gaps {
		gaps = append(gaps, fmt.Sprintf("%s %d %v", g.Stream, g.Count, g.Unknown))
	}
	if want := []string{"s 7 false", "s 0 true", "t 0 true"}; !slices.Equal(gaps, want) || got.ofStreams() != "s:1 t:2" {
		t.Errorf("the gaps are %q, want %q, beside %s", gaps, want, got.ofStreams())
	}
	got = replayed(t, replay.Config{Files: []string{file(t, "two.ndjson", text)}})
	if len(got.streams) != 4 || got.streams[2] != "s" { // the loss as a record
		t.Errorf("it hands on %s", got.ofStreams())
	}
}

// What looks like a mark in a file that does not begin with one is a record: whoever wrote
// it shall not name streams.
func TestForgedMarks(t *testing.T) {
	path := file(t, "app.log", line(0, "first")+marked("tenant/other:second"))
	got := replayed(t, replay.Config{Files: []string{path}})
	if got.ofStreams() != "app:first app:records of tenant/other app:second" {
		t.Errorf("it hands on %s", got.ofStreams())
	}
	bad := strings.ReplaceAll(marked("s:1"), `"stream":"s"`, `"stream":"\u0007"`)
	got = replayed(t, replay.Config{Files: []string{file(t, "bad.log", bad)}})
	if len(got.records) != 2 || got.streams[1] != "bad" {
		t.Errorf("of a stream that cannot be it hands on %q", got.ofStreams())
	}
}

// Streams that change with each record cost no record, wherever the buffers end.
func TestManyMarks(t *testing.T) {
	var records []string
	for i := range 20_000 {
		records = append(records, fmt.Sprintf("s%d:%d %s", i%3, i, strings.Repeat("x", i%100)))
	}
	got := replayed(t, replay.Config{Files: []string{file(t, "many.zst", packed.Zstd(marked(records...)))}, Inbox: 1 << 20})
	if got.ofStreams() != strings.Join(records, " ") {
		t.Errorf("%d of %d records came, in other streams or order", len(got.records), len(records))
	}
}
