package proxy

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/proxy/resume"
)

// request is what a session was asked for.
type request struct {
	name   string
	events bool // server-sent events, not text
	ours   bool // our own client: it knows the live event

	filter *filter // nil: all
	want   resume.Want
}

// streamName reads the name out of the path after /api/logs/, which may hold
// slashes, escaped or not.
func streamName(escaped string) (string, error) {
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return "", fmt.Errorf("read stream name %q: bad percent-encoding", escaped)
	}
	if err := names.Check(name); err != nil {
		return "", fmt.Errorf("read stream name %q: %w", name, err)
	}
	if name == "tenant/" {
		return "", fmt.Errorf("read stream name %q: no tenant in it", name)
	}
	return name, nil
}

// parseRequest reads a request for a session.
func parseRequest(r *http.Request, escaped string) (*request, error) {
	name, err := streamName(escaped)
	if err != nil {
		return nil, err
	}
	a := &request{name: name, events: wantsEvents(r)}
	query, err := parseQuery(r.URL.RawQuery, sessionParameters)
	if err != nil {
		return nil, err
	}
	// max is accepted, as the original's page sends it, and means nothing.
	if s := query.Get(httpapi.QueryLast); s != "" {
		if a.want.Last, err = strconv.ParseUint(s, 10, 63); err != nil {
			return nil, fmt.Errorf("read last=%q: want a number of records", s)
		}
	}
	if a.filter, err = parseFilter(query); err != nil {
		return nil, err
	}
	a.ours = r.Header.Get(httpapi.HeaderClient) == "1"
	if s := r.Header.Get(httpapi.HeaderLastEventID); s != "" {
		// An id that is not ours is of another service behind the same
		// address: as if it were of another epoch.
		a.want.Named = true
		id, _ := httpapi.ParseEventID(s)
		a.want.After = fanout.Position{Epoch: id.Epoch, Next: id.Next}
	}
	if values, ok := r.Header[httpapi.HeaderPositions]; ok {
		a.ours = true
		if a.want.Positions, err = httpapi.ParsePositions(strings.Join(values, ",")); err != nil {
			return nil, err
		}
		a.want.Named = a.want.Named || len(a.want.Positions) > 0
	}
	return a, nil
}

// wantsEvents tells whether the request asks for server-sent events.
func wantsEvents(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		for item := range strings.SplitSeq(accept, ",") {
			kind, _, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(kind), httpapi.TypeEvents) {
				return true
			}
		}
	}
	return false
}
