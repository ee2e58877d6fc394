package proxy_test

import (
	"fmt"
	"net/http"
	"testing"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

// Names that somebody invents keep no stream out: what is live and what is of the system
// begins at once, and another invented one when there is room.
func TestInventedNamesKeepNoStreamOut(t *testing.T) {
	f := newFake()
	f.live = []stream.Live{{Name: "s"}, {Name: "tenant/live"}}
	p := start(t, f, func(c *proxy.Config) { c.Streams = 3 })
	var open []*reader
	for i := range 3 {
		r := get(t, p, fmt.Sprintf("/api/logs/invented/%d", i), sse...)
		r.next("source")
		open = append(open, r)
	}
	for _, path := range []string{"/api/logs/s", "/api/logs/tenant/live", "/api/logs/system", "/api/logs/system/scheduler"} {
		get(t, p, path, sse...).next("source")
	}
	answered := make(chan int, 1)
	go func() {
		resp, err := http.Get("http://" + p.Addr() + "/api/logs/invented/late")
		if err != nil {
			answered <- 0
			return
		}
		answered <- resp.StatusCode
		_ = resp.Body.Close()
	}()
	wait.For(t, "it waits", func() bool { return p.Stats().Sessions == 8 })
	if f.tailed("invented/late") {
		t.Error("an invented name too many is tailed")
	}
	for _, r := range open {
		r.close()
	}
	if status := <-answered; status != http.StatusOK || !f.tailed("invented/late") {
		t.Errorf("once others have given way it is answered %d", status)
	}
}

// A tail that nobody reads gives way at once, so that thousands of names that were asked
// for a moment are no more than the limit.
func TestTailsThatNobodyReadsGiveWay(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Streams = 5 })
	for i := range 60 {
		name := fmt.Sprintf("invented/%d", i)
		r := get(t, p, "/api/logs/"+name, sse...)
		r.next("source")
		if !f.tailed(name) {
			t.Fatalf("%s is not tailed", name)
		}
		r.close()
		wait.For(t, "the session to end", func() bool { return p.Stats().Sessions == 0 })
	}
	n := 0
	for i := range 60 {
		if f.tailed(fmt.Sprintf("invented/%d", i)) {
			n++
		}
	}
	if n > 5 {
		t.Errorf("%d are tailed", n)
	}
}
