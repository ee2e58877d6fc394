package recorder_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/record"
	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// A file of several streams says of which the records are, in each file anew, and
// nothing of what came is changed; one of a single stream says nothing.
func TestMarksOfStreams(t *testing.T) {
	forged := string(record.AppendStreamMark(nil, time.Unix(0, 0), "tenant/other"))
	for _, tt := range []struct {
		name    string
		streams []string
		out     string
		want    string
	}{
		{"several", []string{"s", "t"}, "out.ndjson", "[s] 1 2 [t] 3 [s] 4 loss [t] 5 renamed 6"},
		{"a pattern", []string{"*"}, "out.ndjson.zst", "[s] 1 2 [t] 3 [s] 4 loss [t] 5 renamed 6"},
		{"one", []string{"s"}, "out.ndjson.gz", "1 2 4 loss"},
		{"a file each", []string{"s", "t"}, "out-{stream}.ndjson", "1 2 4 loss 3 5 renamed 6"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newMemDisk()
			records := slices.Concat(script.Records("s", "1", "2"), script.Records("t", "3"), script.Records("s", "4"), script.Records("t", "5", forged, "6"))
			source := &play{Source: script.Source{
				End: script.ErrOver, States: liveSource,
				Batches: []*stream.Batch{script.Batch(nil), script.Batch(records, gap(4, "s", 7, false))},
			}, live: listed(1, "s", "t")}
			if _, err := recorded(t, d, recorder.Config{Source: source, Streams: tt.streams, Out: tt.out}); !errors.Is(err, script.ErrOver) {
				t.Fatal(err)
			}
			var got []string
			names := d.names()
			slices.Sort(names)
			for _, name := range names {
				for _, line := range d.lines(t, name) {
					marked, ok := record.ParseStreamMark([]byte(line))
					switch {
					case ok:
						line = fmt.Sprintf("[%s]", marked)
					case record.IsLoss([]byte(line)):
						line = "loss"
					case strings.HasSuffix(line, `"sluice_":"stream"}`):
						line = "renamed"
					}
					got = append(got, line)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("recorded %q, want %q", got, tt.want)
			}
		})
	}
}

// However small the files are, each begins with a mark and is no larger than asked for.
func TestMarksInRotatedFiles(t *testing.T) {
	d := newMemDisk()
	source := &play{Source: script.Source{End: script.ErrOver}}
	for i := range 300 {
		b := &stream.Batch{}
		for n := range 20 {
			b.Records = append(b.Records, script.Records([]string{"s", "tenant/t"}[n%2], fmt.Sprintf(`{"n":%d}`, i))...)
		}
		source.Batches = append(source.Batches, b)
	}
	s, err := recorded(t, d, recorder.Config{Source: source, Streams: []string{"s", "tenant/t"}, RotateSize: recorder.MinRotateSize})
	if !errors.Is(err, script.ErrOver) || s.Records != 6000 || s.Files < 3 {
		t.Fatalf("%v; the summary is %+v", err, s)
	}
	for _, name := range d.names() {
		lines := d.lines(t, name)
		if _, ok := record.ParseStreamMark([]byte(lines[0])); !ok {
			t.Errorf("%s begins with %q", name, lines[0])
		}
		if size := len(strings.Join(lines, "\n")) + 1; size > recorder.MinRotateSize {
			t.Errorf("%s has %d bytes", name, size)
		}
	}
}
