package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/proxy/live"
	"sluice/proxy/tally"
)

// watchForms are the values of watch=. All but the last one mean the whole list.
var watchForms = []string{"", "1", "true", httpapi.WatchChanges}

// streamsRequest is what is asked for of the list of streams.
type streamsRequest struct {
	page    live.Page
	watch   bool
	changes bool // watched by what changes
}

// parseStreamsRequest reads the query of a request for the list of streams.
func parseStreamsRequest(raw string) (a streamsRequest, err error) {
	values, err := parseQuery(raw, streamsParameters)
	if err != nil {
		return a, err
	}
	a.page.Prefix, a.page.After = values.Get(httpapi.QueryPrefix), values.Get(httpapi.QueryAfter)
	if max(len(a.page.Prefix), len(a.page.After)) > names.Max {
		return a, fmt.Errorf("read prefix= and after=: longer than the %d bytes of a name", names.Max)
	}
	if s := values.Get(httpapi.QueryLimit); s != "" {
		if a.page.Limit, err = strconv.Atoi(s); err != nil || a.page.Limit < 1 {
			return a, fmt.Errorf("read limit=%.40q: want a number of streams, from 1 on", s)
		}
	}
	a.watch = values.Has(httpapi.QueryWatch)
	form := values.Get(httpapi.QueryWatch)
	a.changes = form == httpapi.WatchChanges
	if !slices.Contains(watchForms, form) {
		return a, fmt.Errorf("read watch=%.40q: give watch alone for the whole list whenever it changes, or watch=%s for what changes", form, httpapi.WatchChanges)
	}
	return a, nil
}

// serveStreams answers with the live streams: once, or again and again.
func (p *Proxy) serveStreams(w http.ResponseWriter, r *http.Request) {
	a, err := parseStreamsRequest(r.URL.RawQuery)
	if err != nil {
		p.refuse(w, r, tally.BadRequest, err.Error())
		return
	}
	opens := opener(auth.FromContext(r.Context()))
	if !a.watch {
		w.Header().Set("Content-Type", jsonType)
		answer := p.live.Answer(a.page, opens)
		for more := true; more && err == nil; { // a peer that is gone needs no answer
			var text []byte
			if text, more = answer.Next(pieceBytes); !more {
				text = append(text[:len(text):len(text)], '\n')
			}
			_, err = w.Write(text)
		}
		return
	}
	end, ok := p.begin(w, r, nil, byList)
	if !ok {
		return
	}
	defer end()
	events := wantsEvents(r)
	streamHeaders(w, events, jsonType)
	if r.Method == http.MethodHead {
		return
	}
	watch := watch{
		proxy: p, batchWriter: newBatchWriter(w, r, p), events: events, pieces: &lists{live: p.live, page: a.page, opens: opens},
		origin: originOf(r), began: time.Now(),
	}
	if a.changes {
		watch.pieces = &differences{p.live, live.NewCursor(a.page, opens)}
	}
	err = watch.run(r.Context())
	if errors.Is(err, context.DeadlineExceeded) && errors.Is(context.Cause(r.Context()), auth.ErrExpired) {
		p.counts.Add(tally.Expired, 1)
		err = watch.end(endExpired)
	}
	watch.drop()
	watch.logEnd(err)
}

// opener tells which streams a grant opens; nil is all.
func opener(grant *auth.Grant) func(name string) bool {
	if grant.MayAll() {
		return nil
	}
	return grant.May
}
