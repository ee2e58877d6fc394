package proxy_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

// late is a source that has not yet answered for the stream s.
type late struct{ *fake }

func (l late) Tail(name string, from stream.Backfill) {
	if name != "s" {
		l.fake.Tail(name, from)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tails[name] = from
}

// What is published once the head of a response is there comes in it, also what
// consolidators have by the time when they are first asked for the stream.
func TestWhatIsPublishedOnceTheHeadIsThereComes(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) {
		c.Open = func(time.Duration) (proxy.Source, error) { return late{f}, nil }
	})
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr()+"/api/logs/s", nil)
	if err != nil {
		t.Fatal(err)
	}
	client, head := transport(t), make(chan *http.Response, 1)
	go func() {
		resp, err := client.RoundTrip(req)
		if err != nil {
			t.Error(err)
		}
		head <- resp
	}()
	wait.For(t, "the stream to be tailed", func() bool { return f.tailed("s") })
	get(t, p, "/api/logs/other", sse...).next("source") // time enough for a head that is early

	answer := &stream.Batch{}
	var resp *http.Response
	select {
	case resp = <-head: // whoever sees it publishes, and then the consolidator is asked
		answer.Records = records("s", 9, 0, 1)
	default:
	}
	answer.Notices = []stream.Notice{{Kind: stream.KindBackfill, At: len(answer.Records), Stream: "s"}}
	f.give(answer)
	if resp == nil {
		if resp = <-head; resp == nil {
			return
		}
		f.send(records("s", 9, 0, 1)...)
	}
	defer func() { _ = resp.Body.Close() }()
	if line, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil || !strings.Contains(line, "s 0") {
		t.Errorf("%q, %v", line, err)
	}
}
