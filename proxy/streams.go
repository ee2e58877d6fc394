package proxy

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/cluster/httpapi"
)

const (
	watchEvery = time.Second
	listEvery  = watchEvery - watchEvery/10 // a tick comes a little early at times
)

// serveStreams answers with the live streams: once, or again and again.
func (p *Proxy) serveStreams(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has(httpapi.QueryWatch) {
		w.Header().Set("Content-Type", jsonType)
		text, _ := p.live.get()
		_, _ = w.Write(text) // a peer that is gone needs no answer
		_, _ = w.Write([]byte{'\n'})
		return
	}
	end, ok := p.begin()
	if !ok {
		unavailable(w, r, errDraining)
		return
	}
	defer end()
	events := wantsEvents(r)
	streamHeaders(w, events, jsonType)
	if r.Method == http.MethodHead {
		return
	}
	s := newBatchWriter(w, r, p)
	if err := p.watchStreams(r.Context(), &s, events); err != nil {
		p.cfg.Logger.Debug("watching the streams ended", "peer", r.RemoteAddr, "err", err)
	}
}

// watchStreams writes the live streams each second while they change.
func (p *Proxy) watchStreams(ctx context.Context, s *batchWriter, events bool) error {
	defer s.drop()
	ping := time.NewTicker(p.cfg.Heartbeat)
	defer ping.Stop()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var had uint64
	for {
		if text, version := p.live.get(); version != had {
			had = version
			b := s.buffer()
			if events {
				*b = append(*b, dataLine[1:]...)
			}
			*b = append(*b, text...)
			*b = append(*b, '\n')
			if events {
				*b = append(*b, '\n')
			}
		}
		if s.size() > 0 {
			if err := s.flush(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.draining:
			return errDraining
		case <-tick.C:
		case <-ping.C:
			if events {
				s.add(pingEvent)
			}
		}
	}
}

// listing is the list of the live streams as JSON, sorted by name: made at most once
// a second, whoever asks for it, and only if somebody does.
type listing struct {
	source Source

	mu      sync.Mutex
	text    []byte // never changed once it is handed out
	made    time.Time
	version uint64 // grows with each change of text
}

// get returns the list, which is not older than a second, and its version.
func (l *listing) get() (text []byte, version uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.made) >= listEvery {
		l.made = now
		if text := l.render(); !bytes.Equal(text, l.text) {
			l.text = text
			l.version++
		}
	}
	return l.text, l.version
}

func (l *listing) render() []byte {
	list := httpapi.StreamsEvent{Streams: []httpapi.LiveEvent{}}
	for _, s := range l.source.Streams() {
		list.Streams = append(list.Streams, httpapi.LiveEvent(s))
	}
	slices.SortFunc(list.Streams, func(a, b httpapi.LiveEvent) int { return strings.Compare(a.Name, b.Name) })
	return appendJSON(nil, list)
}
