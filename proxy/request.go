package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/cluster/auth"
	"sluice/cluster/fanout"
	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/proxy/resume"
)

const (
	maxNames   = 64  // streams and patterns of one request
	maxPattern = 256 // bytes of a pattern
)

// request is what a session was asked for.
type request struct {
	names    []string        // streams
	patterns []names.Pattern // of more streams
	wrapped  bool            // each record with the name of its stream
	events   bool            // server-sent events, not text
	ours     bool            // our own client: it knows the live event

	filter       *filter   // nil: all
	since, until time.Time // of the records; zero for no bound

	grant *auth.Grant      // of the reader
	want  resume.Want      // of each stream
	id    httpapi.ResumeID // that it named, if it has a want.Keys or a place
	old   fanout.Position  // the place that an id of the older form named
}

// of is the request for one of its streams.
func (a *request) of(stream string) resume.Want {
	want := a.want
	want.After = a.old
	if len(a.id.Positions) > 0 {
		want.Keys = a.id.Positions
		want.Key = func(consolidator string) uint32 { return httpapi.PositionKey(stream, consolidator) }
	}
	return want
}

// placeIn is the place that the request names in a log of that epoch.
func (a *request) placeIn(epoch uint64) fanout.Position {
	if a.id.Epoch != 0 && a.id.Epoch == epoch&httpapi.EpochMask && !a.wrapped {
		return fanout.Position{Epoch: epoch, Next: a.id.Next}
	}
	return a.old
}

// permitted reports whether all that is asked for by name may be read, and something
// of what is asked for by patterns.
func (a *request) permitted() bool {
	for _, name := range a.names {
		if !a.grant.May(name) {
			return false
		}
	}
	return len(a.patterns) == 0 || !a.grant.MayNone()
}

// title is the streams and patterns as people read them.
func (a *request) title() string {
	if len(a.names) == 1 && !a.wrapped {
		return a.names[0]
	}
	all := slices.Clone(a.names)
	for _, p := range a.patterns {
		all = append(all, p.String())
	}
	return names.Join(all)
}

// streamName reads the name out of the path after /api/logs/, which may hold
// slashes, escaped or not.
func streamName(escaped string) (string, error) {
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return "", fmt.Errorf("read stream name %.80q: bad percent-encoding", escaped)
	}
	if err := names.Check(name); err != nil {
		return "", fmt.Errorf("read stream name %.80q: %w", name, err)
	}
	if name == "tenant/" {
		return "", fmt.Errorf("read stream name %q: no tenant in it", name)
	}
	return strings.Clone(name), nil // without the rest of the request
}

// parseRequest reads a request for a session. Without a name in the path, the query has
// some.
func parseRequest(r *http.Request, escaped string) (*request, error) {
	a := &request{events: wantsEvents(r), grant: auth.FromContext(r.Context())}
	query, err := parseQuery(r.URL.RawQuery, sessionParameters)
	if err != nil {
		return nil, err
	}
	if escaped != "" || !query.Has(httpapi.QueryStream) {
		name, err := streamName(escaped)
		if err != nil {
			return nil, err
		}
		a.names = append(a.names, name)
	}
	if err := a.parseStreams(query[httpapi.QueryStream]); err != nil {
		return nil, err
	}
	if err := a.parseTimes(query, time.Now()); err != nil {
		return nil, err
	}
	// max is accepted, as the original's page sends it, and means nothing.
	if s := query.Get(httpapi.QueryLast); s != "" {
		if a.want.Last, err = strconv.ParseUint(s, 10, 63); err != nil {
			return nil, fmt.Errorf("read last=%.80q: want a number of records", s)
		}
		if !a.since.IsZero() {
			return nil, errors.New("read query: give last= or since=, not both")
		}
	}
	if a.filter, err = parseFilter(query); err != nil {
		return nil, err
	}
	a.ours = r.Header.Get(httpapi.HeaderClient) == "1"
	id := r.Header.Get(httpapi.HeaderLastEventID)
	if id == "" {
		id = query.Get(httpapi.QueryLastEventID)
	}
	if id != "" {
		a.parseID(id)
	}
	if values, ok := r.Header[httpapi.HeaderPositions]; ok {
		a.ours = true
		if a.wrapped {
			return nil, errors.New("read " + httpapi.HeaderPositions + ": it is for one stream")
		}
		if a.want.Positions, err = httpapi.ParsePositions(strings.Join(values, ",")); err != nil {
			return nil, err
		}
		a.want.Named = a.want.Named || len(a.want.Positions) > 0
	}
	a.want.All = a.want.All || !a.since.IsZero()
	return a, nil
}

