package proxy_test

import (
	"math"
	"net/http"
	"net/url"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/proxy"
)

// Whatever a request holds, it is refused, or asks for a stream that can be.
func FuzzRequest(f *testing.F) {
	f.Add("tenant/acme", "last=10&level=warn&grep=a.c", "z.10.2.10", "vm-1:z:10")
	f.Add("..%2f%00", "last=-1", "1.2.3", ":::")
	f.Fuzz(func(t *testing.T, path, query, id, positions string) {
		r := &http.Request{
			Method: http.MethodGet, URL: &url.URL{Path: "/", RawQuery: query},
			Header: http.Header{"Accept": {query}, "Last-Event-Id": {id}, httpapi.HeaderPositions: {positions}},
		}
		name, last, err := proxy.ParseRequest(r, path)
		if err == nil && (names.Check(name) != nil || last > 1<<63) {
			t.Errorf("it asks for the last %d of %q", last, name)
		}
	})
}

// Whatever a request for the list of streams holds, it is refused, or asks for a page
// that can be.
func FuzzStreamsRequest(f *testing.F) {
	f.Add("watch=changes&prefix=tenant/&after=tenant/acme&limit=10")
	f.Add("watch=&limit=-1")
	f.Add("watch=0;limit=%zz")
	f.Fuzz(func(t *testing.T, query string) {
		p, err := proxy.ParseStreamsRequest(query)
		if err == nil && (p.Limit < 0 || max(len(p.Prefix), len(p.After)) > names.Max) {
			t.Errorf("%q asks for %+v", query, p)
		}
	})
}

// How events begin is counted up as it is written whole.
func FuzzEventHeads(f *testing.F) {
	f.Add(uint64(1), uint64(35), uint64(2), uint64(1295), uint8(80), uint8(7))
	f.Add(uint64(math.MaxUint64), uint64(math.MaxUint64-9), uint64(0), uint64(math.MaxUint64-3), uint8(20), uint8(100))
	f.Fuzz(func(t *testing.T, epoch, next, source, seq uint64, n, jump uint8) {
		next, seq = next>>1+1, seq>>1 // neither ever comes to its end
		var ids []httpapi.EventID
		for i := range uint64(n) {
			if jump > 0 && i%uint64(jump) == uint64(jump)-1 {
				seq += i
			}
			ids = append(ids, httpapi.EventID{Epoch: epoch, Next: next + i, Source: source, Seq: seq + i})
		}
		for i, got := range proxy.EventHeads(ids...) {
			if want := "id: " + string(ids[i].AppendEvent(nil)) + "\ndata: "; got != want {
				t.Fatalf("event %d of %+v begins %q, want %q", i, ids[i], got, want)
			}
		}
	})
}
