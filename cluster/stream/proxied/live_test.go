package proxied_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/httpapi"
	"sluice/cluster/names"
	"sluice/cluster/stream"
	"sluice/cluster/stream/proxied"
	"sluice/internal/wait"
)

// The list of streams is put together from what a proxy says has changed, and shown once
// it is whole.
func TestTheListOfStreamsFromWhatChanges(t *testing.T) {
	more := make(chan string)
	s := reads(t, proxied.Config{URL: answer(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.URL.RawQuery; got != "watch=changes" {
			t.Errorf("it asks for %q", got)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for {
			select {
			case data := <-more:
				_, _ = io.WriteString(w, "data: "+data+"\n\n")
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})})
	s.WatchStreams(true)
	var seen []string
	for i, c := range []struct {
		data string
		want []string // nil: as before
	}{
		{`{"all":true,"changed":[{"name":"b","rate":1},{"name":"a","rate":1}],"more":true}`, nil},
		{`{"changed":[{"name":"c","rate":1}],"gone":["b"],"more":true}`, nil},
		{`{"changed":[]}`, []string{"a 1", "c 1"}},
		{`{"changed":[{"name":"a","rate":7},{"name":"b","rate":2}]}`, []string{"a 7", "b 2", "c 1"}},
		{`{"changed":[],"gone":["a","z"]}`, []string{"b 2", "c 1"}},
		{`{"all":true,"changed":[{"name":"d","rate":1}],"more":true}`, nil},
		{`{"changed":[{"name":"e","rate":1}]}`, []string{"d 1", "e 1"}},
		// A proxy that knows nothing of differences sends the whole list.
		{`{"streams":[{"name":"f","rate":3}]}`, []string{"f 3"}},
		{`{"streams":[]}`, []string{}},
	} {
		more <- c.data
		if c.want == nil {
			more <- "{" // no JSON: passed over, after the one before was taken
		} else {
			seen = c.want
		}
		what := fmt.Sprint("the list after event ", i)
		wait.For(t, what, func() bool { return slices.Equal(shown(s.Streams()), seen) })
	}
}

func shown(list []stream.Live) (texts []string) {
	for _, l := range list {
		texts = append(texts, fmt.Sprintf("%s %g", l.Name, l.Rate))
	}
	return texts
}

// Whatever a proxy says has changed, the list is sorted, has good names once, and is what
// a map would be.
func FuzzLiveStreams(f *testing.F) {
	f.Add([]byte(`{"all":true,"changed":[{"name":"b"},{"name":"a"}]}`), []byte(`{"changed":[{"name":"a","rate":2}],"gone":["b","x"],"more":true}`), []byte(`{"gone":["a"]}`))
	f.Fuzz(func(t *testing.T, one, two, three []byte) {
		var l proxied.LiveStreams
		want := make(map[string]stream.Live)
		for _, data := range [][]byte{one, two, three, []byte(`{}`)} {
			var e httpapi.ChangesEvent
			if json.Unmarshal(data, &e) != nil {
				continue
			}
			if e.All {
				clear(want)
			}
			for _, s := range e.Changed {
				if names.Check(s.Name) == nil {
					want[s.Name] = stream.Live(s)
				}
			}
			for _, name := range e.Gone {
				delete(want, name)
			}
			if list, whole := l.Take(&e); whole {
				got := make(map[string]stream.Live)
				for _, s := range list {
					got[s.Name] = s
				}
				sorted := slices.IsSortedFunc(list, func(a, b stream.Live) int { return strings.Compare(a.Name, b.Name) })
				if !maps.Equal(got, want) || len(got) != len(list) || !sorted {
					t.Fatalf("%+v, want %v", list, want)
				}
			}
		}
	})
}