// parseStreams reads the values of stream=.
func (a *request) parseStreams(values []string) error {
	if len(values) > maxNames {
		return fmt.Errorf("read stream=: more than %d of them: give a pattern, as in stream=tenant/*", maxNames)
	}
	a.wrapped = len(values) > 0
	for _, s := range values {
		name, isName := literal(s)
		switch {
		case isName:
			if err := names.Check(name); err != nil {
				return fmt.Errorf("read stream=%.80q: %w", s, err)
			}
			if !slices.Contains(a.names, name) {
				a.names = append(a.names, name)
			}
		case len(s) > maxPattern:
			return fmt.Errorf("read stream=%.80q: a pattern longer than %d bytes", s, maxPattern)
		default:
			p, err := names.ParsePattern(s)
			if err != nil {
				return fmt.Errorf("read stream=%.80q: %w", s, err)
			}
			a.patterns = append(a.patterns, p)
		}
	}
	return nil
}

// literal reads a pattern that matches one name alone, in which a backslash stands before
// what else would be one of its signs.
func literal(pattern string) (name string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '*', '?':
			return "", false
		case '\\':
			if i++; i == len(pattern) {
				return "", false
			}
		}
		b.WriteByte(pattern[i])
	}
	return b.String(), true
}

// parseTimes reads since=, which from= is another name of, and to=.
func (a *request) parseTimes(query url.Values, now time.Time) (err error) {
	if query.Has(httpapi.QuerySince) && query.Has(httpapi.QueryFrom) {
		return errors.New("read query: give since= or from=, not both: they mean the same")
	}
	for _, t := range []struct {
		name string
		to   *time.Time
	}{{httpapi.QuerySince, &a.since}, {httpapi.QueryFrom, &a.since}, {httpapi.QueryTo, &a.until}} {
		if s := query.Get(t.name); s != "" {
			if *t.to, err = parseTime(s, now); err != nil {
				return fmt.Errorf("read %s=%.80q: want a time, as in 2026-03-01T12:00:00Z, or how long ago, as in 15m", t.name, s)
			}
		}
	}
	if !a.since.IsZero() && !a.until.IsZero() && a.until.Before(a.since) {
		return errors.New("read to=: it is before since=")
	}
	return nil
}

// parseTime reads a time, or how long ago it was.
func parseTime(s string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(s); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err == nil && (t.Year() < 1970 || t.Year() > 9999) {
		err = strconv.ErrRange
	}
	return t, err
}

// parseID reads the id of the last event that the reader had. One that is not ours is
// of another service behind the same address: as if it were of another epoch.
func (a *request) parseID(id string) {
	a.want.Named = true
	if !httpapi.IsResumeID(id) {
		at, _ := httpapi.ParseEventID(id)
		a.old = fanout.Position{Epoch: at.Epoch, Next: at.Next}
		return
	}
	a.id, _ = httpapi.ParseResumeID(id)
	a.want.More = a.id.More
	a.want.Shared = a.wrapped
	if len(a.id.Positions) > 0 || a.wrapped {
		// What is not among them the reader has nothing of; or it may come twice.
		a.want.All, a.want.Last = true, 0
	}
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
