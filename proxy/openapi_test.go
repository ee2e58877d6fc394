package proxy_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/cluster/httpapi"
	"sluice/cluster/loss"
	"sluice/cluster/stream"
	"sluice/proxy"
)

// described is the description that a proxy serves, as far as tests read it.
type described struct {
	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Schemas map[string]struct {
			Properties map[string]json.RawMessage
			Required   []string
		}
	}
}

// operation is one method of a path.
type operation struct {
	OperationID string `json:"operationId"`
	Responses   map[string]json.RawMessage
}

type describedParameter struct {
	Name, In string
	Required bool
	Schema   schema
}

type schema struct {
	Type               string
	Enum               []string
	MaxLength          int
	Minimum, Maximum   json.Number
	MaxItems           int
	Items              *schema
	AnyOf              []schema
	MinLength, Pattern json.RawMessage
}

func description(t *testing.T) *described {
	t.Helper()
	r := get(t, start(t, newFake(), nil), httpapi.DescriptionPath)
	var d described
	if err := json.Unmarshal([]byte(r.all()), &d); err != nil || r.resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%v, %v", err, r.resp.Header)
	}
	return &d
}

// operation is what is described of a method; nil is nothing.
func (d *described) operation(t *testing.T, path, method string) *operation {
	t.Helper()
	raw, ok := d.Paths[path][strings.ToLower(method)]
	if !ok {
		return nil
	}
	var o operation
	if err := json.Unmarshal(raw, &o); err != nil {
		t.Fatal(err)
	}
	return &o
}

