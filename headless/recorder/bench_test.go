package recorder_test

import (
	"io"
	"slices"
	"testing"

	"sluice/cluster/stream"
	"sluice/headless/internal/script"
	"sluice/headless/recorder"
)

// BenchmarkRecorder records bunyan records of about 190 bytes, uncompressed.
func BenchmarkRecorder(b *testing.B) {
	line := script.Bunyan(30, "GET /api/users 200: the request was answered in 12 ms, of which 3 were spent in the queue")
	batch := script.Records("s", slices.Repeat([]string{line}, 1000)...)
	source := &play{Source: script.Source{Make: func() *stream.Batch { return script.Batch(batch) }}}
	r, err := recorder.NewOn(recorder.Config{Source: source, Streams: []string{"s"}, Out: recorder.Stdout, Stdout: io.Discard, Count: b.N}, newMemDisk())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	b.ResetTimer()
	if err := r.Run(b.Context()); err != nil {
		b.Fatal(err)
	}
}
