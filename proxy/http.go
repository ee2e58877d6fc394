package proxy

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/httpapi"
	"sluice/proxy/tally"
)

const (
	textType = "text/plain; charset=utf-8"
	jsonType = "application/json"
)

// handler routes by the path as it was sent, since names of streams may hold
// anything, escaped slashes and dots included.
func (p *Proxy) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		short := p.passBody(w, r)
		// Sessions renew it; for all else, that is all the time there is.
		p.renew(w)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache, no-transform")
		if !isPublic(r.URL.EscapedPath()) {
			w.Header().Add("Cache-Control", "no-store") // logs, and names of tenants
			w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
			w.Header().Set("Referrer-Policy", "no-referrer") // the URL may have a token
		}
		if p.places.inReserve(connOf(r)) {
			w.Header().Set("Connection", "close")
			if !isHealth(r.URL.EscapedPath()) {
				p.refuse(w, r, tally.Connections, "this proxy has as many connections as it serves: try again soon, ask another proxy, or raise --max-connections")
				return
			}
		}
		if !short {
			p.refuse(w, r, tally.BadRequest, "the request has a body that is too large, or does not come: send none")
			return
		}
		r, ok := p.door.Open(w, r)
		if !ok {
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			p.refuse(w, r, tally.BadMethod, "only GET is served")
			return
		}
		path := r.URL.EscapedPath()
		for i := range routes {
			if routes[i].has(path) {
				routes[i].serve(p, w, r)
				return
			}
		}
		p.notFound(w, r)
	})
}

// renew gives an answer all of its time to be taken.
func (p *Proxy) renew(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(p.cfg.WriteTimeout))
}

func (p *Proxy) notFound(w http.ResponseWriter, r *http.Request) {
	p.refuse(w, r, tally.NotFound, "there is nothing here; streams are at "+httpapi.LogsPrefix+"{stream}, and "+httpapi.DescriptionPath+" describes all")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", textType)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // a peer that is gone needs no answer
}

// serveLogs serves a session.
func (p *Proxy) serveLogs(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if path == httpapi.LogsRoot && !r.URL.Query().Has(httpapi.QueryStream) {
		p.notFound(w, r)
		return
	}
	a, err := parseRequest(r, strings.TrimPrefix(path[len(httpapi.LogsRoot):], "/"))
	if err != nil {
		p.refuse(w, r, tally.BadRequest, err.Error())
		return
	}
	if !a.permitted() {
		p.forbidden(w, r)
		return
	}
	if r.Header.Get(httpapi.HeaderHistory) != "" && r.Method == http.MethodGet {
		p.serveHistory(w, r, a)
		return
	}
	unnamed := ""
	if len(a.patterns) > 0 {
		unnamed = byPattern
	}
	end, ok := p.begin(w, r, a.names, unnamed)
	if !ok {
		return
	}
	if r.Method == http.MethodHead {
		defer end()
		streamHeaders(w, a.events, textType)
		return
	}
	s := &session{proxy: p, request: a, batchWriter: newBatchWriter(w, r, p)}
	s.atEnd(end)
	s.atEnd(s.closeParts)
	if err := s.openParts(r.Context()); err != nil {
		defer s.endAll()
		p.renew(w) // it may have waited for long
		switch {
		case errors.Is(err, errDraining):
			p.refuseDraining(w, r)
		case errors.Is(context.Cause(r.Context()), auth.ErrExpired):
			p.refuse(w, r, tally.TokenOver, endExpired+": get a new one")
		}
		return
	}
	streamHeaders(w, a.events, textType)
	s.start(w, r)
}

// streamHeaders sets the headers of a response without an end.
func streamHeaders(w http.ResponseWriter, events bool, other string) {
	h := w.Header()
	h.Set("Content-Type", other)
	if events {
		h.Set("Content-Type", httpapi.TypeEvents)
	}
	h.Set("X-Accel-Buffering", "no")
	h.Add("Vary", "Accept")
}

// forbidden refuses a stream, in the same words whether or not there is such a one.
func (p *Proxy) forbidden(w http.ResponseWriter, r *http.Request) {
	p.refuse(w, r, tally.Forbidden, "the token does not name this stream: ask whoever issues tokens for one that does")
}