// parameters are those of a path, and those in the query only, if so.
func (d *described) parameters(t *testing.T, path string) (list []describedParameter) {
	t.Helper()
	if raw, ok := d.Paths[path]["parameters"]; ok {
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// samples are where each path is asked for. A path that is new has to come here.
var samples = map[string]string{
	"/":                         "/",
	"/page/{part}":              "/page/app.js",
	"/healthz":                  "/healthz",
	"/readyz":                   "/readyz",
	"/api/openapi.json":         "/api/openapi.json",
	"/api/streams":              "/api/streams?watch",
	"/api/logs":                 "/api/logs?stream=system",
	"/api/logs/{stream}":        "/api/logs/system%2Fscheduler",
	"/api/logs/tenant/{tenant}": "/api/logs/tenant/acme",
}

// send asks once, and returns the status and the media type of the answer.
func send(t *testing.T, p *running, method, path string, header ...string) (status int, kind string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+p.Addr()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := transport(t).RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %.80s: %v", method, path, err)
	}
	_ = resp.Body.Close()
	kind, _, _ = strings.Cut(resp.Header.Get("Content-Type"), ";")
	return resp.StatusCode, kind
}

// with is a path with more in its query.
func with(path, query string) string {
	if strings.Contains(path, "?") {
		return path + "&" + query
	}
	return path + "?" + query
}

// Every route, method and status that there is stands in the description, and none that
// there is not.
func TestTheDescriptionIsWhatIsServed(t *testing.T) {
	t.Parallel()
	d := description(t)
	if got, want := slices.Sorted(maps.Keys(d.Paths)), slices.Sorted(maps.Keys(samples)); !slices.Equal(got, want) {
		t.Fatalf("the paths are %q, want %q", got, want)
	}
	const origin = "https://console.example"
	open := start(t, newFake(), func(c *proxy.Config) { c.Origins = []string{origin} })
	keyed := startKeyed(t, nil, nil)
	untried := newFake()
	untried.states["vm-1"] = stream.StateConnecting
	unready := start(t, untried, nil)
	unready.StartAt(time.Now().Add(time.Hour))
	full := start(t, newFake(), func(c *proxy.Config) { c.MaxSessions = 1 })
	get(t, full, "/api/logs/other", sse...).event()
	crowd := start(t, newFake(), func(c *proxy.Config) { c.MaxAddressSessions = 1 })
	get(t, crowd, "/api/logs/other", sse...).event()
	taken := start(t, newFake(), func(c *proxy.Config) { c.MaxConnections = 1 })
	nc, err := net.Dial("tcp", taken.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	if _, err := io.WriteString(nc, "GET /api/logs/other HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}

	methods := []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"}
	for path, sample := range samples {
		for _, method := range methods {
			o := d.operation(t, path, method)
			seen := make(map[string]bool)
			ask := func(p *running, path string, header ...string) {
				status, kind := send(t, p, method, path, header...)
				switch code := strconv.Itoa(status); {
				case o == nil && status != http.StatusMethodNotAllowed:
					t.Errorf("%s %s is %d, and not described", method, path, status)
				case o != nil && o.Responses[code] == nil:
					t.Errorf("%s %.80s is %d (%s), which is not described", method, path, status, kind)
				default:
					seen[code] = true
				}
			}
			ask(open, sample)
			if o == nil {
				continue
			}
			ask(open, sample, "Accept", "text/event-stream")
			ask(open, sample, "Host", "logs.example")
			ask(open, sample, "Sec-Fetch-Site", "cross-site")
			ask(open, sample, "Origin", origin, "Access-Control-Request-Method", "GET")
			ask(open, with(sample, "nothing=1"))
			ask(open, sample, "X", strings.Repeat("x", 80<<10))
			ask(open, sample, "Range", "bytes=0-3")
			ask(open, sample, "Range", "bytes=99999999-")
			ask(open, sample, "If-None-Match", "*")
			ask(open, sample, "If-Match", `"another"`)
			ask(open, strings.NewReplacer("?stream=system", "", "app.js", "none.js").Replace(sample))
			ask(keyed.running, sample)
			ask(full, sample)
			ask(crowd, sample)
			ask(taken, sample)
			ask(unready, sample)
			for code := range o.Responses {
				if !seen[code] {
					t.Errorf("%s %s is described as %s, which nothing gets", method, path, code)
				}
			}
		}
	}
}

// What the description says of a parameter holds: its least and its most are taken, and
// what is beyond is refused; and there are no others.
func TestTheBoundsOfParameters(t *testing.T) {
	t.Parallel()
	d := description(t)
	p := start(t, newFake(), nil)
	check := func(what, path string, ok bool) {
		t.Helper()
		status, _ := send(t, p, "HEAD", path)
		if (status == 200) != ok || !ok && status != 400 {
			t.Errorf("%s: %.100s is %d", what, path, status)
		}
	}
	for path, sample := range samples {
		list := d.parameters(t, path)
		taken := make(map[string]bool)
		for _, param := range list {
			if param.In != "query" {
				continue
			}
			taken[param.Name] = true
			base := sample
			if before, rest, _ := strings.Cut(sample, "?"); strings.HasPrefix(rest, param.Name) {
				base = before
			}
			what := path + " " + param.Name
			query := func(values ...string) string {
				q := url.Values{param.Name: values}
				return with(base, q.Encode())
			}
			one := param.Schema
			if one.Type == "array" {
				one = *one.Items
				good := one.good(param.Name)[0]
				check(what, query(slices.Repeat([]string{good}, param.Schema.MaxItems)...), true)
				check(what, query(slices.Repeat([]string{good}, param.Schema.MaxItems+1)...), false)
			} else {
				good := one.good(param.Name)[0]
				check(what, query(good, good), false)
			}
			if !param.Required {
				check(what, base, true)
			}
			for _, value := range one.good(param.Name) {
				check(what, query(value), true)
			}
			for _, value := range one.bad(param.Name) {
				check(what, query(value), false)
			}
		}
		if len(taken) == 0 {
			continue
		}
		taken[httpapi.QueryKey] = true // a security scheme
		for name := range samplesOfValues {
			if !taken[name] {
				check(path+" without "+name, with(sample, name+"=1"), false)
			}
		}
		check(path, with(sample, "key=x"), true)
	}
}

// samplesOfValues are values of the parameters that have a form of their own.
var samplesOfValues = map[string][]string{
	"last": nil, "level": nil, "grep": nil, "where": nil, "from-vm": nil, "max": nil, "lastEventId": nil, "watch": nil, "prefix": nil, "after": nil, "limit": nil,
	"since":  {"15m", "2026-03-01T12:00:00Z"},
	"from":   {"0s", "1970-01-01T00:00:00Z"},
	"to":     {"1h", "9999-12-31T23:59:59Z"},
	"field":  {"a=", "a.b=c"},
	"stream": {"system", "tenant/*"},
}

// good are values that a schema allows, those at its bounds included.
func (s *schema) good(name string) (list []string) {
	list = append(list, samplesOfValues[name]...)
	list = append(list, s.Enum...)
	for i := range s.AnyOf {
		list = append(list, s.AnyOf[i].good("")...)
	}
	if s.Minimum != "" {
		list = append(list, s.Minimum.String(), s.Maximum.String())
	}
	switch {
	case s.MaxLength > 0:
		list = append(list, s.long(name, s.MaxLength))
	case len(list) == 0:
		list = append(list, "x")
	}
	return list
}

// bad are values that it does not allow.
func (s *schema) bad(name string) (list []string) {
	if s.Minimum != "" {
		var least, most int64
		_, _ = fmt.Sscan(s.Minimum.String(), &least)
		_, _ = fmt.Sscan(s.Maximum.String(), &most)
		list = append(list, strconv.FormatInt(least-1, 10), strconv.FormatUint(uint64(most)+1, 10), "1.5", "x")
	}
	if s.MaxLength > 0 {
		list = append(list, s.long(name, s.MaxLength+1))
	}
	if s.Enum != nil {
		list = append(list, "x")
	}
	for i := range s.AnyOf {
		list = append(list, s.AnyOf[i].bad("")...)
	}
	if s.Pattern != nil {
		list = append(list, "x", "=x")
	}
	if name == "since" || name == "from" || name == "to" {
		list = append(list, "x", "-1s", "1969-12-31T23:59:59Z")
	}
	return list
}

// long is a value of so many bytes.
func (s *schema) long(name string, size int) string {
	switch name {
	case "field":
		return "a=" + strings.Repeat("x", size-2)
	case "stream":
		return strings.Repeat(`\x`, size/2) + strings.Repeat("x", size%2)
	case "grep": // few instructions
		return "[" + strings.Repeat("x", size-2) + "]"
	case "where":
		return strings.Repeat(strings.Repeat("x", 499)+" ", size/500) + strings.Repeat("x", size%500)
	}
	return strings.Repeat("x", size)
}

// Pages of other origins may send the headers that are described.
func TestTheHeadersOfTheDescription(t *testing.T) {
	t.Parallel()
	const origin = "https://console.example"
	p := start(t, newFake(), func(c *proxy.Config) { c.Origins = []string{origin} })
	req, err := http.NewRequest(http.MethodOptions, "http://"+p.Addr()+acme, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", origin)
	req.Header.Set("Access-Control-Request-Method", "GET")
	resp, err := transport(t).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	var want []string
	for name := range strings.SplitSeq(resp.Header.Get("Access-Control-Allow-Headers"), ", ") {
		if name != "Authorization" { // a security scheme
			want = append(want, http.CanonicalHeaderKey(name))
		}
	}
	var got []string
	for _, param := range description(t).parameters(t, "/api/logs/{stream}") {
		if param.In == "header" {
			got = append(got, http.CanonicalHeaderKey(param.Name))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("described are %q, and pages may send %q", got, want)
	}
}

// The data of a loss has the form that is described.
func TestTheDescriptionOfALoss(t *testing.T) {
	t.Parallel()
	d := description(t).Components.Schemas["Dropped"]
	keys := func(e loss.Event) []string {
		var m map[string]any
		if err := json.Unmarshal(e.AppendJSON(nil), &m); err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(maps.Keys(m))
	}
	all := loss.Event{
		Loss:  loss.Loss{Stream: "s", Source: "vm-1", Hop: loss.AtProxy, Reason: loss.TooSlow, Count: 1, Unknown: true, After: loss.Position{Epoch: 1, Seq: 2}},
		Total: 1, Since: time.Now(), Positions: "vm-1:1:1",
	}
	if got, want := slices.Sorted(maps.Keys(d.Properties)), keys(all); !slices.Equal(got, want) {
		t.Errorf("described are %q of %q", got, want)
	}
	if got, want := slices.Sorted(slices.Values(d.Required)), keys(loss.Event{}); !slices.Equal(got, want) {
		t.Errorf("required are %q of %q", got, want)
	}
}

// It is open to all, also where nothing else is.
func TestTheDescriptionNeedsNoToken(t *testing.T) {
	t.Parallel()
	k := startKeyed(t, []string{"tenant/acme"}, nil)
	text := get(t, k.running, httpapi.DescriptionPath).all()
	if !strings.HasPrefix(text, "{") || strings.Contains(text, "tenant/acme") {
		t.Errorf("it begins %.100s", text)
	}
	if r := get(t, k.running, httpapi.DescriptionPath+"x"); r.resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("what is beside it: %s", r.resp.Status)
	}
}
