package proxy

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/httpapi"
	"sluice/proxy/tally"
)

const (
	watchEvery = time.Second
	watchBytes = 512 << 10                  // of lists that one watcher is sent in a second
	listEvery  = watchEvery - watchEvery/10 // a tick comes a little early at times
)

// serveStreams answers with the live streams: once, or again and again.
func (p *Proxy) serveStreams(w http.ResponseWriter, r *http.Request) {
	page, err := parsePage(r.URL.RawQuery)
	if err != nil {
		p.refuse(w, r, tally.BadRequest, err.Error())
		return
	}
	if !page.watch {
		w.Header().Set("Content-Type", jsonType)
		text := p.live.get(auth.FromContext(r.Context()), &page)
		_, _ = w.Write(text) // a peer that is gone needs no answer
		_, _ = w.Write([]byte{'\n'})
		return
	}
	end, ok := p.begin(w, r)
	if !ok {
		return
	}
	defer end()
	events := wantsEvents(r)
	streamHeaders(w, events, jsonType)
	if r.Method == http.MethodHead {
		return
	}
	s := newBatchWriter(w, r, p)
	err = p.watchStreams(r.Context(), &s, &page, events)
	if errors.Is(err, context.DeadlineExceeded) && errors.Is(context.Cause(r.Context()), auth.ErrExpired) {
		p.counts.Add(tally.Expired, 1)
		if events {
			b := s.buffer()
			*b = appendEnd(*b, endExpired)
			err = s.flush()
		}
	}
	s.drop()
	if err != nil {
		p.cfg.Logger.Debug("watching the streams ended", "peer", r.RemoteAddr, "err", err)
	}
}

// watchStreams writes the live streams each second while they change, and a long list
// less often.
func (p *Proxy) watchStreams(ctx context.Context, s *batchWriter, page *page, events bool) error {
	ping := time.NewTicker(p.cfg.Heartbeat)
	defer ping.Stop()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	grant := auth.FromContext(ctx)
	draining, why := p.draining, tally.Lifetime
	var over <-chan time.Time
	if end := p.lifetime(time.Now()); !end.IsZero() {
		over = time.After(time.Until(end))
	}
	var had []byte
	var due time.Time
	for {
		if text := had; time.Now().Before(due) {
			// A list of this length is sent no more often.
		} else if text = p.live.get(grant, page); !bytes.Equal(text, had) {
			had, due = text, time.Now().Add(time.Duration(len(text))*time.Second/watchBytes)
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
		case <-draining:
			draining, why = nil, tally.Shutdown
			over = time.After(rand.N(p.spread() + 1)) // not all come back at once
		case <-over:
			p.counts.Add(why, 1)
			switch b := s.buffer(); {
			case !events:
			case why == tally.Shutdown:
				*b = appendEnd(*b, endDraining)
			default:
				*b = append(*b, lifetimeEvent...)
			}
			return s.flush()
		case <-tick.C:
		case <-ping.C:
			if events {
				s.add(pingEvent)
			}
		}
	}
}

// listing is the list of the live streams, sorted by name: made at most once a
// second, whoever asks for it, and only if somebody does.
type listing struct {
	source Source

	mu   sync.Mutex
	made time.Time
	list []httpapi.LiveEvent // neither this nor text changes once it is handed out
	text []byte              // all of it as JSON
}

// get returns those of the streams that the grant opens, as JSON. The list is not older
// than a second. The same streams give the same text.
func (l *listing) get(grant *auth.Grant, p *page) []byte {
	if p.all() && grant.MayAll() {
		_, text := l.all()
		return text
	}
	return appendJSON(nil, p.of(l.sorted(), grant))
}

// sorted is the list itself.
func (l *listing) sorted() []httpapi.LiveEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
	return l.list
}

// has reports whether a stream is live.
func (l *listing) has(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
	_, ok := slices.BinarySearchFunc(l.list, name, func(s httpapi.LiveEvent, name string) int { return strings.Compare(s.Name, name) })
	return ok
}

func (l *listing) all() (list []httpapi.LiveEvent, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.update()
	if l.text == nil {
		l.text = appendJSON(nil, httpapi.StreamsEvent{Streams: l.list})
	}
	return l.list, l.text
}

// update makes a list that is older than a second anew. mu is held.
func (l *listing) update() {
	if now := time.Now(); now.Sub(l.made) >= listEvery {
		l.made = now
		list := []httpapi.LiveEvent{}
		for _, s := range l.source.Streams() {
			list = append(list, httpapi.LiveEvent(s))
		}
		slices.SortFunc(list, func(a, b httpapi.LiveEvent) int { return strings.Compare(a.Name, b.Name) })
		if l.list == nil || !slices.Equal(list, l.list) {
			l.list, l.text = list, nil
		}
	}
}
