package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/internal/wait"
	"sluice/proxy/web"
)

// fake is a proxy that a test scripts: what it sends on each stream, whom it lets in, and
// when connections break.
type fake struct {
	*httptest.Server
	token   string        // "" lets everybody in
	streams []byte        // what comes of /api/streams at first
	changes chan string   // and then
	ahead   time.Duration // of its clock, before this machine's

	mu       sync.Mutex
	sessions map[string][]*session // by stream
	asked    []*http.Request       // for streams

	past http.HandlerFunc // answers who asks for what was before; nil: there is nothing

	odd http.HandlerFunc // answers in the place of streams, unless it is nil

	held chan struct{} // whoever asks for /hold is held up until it is closed
}

// session is one response with events.
type session struct {
	id   string // Last-Event-ID
	send chan string
	cut  chan struct{}
}

func newFake(t testing.TB) *fake {
	f := &fake{sessions: map[string][]*session{}, streams: []byte(`{"all":true,"changed":[]}`), changes: make(chan string), held: make(chan struct{})}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/hold" {
		<-f.held
		return
	}
	name, logs := strings.CutPrefix(r.URL.Path, "/api/logs/")
	if r.URL.Path == "/api/logs" { // several
		name, logs = strings.Join(r.URL.Query()["stream"], " + "), true
	}
	if !logs && r.URL.Path != "/api/streams" {
		if !web.Serve(w, r, r.URL.EscapedPath()) {
			http.NotFound(w, r)
		}
		return
	}
	f.mu.Lock()
	f.asked = append(f.asked, r)
	token, odd, past := f.token, f.odd, f.past
	f.mu.Unlock()
	switch {
	case odd != nil && logs:
		odd(w, r)
	case token != "" && r.Header.Get("Authorization") != "Bearer "+token:
		http.Error(w, `{"title":"Unauthorized","status":401,"detail":"a token is wanted"}`, http.StatusUnauthorized)
	case !logs:
		f.list(w, r)
	case r.URL.Query().Has("to"):
		w.Header().Set("Content-Type", "text/event-stream")
		if past != nil {
			past(w, r)
		}
		_, _ = fmt.Fprint(w, "event: end\ndata: {\"reason\":\"the time asked for is over\"}\n\n")
	case name == "tenant/other":
		http.Error(w, `{"title":"Forbidden","status":403,"detail":"the token does not name this stream"}`, http.StatusForbidden)
	default:
		f.serve(w, r, name)
	}
}

// list is what a watcher of the streams gets.
func (f *fake) list(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for text := string(f.streams); ; {
		_, _ = fmt.Fprintln(w, text)
		_ = http.NewResponseController(w).Flush()
		select {
		case text = <-f.changes:
		case <-r.Context().Done():
			return
		}
	}
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request, name string) {
	s := &session{id: r.Header.Get("Last-Event-ID"), send: make(chan string), cut: make(chan struct{})}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Date", time.Now().Add(f.ahead).UTC().Format(http.TimeFormat))
	out := http.NewResponseController(w)
	_, _ = fmt.Fprint(w, "event: source\nid: 0\ndata: {\"n\":1,\"consolidator\":\"vm-1\",\"state\":\"live\"}\n\n")
	_ = out.Flush()
	f.mu.Lock()
	f.sessions[name] = append(f.sessions[name], s)
	f.mu.Unlock()
	ping := time.NewTicker(5 * time.Second)
	defer ping.Stop()
	for {
		text := "event: ping\ndata:\n\n"
		select {
		case text = <-s.send:
		case <-ping.C:
		case <-s.cut:
			panic(http.ErrAbortHandler) // a broken connection
		case <-r.Context().Done():
			return
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return
		}
		if err := out.Flush(); err != nil {
			return
		}
	}
}

// session waits for the n-th response of a stream, from 1.
func (f *fake) session(t testing.TB, name string, n int) *session {
	t.Helper()
	var found *session
	wait.For(t, fmt.Sprintf("%s is asked for %d times", name, n), func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		if list := f.sessions[name]; len(list) >= n {
			found = list[n-1]
		}
		return found != nil
	})
	return found
}

// set changes what the proxy does, while it does it.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// requests returns what was asked of the API so far.
func (f *fake) requests() []*http.Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// logged is an event with a record of a level.
func logged(id, level int, msg string, fields ...any) string {
	r := map[string]any{"v": 0, "name": "app", "hostname": "web-1", "pid": 7, "level": level, "time": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "msg": msg}
	for i := 0; i < len(fields); i += 2 {
		r[fields[i].(string)] = fields[i+1]
	}
	b, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return event(id, string(b))
}

func event(id int, data string) string {
	return fmt.Sprintf("id: %d\ndata: %s\n\n", id, data)
}

// records are n records of level info, whose messages are "record N".
func records(from, n int) string {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		b.WriteString(logged(i, 30, fmt.Sprint("record ", i)))
	}
	return b.String()
}
