package proxied_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/wait"
)

// asks runs a source whose proxy answers each request with the next of some texts, the
// last one again and again, and ends it; it returns the first requests, one for each text.
func asks(t *testing.T, from stream.Backfill, answers ...string) []http.Header {
	t.Helper()
	asked := make(chan http.Header, 100)
	var n atomic.Int64
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		i := int(n.Add(1)) - 1
		if i <= len(answers) {
			asked <- r.Header
		}
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, answers[min(i, len(answers)-1)])
	})})
	s.Tail("s", from)
	var got []http.Header
	wait.For(t, "the requests", func() bool {
		for s.TryTake() != nil { // so that nothing waits
			continue
		}
		select {
		case h := <-asked:
			got = append(got, h)
		default:
		}
		return len(got) > len(answers)
	})
	return got
}

func source(n, vm int, epoch string) string {
	return fmt.Sprintf("event: source\ndata: {\"n\":%d,\"consolidator\":\"vm-%d\",\"state\":\"live\",\"epoch\":%q,\"next\":4}\n\n", n, vm, epoch)
}

const liveEvent = "event: live\nid: e.4\ndata:\n\n"

// What a proxy does not name that knows all of its consolidators is forgotten, and not
// before: it may be the one that was not reached yet.
func TestPositionsOfTheGoneAreForgotten(t *testing.T) {
	got := asks(t, stream.Backfill{},
		source(1, 1, "9")+source(2, 2, "9")+liveEvent,
		liveEvent, // it knows nothing of the cluster
		source(1, 1, "9")+source(2, 3, "")+liveEvent,
		source(1, 1, "9")+source(2, 3, "")+liveEvent+source(2, 3, "7"),
	)
	for i, want := range []string{"", "vm-1:9:4, vm-2:9:4", "vm-1:9:4, vm-2:9:4", "vm-1:9:4, vm-2:9:4", "vm-1:9:4, vm-3:7:4"} {
		if h := got[i].Get("Sluice-Positions"); h != want {
			t.Errorf("request %d asks from %q, want %q", i, h, want)
		}
	}
}

// More positions than a proxy takes are not sent, or it would refuse the request for
// good. A proxy that cannot go on by the id then tells of an unknown loss.
func TestTooManyPositions(t *testing.T) {
	var many strings.Builder
	for i := range 5000 {
		many.WriteString(source(i+1, i, "9") + fmt.Sprintf("id: e.%d.%d.4\ndata: {}\n\n", i+1, i+1))
	}
	tooLarge := make(map[string]stream.Position)
	for i := range 300 {
		tooLarge[fmt.Sprint(strings.Repeat("x", 200), i)] = stream.Position{Epoch: 9, Seq: 4}
	}
	for name, c := range map[string]struct {
		from stream.Backfill
		text string
		id   string // what the first request names
	}{
		"too many":  {stream.Backfill{}, many.String() + liveEvent, ""},
		"too large": {stream.Backfill{Positions: tooLarge}, source(1, 1, "") + liveEvent, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			for i, h := range asks(t, c.from, c.text) {
				id := []string{c.id, "e.4"}[i]
				if p := h.Get("Sluice-Positions"); p != "" || h.Get("Last-Event-ID") != id {
					t.Errorf("request %d names %q, and positions of %d bytes; want %q alone", i, h.Get("Last-Event-ID"), len(p), id)
				}
			}
		})
	}
}
