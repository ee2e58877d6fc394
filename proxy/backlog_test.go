package proxy_test

import (
	"bytes"
	"testing"

	"sluice/cluster/stream"
)

// inbox is what may wait for the proxy, by the default of stream.Config.
const inbox = 16 << 20

// What waited for the proxy while it was held up comes into its log at once: no session
// could have read any of it meanwhile, and none loses it.
func TestABacklogIsNotLost(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	r := get(t, p, "/api/logs/s", ours()...)
	r.next("live")
	f.send(records("s", 9, 0, 1)...)
	id := field(r.next(""), "id")
	r.close()
	backlog := records("s", 9, 1, inbox/(4096+stream.RecordCost))
	for i := range backlog {
		backlog[i].Data = bytes.Replace(backlog[i].Data, []byte("s "), bytes.Repeat([]byte("s "), (4096-len(backlog[i].Data))/2), 1)
	}
	f.send(backlog...)
	f.logged(t)
	r = get(t, p, "/api/logs/s", ours("Last-Event-ID", id)...)
	for {
		switch e := r.event(); field(e, "event") {
		case "dropped":
			t.Fatalf("told %+v", lossOf(t, e))
		case "":
			if got := field(e, "data"); got != string(backlog[0].Data) {
				t.Fatalf("goes on at %.100s", got)
			}
			return
		}
	}
}
