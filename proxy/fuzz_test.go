package proxy_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sluice/cluster/stream"
	"sluice/proxy"
)

// Whatever a request holds, it is refused, or asks for a stream that can be.
func FuzzRequest(f *testing.F) {
	f.Add("tenant/acme", "last=10&level=warn&grep=a.c", "z.10.2.10", "vm-1:z:10")
	f.Add("..%2f%00", "last=-1", "1.2.3", ":::")
	f.Fuzz(func(t *testing.T, path, query, id, positions string) {
		r := &http.Request{
			Method: http.MethodGet, URL: &url.URL{Path: "/", RawQuery: query},
			Header: http.Header{"Accept": {query}, "Last-Event-Id": {id}, stream.HeaderPositions: {positions}},
		}
		name, last, err := proxy.ParseAsk(r, path)
		if err == nil && (stream.CheckName(name) != nil || last > 1<<63) {
			t.Errorf("it asks for the last %d of %q", last, name)
		}
	})
}

// Names and reasons in a loss are foreign: they cannot change how many numbers
// the walk takes it for.
func FuzzLossIsWalked(f *testing.F) {
	f.Add("tenant/acme", "reader too slow", uint64(3))
	f.Add(`x","count":99,"y`, "\n\ndata: \u2028", uint64(1<<63))
	f.Fuzz(func(t *testing.T, name, reason string, count uint64) {
		entry := proxy.Loss(name, reason, count)
		size, numbers := proxy.Next(append([]byte(entry), entry...))
		if size != len(entry) || numbers != max(1, count) || strings.Count(entry, "\n") != 4 {
			t.Errorf("%q is walked as %d bytes, %d numbers; want %s", entry, size, numbers, fmt.Sprint(len(entry), count))
		}
	})
}
