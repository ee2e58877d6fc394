package proxy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sluice/cluster/auth"
	"sluice/cluster/httpapi"
	"sluice/cluster/names"
)

// streamsParameters are those of the list of streams.
var streamsParameters = []parameter{
	{httpapi.QueryWatch, false},
	{httpapi.QueryPrefix, false},
	{httpapi.QueryAfter, false},
	{httpapi.QueryLimit, false},
	{httpapi.QueryKey, false},
}

// page is the part of the list of streams that a request wants.
type page struct {
	watch         bool
	prefix, after string
	limit         int // 0 is all
}

// parsePage reads the query of a request for the list of streams.
func parsePage(raw string) (p page, err error) {
	values, err := parseQuery(raw, streamsParameters)
	if err != nil {
		return p, err
	}
	p = page{watch: values.Has(httpapi.QueryWatch), prefix: values.Get(httpapi.QueryPrefix), after: values.Get(httpapi.QueryAfter)}
	if max(len(p.prefix), len(p.after)) > names.Max {
		return p, fmt.Errorf("read prefix= and after=: longer than the %d bytes of a name", names.Max)
	}
	if s := values.Get(httpapi.QueryLimit); s != "" {
		if p.limit, err = strconv.Atoi(s); err != nil || p.limit < 1 {
			return p, fmt.Errorf("read limit=%.40q: want a number of streams, from 1 on", s)
		}
	}
	return p, nil
}

// all reports whether the page is the whole list.
func (p *page) all() bool { return p.prefix == "" && p.after == "" && p.limit == 0 }

// of are the streams of the page that the grant opens, of a list that is sorted.
func (p *page) of(list []httpapi.LiveEvent, grant *auth.Grant) httpapi.StreamsEvent {
	first, found := slices.BinarySearchFunc(list, max(p.prefix, p.after), func(s httpapi.LiveEvent, name string) int {
		return strings.Compare(s.Name, name)
	})
	if found && p.after >= p.prefix && p.after != "" {
		first++
	}
	event := httpapi.StreamsEvent{Streams: []httpapi.LiveEvent{}}
	for _, s := range list[first:] {
		switch {
		case !strings.HasPrefix(s.Name, p.prefix):
			return event
		case !grant.May(s.Name):
			continue
		case p.limit > 0 && len(event.Streams) == p.limit:
			event.Next = event.Streams[p.limit-1].Name
			return event
		}
		event.Streams = append(event.Streams, s)
	}
	return event
}
