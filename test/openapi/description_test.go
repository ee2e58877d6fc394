package openapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

// source has one stream, with a record and a loss of each kind.
type source struct {
	in chan *stream.Batch
}

func (s *source) Run(ctx context.Context) error { <-ctx.Done(); return nil }

func (s *source) Take(ctx context.Context) (*stream.Batch, error) {
	select {
	case b := <-s.in:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *source) Tail(name string, _ stream.Backfill) {
	record := stream.Record{Stream: name, Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: 4}, Data: []byte(`{"msg":"hello"}`)}
	s.in <- &stream.Batch{Records: []stream.Record{record}, Notices: []stream.Notice{
		{Kind: stream.KindGap, At: 1, Time: time.Now(), Stream: name, Source: "vm-1", Count: 3, Hop: "consolidator", Reason: "reader too slow"},
		{Kind: stream.KindGap, At: 1, Time: time.Now(), Stream: name, Source: "vm-1", Unknown: true, Hop: "network", Reason: "away"},
		{Kind: stream.KindBackfill, At: 1, Stream: name},
	}}
}

func (s *source) Stop(string)                     {}
func (s *source) Linger(time.Duration, time.Time) {}
func (s *source) WatchStreams(bool)               {}

func (s *source) Status() []stream.Status {
	return []stream.Status{{Name: "vm-1", State: stream.StateLive}}
}

func (s *source) Streams() []stream.Live {
	return []stream.Live{{Name: "system", Rate: 1.5, Bytes: 300, Records: 4, Sources: 1}, {Name: "tenant/acme", Rate: 2}}
}

func TestTheDescriptionIsOpenAPIAndHolds(t *testing.T) {
	s := &source{in: make(chan *stream.Batch, 16)}
	p, err := proxy.New(proxy.Config{Listen: "127.0.0.1:0", Open: func(time.Duration) (proxy.Source, error) { return s, nil }})
	if err != nil {
		t.Fatal(err)
	}
	stop := wait.Run(t, p.Run)
	url := "http://" + p.Addr()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(body(t, url+"/api/openapi.json", "")))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil || !doc.IsOpenAPI31OrLater() {
		t.Fatalf("openapi %s: %v", doc.OpenAPI, err)
	}

	holds := func(schema, data string) {
		t.Helper()
		ref := doc.Components.Schemas[schema]
		if ref == nil {
			t.Fatalf("there is no schema %s", schema)
		}
		closed := *ref.Value
		no := false
		closed.AdditionalProperties = openapi3.AdditionalProperties{Has: &no} // what is not described is a mistake
		var value any
		if err := json.Unmarshal([]byte(data), &value); err != nil {
			t.Fatalf("%s: %v in %q", schema, err, data)
		}
		if err := doc.ValidateSchemaJSON(&closed, value); err != nil {
			t.Errorf("%s: %v in %s", schema, err, data)
		}
	}
	holds("Problem", body(t, url+"/api/logs/system?lvel=warn", ""))
	holds("Streams", body(t, url+"/api/streams?limit=1", ""))
	refusal := body(t, url+"/api/logs/system?lvel=warn", "text/event-stream")
	holds("Message", strings.TrimPrefix(refusal, "data: "))
	changes := open(t, url+"/api/streams?watch=changes&limit=1")
	holds("Changes", changes.data(""))

	events := open(t, url+"/api/logs?stream=system&last=10")
	holds("Source", events.data("source"))
	holds("Wrapped", events.data(""))
	holds("Dropped", events.data("dropped"))
	holds("Dropped", events.data("dropped"))
	stop()
	holds("End", events.data("end"))
	if err := doc.ValidateSchemaJSON(doc.Components.Schemas["Source"].Value, map[string]any{"n": "one"}); err == nil {
		t.Error("everything holds")
	}
}

// events are those of one response.
type events struct {
	t  *testing.T
	in *bufio.Reader
}

func open(t *testing.T, url string) *events {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	t.Cleanup(cancel)
	return &events{t, bufio.NewReader(get(ctx, t, url, "text/event-stream"))}
}

// data is that of the next event with a name; "" has none.
func (e *events) data(name string) string {
	e.t.Helper()
	var fields []string
	for {
		line, err := e.in.ReadString('\n')
		if err != nil {
			e.t.Fatalf("event %q: %v", name, err)
		}
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			fields = append(fields, line)
			continue
		}
		at := slices.IndexFunc(fields, func(f string) bool { return strings.HasPrefix(f, "event: ") })
		if at < 0 && name == "" || at >= 0 && fields[at] == "event: "+name {
			return strings.TrimPrefix(fields[len(fields)-1], "data: ")
		}
		fields = nil
	}
}

func body(t *testing.T, url, accept string) string {
	t.Helper()
	b, err := io.ReadAll(get(t.Context(), t, url, accept))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func get(ctx context.Context, t *testing.T, url, accept string) io.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	tr := &http.Transport{DisableKeepAlives: true}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = resp.Body.Close()
		tr.CloseIdleConnections()
	})
	return resp.Body
}
