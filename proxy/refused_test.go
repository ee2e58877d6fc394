package proxy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/loss"
	"sluice/cluster/stream"
)

// What a consolidator refused is told with its reason, in both forms, also to a
// session that resumes before it.
func TestRefusedIsDropped(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", sse...)
	r.next("source")
	f.send(records("s", 9, 0, 1)...)
	id := field(r.next(""), "id")
	at := time.Date(2026, 11, 22, 1, 2, 3, 4e6, time.UTC)
	f.notice(stream.Notice{
		Kind: stream.KindGap, Time: at, Stream: "s", Source: "vm-1", Count: 2, Hop: loss.AtConsolidator, Reason: loss.TooLarge,
	})
	f.send(records("s", 9, 3, 1)...)
	want := []string{
		"event: dropped\nid: E3 3\ndata: " +
			`{"stream":"s","count":2,"total":2,"since":"2026-11-22T01:02:03.004Z","hop":"consolidator","reason":"larger than 256 KiB","consolidator":"vm-1"}` + "\n\n",
		"id: E4 4\ndata: " + `{"v":0,"level":30,"msg":"s 3"}` + "\n\n",
	}
	r.wants(want...)

	again := get(t, p, "/api/logs/s", append(slices.Clone(sse), "Last-Event-ID", id)...)
	again.next("source")
	again.wants(want...)

	text := get(t, p, "/api/logs/s?last=2")
	for _, want := range []string{
		`"msg":"s 0"`,
		`"msg":"2 records dropped: larger than 256 KiB","dropped":2,"unknown":false,"total":2,"since":"2026-11-22T01:02:03.004Z","stream":"s","hop":"consolidator","reason":"larger than 256 KiB","consolidator":"vm-1"`,
		`"msg":"s 3"`,
	} {
		if line, err := text.in.ReadString('\n'); err != nil || !strings.Contains(line, want) {
			t.Errorf("line %q, %v, want %q", line, err, want)
		}
	}
}
