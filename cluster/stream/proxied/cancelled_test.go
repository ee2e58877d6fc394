package proxied_test

import (
	"net/http"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/testsource"
	"sluice/internal/wait"
)

// What the reader ends by itself is no event, whatever it was and however far it had
// come: no notice follows, and the proxy is not called lost.
func TestEndingIsNoEvent(t *testing.T) {
	watch := func(s *testsource.Taker) { s.WatchStreams(true) }
	unwatch := func(s *testsource.Taker) { s.WatchStreams(false) }
	tail := func(s *testsource.Taker) { s.Tail("s", stream.Backfill{}) }
	stop := func(s *testsource.Taker) { s.Stop("s") }
	for name, c := range map[string]struct{ begin, end func(*testsource.Taker) }{
		"the list of streams": {watch, unwatch},
		"a stream":            {tail, stop},
		"both":                {func(s *testsource.Taker) { watch(s); tail(s) }, func(s *testsource.Taker) { unwatch(s); stop(s) }},
	} {
		t.Run(name, func(t *testing.T) {
			u := &upstream{}
			addr, _ := serve(t, "127.0.0.1:0", u)
			s := reads(t, proxied.Config{URL: "http://" + addr})
			state := func(want stream.State) func() bool {
				return func() bool { return s.Status()[0].State == want }
			}
			for range 3 {
				c.begin(s)
				wait.For(t, "a proxy that is live", state(stream.StateLive))
				c.end(s)
				if got := s.Status()[0].State; got != stream.StateUnknown {
					t.Fatalf("asked for nothing, the proxy is %s", got)
				}
			}
			s.Tail("other", stream.Backfill{})
			if n := firstState(s); n.State != stream.StateLive {
				t.Fatalf("notice %+v", n)
			}
			s.Notice(func(n stream.Notice) bool {
				if n.Kind == stream.KindState && n.Source == addr {
					t.Fatalf("after the first, notice %+v", n)
				}
				return n.Kind == stream.KindBackfill && n.Stream == "other"
			})
		})
	}
}

// firstState is the first notice of a state.
func firstState(s *testsource.Taker) (first stream.Notice) {
	s.Notice(func(n stream.Notice) bool {
		first = n
		return n.Kind == stream.KindState
	})
	return first
}

// A request that is given up before the answer has come is no event either.
func TestGivingUpIsNoEvent(t *testing.T) {
	asked := make(chan string, 10)
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if r.URL.Path == httpapi.StreamsPath {
			<-r.Context().Done() // it never answers
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("event: live\nid: 1\ndata: {}\n\n"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})})
	s.WatchStreams(true)
	<-asked
	s.WatchStreams(false)
	s.Tail("s", stream.Backfill{})
	if n := firstState(s); n.State != stream.StateLive {
		t.Fatalf("notice %+v", n)
	}
	s.Kind(stream.KindBackfill)
}
