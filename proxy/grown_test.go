package proxy_test

import (
	"bytes"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/cluster/zmtp"
	"sluice/proxy"
)

// A payload that is no JSON, and becomes too large as a record, is a loss, told in its
// place: to who reads, to who comes back, and to who has it read again. One that just fits
// is none.
func TestWhatGrowsTooLargeIsALoss(t *testing.T) {
	const head = len(`{"v":0,"name":"unknown","hostname":"unknown","pid":0,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":""}`)
	cl := newCluster(4, 0)
	list := cl.logs["vm-1"]
	list[1].Data = bytes.Repeat([]byte{1}, zmtp.MaxRecord/5)
	list[2].Data = bytes.Repeat([]byte("x"), zmtp.MaxRecord-head)
	p := start(t, nil, func(cfg *proxy.Config) { cfg.Open = cl.open })
	check := func(r *reader, name string) {
		t.Helper()
		want := loss.Loss{Stream: name, Source: "vm-1", Hop: loss.AtProxy, Reason: loss.TooLarge, Count: 1}
		if got := lossOf(t, r.next("dropped")); got.Loss != want {
			t.Errorf("told %+v, want %+v", got.Loss, want)
		}
		if e := r.event(); len(field(e, "data")) != zmtp.MaxRecord {
			t.Errorf("the one that just fits has %d bytes: %.200s", len(field(e, "data")), e)
		}
		if e := r.event(); field(e, "data") != string(payload("s", 3)) {
			t.Errorf("behind it comes %.200q", e)
		}
	}
	again := get(t, p, "/api/logs/s", ours("Sluice-Positions", httpapi.FormatPositions(map[string]stream.Position{"vm-1": {Epoch: 9}}))...)
	if e := again.next(""); field(e, "data") != string(payload("s", 0)) {
		t.Errorf("reading again begins with %.200q", e)
	}
	check(again, "s")

	r := get(t, p, "/api/logs/live", sse...)
	r.next("source")
	live := append([]stream.Record(nil), list...)
	for i := range live {
		live[i].Stream = "live"
	}
	cl.main.send(live...)
	id := field(r.next(""), "id")
	check(r, "live")
	check(get(t, p, "/api/logs/live", append([]string{"Last-Event-ID", id}, sse...)...), "live")
}
