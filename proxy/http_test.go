package proxy_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/proxy"
)

func TestRefusals(t *testing.T) {
	p := start(t, newFake(), nil)
	for _, c := range []struct {
		name, path string
		header     []string
		status     int
		says       string
	}{
		{"no name", "/api/logs/", nil, 400, "empty"},
		{"no tenant", "/api/logs/tenant/", nil, 400, "no tenant"},
		{"a control character", "/api/logs/a%00b", nil, 400, "control"},
		{"an escape", "/api/logs/%1b%5b2J", nil, 400, "control"},
		{"a C1 control character", "/api/logs/%C2%9B", nil, 400, "control"},
		{"no UTF-8", "/api/logs/%FF", nil, 400, "UTF-8"},
		{"too long", "/api/logs/" + strings.Repeat("x", 256), nil, 400, "255"},
		{"last", "/api/logs/a?last=-1", nil, 400, "last"},
		{"level", "/api/logs/a?level=loud", nil, 400, "level"},
		{"grep", "/api/logs/a?grep=(", nil, 400, "grep"},
		{"a long grep", "/api/logs/a?grep=" + strings.Repeat("x", 2000), nil, 400, "grep"},
		{"positions", "/api/logs/a", []string{"Sluice-Positions", "vm-1:x"}, 400, "position"},
		{"a foreign host", "/api/logs/a", []string{"Host", "evil.example"}, 403, "loopback"},
		{"a foreign host for the list", "/api/streams", []string{"Host", "127.0.0.1.evil.example:5580"}, 403, "loopback"},
		{"nothing", "/api/log", nil, 404, "nothing here"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := get(t, p, c.path, c.header...)
			var problem struct {
				Type, Title, Detail string
				Status              int
			}
			body := r.all()
			if err := json.Unmarshal([]byte(body), &problem); err != nil {
				t.Fatalf("%v in %q", err, body)
			}
			if r.resp.StatusCode != c.status || problem.Status != c.status || !strings.Contains(problem.Detail, c.says) ||
				r.resp.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("status %d, %s, %+v", r.resp.StatusCode, r.resp.Header.Get("Content-Type"), problem)
			}

			r = get(t, p, c.path, append([]string{"Accept", "text/html, text/event-stream;q=0.9"}, c.header...)...)
			body = r.all()
			var msg struct{ Msg string }
			data, ok := strings.CutPrefix(body, "data: ")
			if err := json.Unmarshal([]byte(data), &msg); !ok || err != nil || !strings.HasSuffix(body, "}\n\n") {
				t.Fatalf("event %q", body)
			}
			if r.resp.StatusCode != c.status || !strings.HasPrefix(msg.Msg, http.StatusText(c.status)) && !strings.Contains(msg.Msg, " ") {
				t.Errorf("status %d, %q", r.resp.StatusCode, msg.Msg)
			}
			oldParser{t: t, records: new([]string)}.chunk(body)
		})
	}
}

func TestOnlyGet(t *testing.T) {
	p := start(t, newFake(), nil)
	resp, err := http.PostForm("http://"+p.Addr()+acme, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") == "" {
		t.Errorf("POST: %s", resp.Status)
	}
	head, err := http.Head("http://" + p.Addr() + acme)
	if err != nil {
		t.Fatal(err)
	}
	_ = head.Body.Close()
	if head.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %s", head.Status)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestLoopbackHosts(t *testing.T) {
	p := start(t, newFake(), nil)
	for _, host := range []string{"localhost", "localhost:5580", "LOCALHOST.", "a.localhost", "127.1.2.3:1", "[::1]:5580", "[::1]"} {
		if r := get(t, p, "/healthz", "Host", host); r.resp.StatusCode != http.StatusOK {
			t.Errorf("Host %s: %s", host, r.resp.Status)
		}
	}
	open := start(t, newFake(), func(c *proxy.Config) { c.Insecure = true })
	if r := get(t, open, "/readyz", "Host", "logs.example"); r.resp.StatusCode != http.StatusOK {
		t.Errorf("insecure: %s", r.resp.Status)
	}
}

func TestNewRefuses(t *testing.T) {
	source := func(time.Duration) (proxy.Source, error) { return newFake(), nil }
	for name, cfg := range map[string]proxy.Config{
		"no source":      {Listen: "127.0.0.1:0"},
		"no port":        {Listen: "127.0.0.1", Open: source},
		"all interfaces": {Listen: ":0", Open: source},
		"0.0.0.0":        {Listen: "0.0.0.0:0", Open: source},
		"another host":   {Listen: "192.0.2.1:0", Open: source},
		"a negative":     {Listen: "127.0.0.1:0", Open: source, Keep: -1},
	} {
		if _, err := proxy.New(cfg); err == nil {
			t.Errorf("%s: New takes it", name)
		}
	}
}

// Names may hold anything: each is one stream, however it is escaped.
func TestNames(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	for path, name := range map[string]string{
		"tenant/acme":         "tenant/acme",
		"tenant%2Fglobex":     "tenant/globex",
		"system/scheduler":    "system/scheduler",
		"a//b":                "a//b",
		"..%2f..%2fetc":       "../../etc",
		"x/../y":              "x/../y",
		"%F0%9F%98%80%20+%25": "😀 +%",
	} {
		get(t, p, "/api/logs/"+path, sse...).next("source")
		if !f.tailed(name) {
			t.Errorf("%s does not tail %q", path, name)
		}
	}
}

func TestStreams(t *testing.T) {
	f := newFake()
	f.live = []stream.Live{
		{Name: "system", Rate: 1.5, Bytes: 300, Records: 12, Sources: 3},
		{Name: "a", Rate: 2, Bytes: 3, Records: 4, Sources: 1},
	}
	p := start(t, f, nil)
	const want = `{"streams":[{"name":"a","rate":2,"bytes":3,"records":4,"sources":1},{"name":"system","rate":1.5,"bytes":300,"records":12,"sources":3}]}` + "\n"
	if got := get(t, p, "/api/streams").all(); got != want {
		t.Errorf("streams:\n got %s\nwant %s", got, want)
	}
	line, err := get(t, p, "/api/streams?watch").in.ReadString('\n')
	if err != nil || line != want {
		t.Errorf("watched: %q, %v", line, err)
	}
	if got := get(t, p, "/api/streams?watch", sse...).event(); got != "data: "+want+"\n" {
		t.Errorf("watched events: %q", got)
	}
}

// However many want the list of streams, it is made once a second, and not while nobody
// wants it.
func TestStreamsAreListedOnceForAll(t *testing.T) {
	f := newFake()
	p := start(t, f, nil)
	get(t, p, "/readyz").all()
	if n := f.lists.Load(); n != 0 {
		t.Errorf("listed %d times for nobody", n)
	}
	began := time.Now()
	for range 20 {
		get(t, p, "/api/streams").all()
		get(t, p, "/api/streams?watch", sse...).event()
	}
	most := 1 + int64(time.Since(began)/(900*time.Millisecond))
	if n := f.lists.Load(); n < 1 || n > most {
		t.Errorf("listed %d times, want %d at most", n, most)
	}
}

func TestPage(t *testing.T) {
	p := start(t, newFake(), nil)
	for path, kind := range map[string]string{"/": "text/html; charset=utf-8", "/page/app.js": "text/javascript; charset=utf-8"} {
		r := get(t, p, path)
		if body := r.all(); r.resp.StatusCode != http.StatusOK || r.resp.Header.Get("Content-Type") != kind || body == "" {
			t.Errorf("%s: %s %v", path, r.resp.Status, r.resp.Header)
		}
		if policy := r.resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
}
