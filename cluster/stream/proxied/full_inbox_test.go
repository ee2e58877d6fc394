package proxied_test

import (
	"net/http"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/wait"
)

// Whoever takes may ask for the states, and begin and end tails, before it takes: what
// is told of a source meanwhile waits for nobody, and is there in the end.
func TestFullInboxBlocksNobody(t *testing.T) {
	told := make(chan struct{})
	const states = 100
	s := reads(t, proxied.Config{Inbox: 1, URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		text := "id: 1.1.1.1\ndata: {\"msg\":\"hello\"}\n\nevent: live\nid: 2\ndata:\n\n"
		if strings.HasSuffix(r.URL.Path, "/b") {
			<-told
			text = strings.Repeat(sourceEvent("connecting")+sourceEvent("live"), states) + sourceEvent("lost")
		}
		_, _ = w.Write([]byte(text))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})})
	s.Tail("a", stream.Backfill{})
	<-s.Ready() // the proxy is live: the inbox is full by that
	s.Tail("b", stream.Backfill{})
	close(told)
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait.Until(func() bool { all := s.Status(); return len(all) == 2 && all[1].State == stream.StateLost })
		s.Streams()
		s.WatchStreams(true)
		s.Tail("c", stream.Backfill{})
		s.Stop("c")
	}()
	wait.For(t, "whoever asks while the inbox is full", func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
	got := 0
	var last stream.State
	s.Notice(func(n stream.Notice) bool {
		if n.Kind == stream.KindState && n.Source == "vm-1" {
			got++
			last = n.State
		}
		return n.Kind == stream.KindBackfill && n.Stream == "a"
	})
	if got != 1 || last != stream.StateLost {
		t.Fatalf("%d notices of vm-1, the last says %s; want the latest alone", got, last)
	}
}

func sourceEvent(state string) string {
	return `event: source` + "\n" + `data: {"n":1,"consolidator":"vm-1","state":"` + state + `","epoch":"9","next":0}` + "\n\n"
}
