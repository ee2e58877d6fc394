package proxied_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/wait"
)

func TestRefusedIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"problem": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(403)
			_, _ = io.WriteString(w, `{"title":"Forbidden","status":403,"detail":"not yours"}`)
		}, `ask for "s": 403 Forbidden: not yours`},
		"event": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, "data: {\"msg\":\"401 no token\"}\n\n")
		}, `ask for "s": 401 no token`},
		"another service": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "hello")
		}, "is this a sluice proxy?"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, "302"},
	} {
		t.Run(name, func(t *testing.T) {
			s := reads(t, proxied.Config{URL: answer(t, c.answer)})
			s.Tail("s", stream.Backfill{})
			s.Notice(func(n stream.Notice) bool {
				return n.Kind == stream.KindState && n.State == stream.StateLost && strings.Contains(n.Err, c.says)
			})
		})
	}
}

// What is wrong for the moment is tried again.
func TestUnavailableIsTriedAgain(t *testing.T) {
	tries := make(chan struct{}, 100)
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, _ *http.Request) {
		tries <- struct{}{}
		w.WriteHeader(503)
	})})
	s.Tail("s", stream.Backfill{})
	for range 3 {
		select {
		case <-tries:
		case <-time.After(wait.Limit):
			t.Fatal("it is not tried again")
		}
	}
	if st := s.Status()[0]; st.State != stream.StateConnecting {
		t.Errorf("state %v", st)
	}
}

// An answer that stops halfway holds nothing up for ever.
func TestARefusalThatStopsHalfway(t *testing.T) {
	tries := make(chan struct{}, 100)
	s := reads(t, proxied.Impatient(proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		tries <- struct{}{}
		w.WriteHeader(http.StatusForbidden)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})}))
	s.Tail("s", stream.Backfill{})
	s.Notice(func(n stream.Notice) bool { return strings.Contains(n.Err, "403") })
	for range 3 {
		select {
		case <-tries:
		case <-time.After(wait.Limit):
			t.Fatal("it is not tried again")
		}
	}
}

// Why there is no response is told at once, not when it is time to ask again.
func TestUnavailableForLongIsToldAtOnce(t *testing.T) {
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1000")
		w.WriteHeader(503)
	})})
	begin := time.Now()
	s.Tail("s", stream.Backfill{})
	s.Notice(func(n stream.Notice) bool { return strings.Contains(n.Err, "503") })
	if took := time.Since(begin); took > 20*time.Second { // it is asked for again after 30
		t.Errorf("it took %s", took)
	}
}

func TestRequest(t *testing.T) {
	got := make(chan *http.Request, 100)
	base := answer(t, func(w http.ResponseWriter, r *http.Request) {
		got <- r.Clone(context.Background())
		w.WriteHeader(503)
	})
	for name, want := range map[string]string{
		"tenant/acme": "/sub/api/logs/tenant/acme",
		"a b?c#d%":    "/sub/api/logs/a%20b%3Fc%23d%25",
		"a//b":        "/sub/api/logs/a%2F%2Fb",
		"../x":        "/sub/api/logs/%2E%2E%2Fx",
		"日":           "/sub/api/logs/%E6%97%A5",
	} {
		t.Run(name, func(t *testing.T) {
			s := reads(t, proxied.Config{URL: base + "/sub/", Token: "secret", Query: url.Values{"level": {"warn"}}})
			s.Tail(name, stream.Backfill{Last: 7, Positions: map[string]stream.Position{"vm,1:é": {Epoch: 35, Seq: 36}}})
			r := <-got
			if r.URL.EscapedPath() != want {
				t.Errorf("path %q, want %q", r.URL.EscapedPath(), want)
			}
			if q := r.URL.Query(); q.Get("level") != "warn" || q.Get("last") != "7" {
				t.Errorf("query %q", r.URL.RawQuery)
			}
			for header, want := range map[string]string{
				"Authorization": "Bearer secret", "Accept": "text/event-stream", "Sluice-Client": "1",
				"Sluice-Positions": "vm%2C1%3A%C3%A9:z:10", "Last-Event-Id": "", "Accept-Encoding": "",
			} {
				if r.Header.Get(header) != want {
					t.Errorf("%s: %q, want %q", header, r.Header.Get(header), want)
				}
			}
			s.End()
			for len(got) > 0 {
				<-got
			}
		})
	}
}

func TestProxyURL(t *testing.T) {
	for _, bad := range []string{"127.0.0.1:5580", "ftp://x", "http://", "http://[::1", "tcp://127.0.0.1:5552"} {
		if _, err := proxied.New(proxied.Config{URL: bad}); err == nil || !strings.Contains(err.Error(), "http://host:port") {
			t.Errorf("proxy %q: %v", bad, err)
		}
	}
}

// When the source ends, what is there can still be taken.
func TestProxiedEnds(t *testing.T) {
	s := reads(t, proxied.Config{URL: "http://127.0.0.1:1"})
	s.Tail("s", stream.Backfill{})
	s.Notice(func(n stream.Notice) bool { return n.Kind == stream.KindState && n.Err != "" })
	s.End()
	for {
		if _, err := s.Take(context.Background()); err != nil {
			if !errors.Is(err, stream.ErrClosed) {
				t.Error(err)
			}
			return
		}
	}
}

// That a proxy does not give one stream is no outage of the others: it is said once, of
// that stream, and so is that the stream is given. A list that is refused shows in
// Status.
func TestRefusalIsOfOneStream(t *testing.T) {
	for _, status := range []int{403, 503} { // for good, or for now
		t.Run(strconv.Itoa(status), func(t *testing.T) { refusesOne(t, status) })
	}
}

func refusesOne(t *testing.T, status int) {
	var given atomic.Bool
	s := reads(t, proxied.Impatient(proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/logs/mine" && !given.Load() {
			w.WriteHeader(status)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: live\nid: 1\ndata: {}\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})}))
	s.Tail("mine", stream.Backfill{})
	s.Kind(stream.KindBackfill)
	s.Tail("theirs", stream.Backfill{})
	s.Notice(func(n stream.Notice) bool {
		if n.Kind == stream.KindState {
			t.Fatalf("notice %+v", n)
		}
		return n.Kind == stream.KindRefused && n.Stream == "theirs" && strings.Contains(n.Err, `ask for "theirs": `+strconv.Itoa(status))
	})
	s.WatchStreams(true)
	wait.For(t, "a list that is refused", func() bool {
		self := s.Status()[0]
		return self.State == stream.StateLive && strings.Contains(self.Err, "ask for the list of streams: "+strconv.Itoa(status))
	})
	given.Store(true)
	s.Notice(func(n stream.Notice) bool {
		if n.Kind == stream.KindState || n.Kind == stream.KindRefused && n.Err != "" {
			t.Fatalf("notice %+v", n)
		}
		return n.Kind == stream.KindRefused && n.Stream == "theirs"
	})
	wait.For(t, "a list", func() bool { return s.Status()[0].Err == "" })
}
