package proxy

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/cluster/httpapi"
)

const watchEvery = time.Second

// serveStreams answers with the live streams: once, or again and again.
func (p *Proxy) serveStreams(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has(httpapi.QueryWatch) {
		w.Header().Set("Content-Type", jsonType)
		_, _ = w.Write(append(p.liveStreams(nil), '\n')) // a peer that is gone needs no answer
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
	var last, now []byte
	for {
		now = p.liveStreams(now[:0])
		if !bytes.Equal(now, last) {
			b := s.buffer()
			if events {
				*b = append(*b, dataLine[1:]...)
			}
			*b = append(*b, now...)
			*b = append(*b, '\n')
			if events {
				*b = append(*b, '\n')
			}
			last, now = now, last
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

// liveStreams appends the live streams as JSON, sorted by name.
func (p *Proxy) liveStreams(dst []byte) []byte {
	list := httpapi.StreamsEvent{Streams: []httpapi.LiveEvent{}}
	for _, l := range p.source.Streams() {
		list.Streams = append(list.Streams, httpapi.LiveEvent(l))
	}
	slices.SortFunc(list.Streams, func(a, b httpapi.LiveEvent) int { return strings.Compare(a.Name, b.Name) })
	return appendJSON(dst, list)
}
