package main

import (
	"bytes"
	"io"
	"iter"
	"net/http"
	"sync"

	"github.com/r3labs/sse/v2"
)

// hub is what one writes first in Go: a channel a client.
type hub struct {
	mu      sync.Mutex
	clients map[string]map[chan []byte]struct{}
}

func newHub() http.Handler {
	h := &hub{clients: make(map[string]map[chan []byte]struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /publish", h.publish)
	mux.HandleFunc("GET /events", h.events)
	return mux
}

// recordsOf are the records of what was posted, with their streams.
func recordsOf(body []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(stream, record []byte) bool) {
		for line := range bytes.Lines(body) {
			stream, record, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" "))
			if !yield(stream, record) {
				return
			}
		}
	}
}

func (h *hub) publish(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for stream, record := range recordsOf(body) {
		event := append(append([]byte("data: "), record...), "\n\n"...)
		for c := range h.clients[string(stream)] {
			select {
			case c <- event:
			default: // it is too slow
			}
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *hub) events(w http.ResponseWriter, r *http.Request) {
	c := make(chan []byte, 256)
	stream := r.URL.Query().Get("stream")
	h.mu.Lock()
	if h.clients[stream] == nil {
		h.clients[stream] = make(map[chan []byte]struct{})
	}
	h.clients[stream][c] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.clients[stream], c)
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	_ = flusher.Flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case event := <-c:
			if _, err := w.Write(event); err != nil {
				return
			}
			if flusher.Flush() != nil {
				return
			}
		}
	}
}

// newR3labs is the server of github.com/r3labs/sse, as its README has it.
func newR3labs() http.Handler {
	server := sse.New()
	server.AutoReplay = false
	server.AutoStream = true
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", server.ServeHTTP)
	mux.HandleFunc("POST /publish", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		for stream, record := range recordsOf(body) {
			server.Publish(string(stream), &sse.Event{Data: record})
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}
