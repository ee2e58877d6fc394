package proxy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/stream"
)

// A long list of streams is read in pages, and by how the names begin.
func TestTheListOfStreamsHasPages(t *testing.T) {
	f := newFake()
	for i := range 2500 {
		f.live = append(f.live, stream.Live{Name: fmt.Sprintf("tenant/%04d", i)})
	}
	f.live = append(f.live, stream.Live{Name: "system"}, stream.Live{Name: "tenant"})
	p := start(t, f, nil)
	read := func(query string) (e httpapi.StreamsEvent) {
		t.Helper()
		if err := json.Unmarshal([]byte(get(t, p, "/api/streams?"+query).all()), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	var names []string
	after, pages := "", 0
	for ; pages == 0 || after != ""; pages++ {
		e := read("limit=1000&prefix=tenant/&after=" + after)
		for _, s := range e.Streams {
			names = append(names, s.Name)
		}
		after = e.Next
	}
	if len(names) != 2500 || pages != 3 || !slices.IsSorted(names) || len(slices.Compact(names)) != 2500 {
		t.Errorf("%d names in %d pages", len(names), pages)
	}
	for query, want := range map[string]int{"": 2502, "prefix=tenant": 2501, "prefix=tenant/00": 100, "prefix=x": 0, "after=tenant/2498": 1, "after=tenant/0000&prefix=tenant/2499": 1, "limit=2502": 2502} {
		if e := read(query); len(e.Streams) != want || e.Next != "" {
			t.Errorf("%s: %d streams, next %q", query, len(e.Streams), e.Next)
		}
	}
	for _, bad := range []string{"limit=0", "limit=x", "prefx=a"} {
		if r := get(t, p, "/api/streams?"+bad); r.resp.StatusCode != 400 {
			t.Errorf("%s: %s", bad, r.resp.Status)
		}
	}
}
