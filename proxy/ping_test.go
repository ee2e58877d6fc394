package proxy_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// A reader whose filter lets little pass is told with each heartbeat how far it has come:
// what was passed over, and is evicted later, is no loss when it comes back.
func TestFilteredReaderMovesOn(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) {
		c.Heartbeat = 5 * time.Millisecond
		c.StreamBuffer = 256 << 10
	})
	path := "/api/logs/s?level=error"
	r := get(t, p, path, ours()...)
	r.next("live")
	f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9}, Data: []byte(`{"level":50,"msg":"once"}`)})
	first := field(r.next(""), "id")
	filler := strings.Repeat("x", 1000)
	seq := uint64(1)
	var id string
	var ping httpapi.PingEvent
	for range 10 { // more than the log holds, and never so much at a time
		var list []stream.Record
		for range 100 {
			list = append(list, stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: []byte(`{"level":30,"msg":"` + filler + `"}`)})
			seq++
		}
		f.send(list...)
		for want := httpapi.FormatPositions(map[string]stream.Position{"vm-1": {Epoch: 9, Seq: seq}}); ping.Positions != want; {
			e := r.next(httpapi.EventPing)
			id = field(e, "id")
			if err := json.Unmarshal([]byte(field(e, "data")), &ping); err != nil {
				t.Fatalf("%v in %q", err, e)
			}
		}
	}
	r.close()

	// Without the heartbeats, it is told of a loss.
	if e := get(t, p, path, append([]string{"Last-Event-ID", first}, sse...)...).next("dropped"); lossOf(t, e).Count == 0 {
		t.Errorf("told %s", e)
	}
	for name, header := range map[string][]string{
		"ours":    ours("Last-Event-ID", id, "Sluice-Positions", ping.Positions),
		"another": append([]string{"Last-Event-ID", id}, sse...),
	} {
		r := get(t, p, path, header...)
		for range 10 {
			if e := r.event(); field(e, "event") == httpapi.EventDropped {
				t.Errorf("%s: told %s", name, e)
			}
		}
	}
}

var emptyPing = regexp.MustCompile(`^event: ping\nid: (~[\w-]{6}|[0-9a-z]{8,13}\.)0\ndata:\n\n$`)

// Who has no filter, or is no reader of ours, gets the place alone.
func TestPingsOfOthers(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.Heartbeat = 5 * time.Millisecond })
	for path, header := range map[string][]string{
		"/api/logs/s":             ours(),
		"/api/logs/s?level=error": sse,
	} {
		if e := get(t, p, path, header...).next(httpapi.EventPing); !emptyPing.MatchString(e) {
			t.Errorf("%s: %q", path, e)
		}
	}
}
