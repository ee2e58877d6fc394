package proxied_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
)

// After a loss that a restart brought, reading goes on where the loss says,
// though the connection breaks before there is a record: or what was lost of the
// new epoch would be told twice.
func TestPositionAfterARestart(t *testing.T) {
	asked := make(chan string, 100)
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Sluice-Positions")
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "event: source\ndata: {\"n\":1,\"consolidator\":\"vm-1\",\"state\":\"live\",\"epoch\":\"9\",\"next\":4}\n\n"+
			"id: e.4.1.4\ndata: {}\n\n"+
			"event: dropped\nid: e.7.1.7\ndata: {\"stream\":\"s\",\"count\":3,\"total\":3,\"hop\":\"consolidator\",\"consolidator\":\"vm-1\",\"epoch\":\"a\",\"next\":2}\n\n")
	})})
	s.Tail("s", stream.Backfill{})
	if first, second := <-asked, <-asked; first != "" || second != "vm-1:a:2" {
		t.Errorf("asked from %q, then from %q, want vm-1:a:2", first, second)
	}
}

// A consolidator that the proxy reaches only now, and that has sent nothing yet,
// is gone on with where the proxy began there: what it has first may come while
// there is no proxy.
func TestPositionsOfLaterOnes(t *testing.T) {
	asked := make(chan string, 100)
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Sluice-Positions")
		w.Header().Set("Content-Type", "text/event-stream")
		source := "event: source\ndata: {\"n\":%d,\"consolidator\":\"vm-%d\",\"state\":\"live\",\"epoch\":%q,\"next\":%d}\n\n"
		fmt.Fprintf(w, source+source, 1, 1, "9", 4, 2, 2, "", 0)
		fmt.Fprint(w, "event: live\nid: e.4\ndata:\n\n")
		fmt.Fprintf(w, source, 2, 2, "8", 3)
		fmt.Fprintf(w, source, 3, 1, "7", 0) // one that it has a place of goes on there
		fmt.Fprint(w, "id: e.5.1.4\ndata: {}\n\n")
	})})
	s.Tail("s", stream.Backfill{})
	if first, second := <-asked, <-asked; first != "" || second != "vm-1:9:5, vm-2:8:3" {
		t.Errorf("asked from %q, then from %q", first, second)
	}
}

// With a loss, the proxy says what comes next from each consolidator: there it
// goes on, also where another proxy has taken over.
func TestPositionsThatTheProxyTells(t *testing.T) {
	asked := make(chan string, 100)
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Sluice-Positions")
		w.Header().Set("Content-Type", "text/event-stream")
		source := "event: source\ndata: {\"n\":%d,\"consolidator\":\"vm-%d\",\"state\":\"live\",\"epoch\":\"9\",\"next\":4}\n\n"
		fmt.Fprintf(w, source+source, 1, 1, 2, 2)
		fmt.Fprint(w, "id: e.4.1.4\ndata: {}\n\n"+
			"event: dropped\nid: e.f.0.0\ndata: {\"stream\":\"s\",\"count\":10,\"total\":10,\"hop\":\"proxy\",\"positions\":\"vm-1:9:9, vm-2:9:a\"}\n\n"+
			"id: e.g.1.9\ndata: {}\n\n")
	})})
	s.Tail("s", stream.Backfill{})
	if first, second := <-asked, <-asked; first != "" || second != "vm-1:9:a, vm-2:9:a" {
		t.Errorf("asked from %q, then from %q", first, second)
	}
}

// With a filter, the proxy says in its heartbeats how far the response has come.
func TestPingsMoveOn(t *testing.T) {
	begin := source(1, 1, "9") + liveEvent
	got := asks(t, stream.Backfill{},
		begin+"event: ping\nid: e.9\ndata: {\"positions\":\"vm-1:9:z\"}\n\n",
		begin+"event: ping\nid: e.a\ndata:\n\n",
		begin+"event: ping\ndata:\n\n",
		begin+"event: ping\nid: e.b\ndata: {\"positions\":\"nonsense\"}\n\n",
	)
	for i, want := range []string{"", "e.9 vm-1:9:z", "e.a vm-1:9:z", "e.4 vm-1:9:z", "e.b vm-1:9:z"} {
		h := got[i]
		if have := strings.TrimSpace(h.Get("Last-Event-ID") + " " + h.Get("Sluice-Positions")); have != want {
			t.Errorf("request %d names %q, want %q", i, have, want)
		}
	}
}
