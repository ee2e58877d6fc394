package proxy_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/auth"
	"sluice/internal/wait"
	"sluice/proxy"
	"sluice/proxy/tally"
)

func TestSessionsAreLimited(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*proxy.Config)
		paths   []string // the last is one too many
		other   string   // and this is not
		status  int
		says    string
		counted tally.Reason
	}{
		{
			"of a tenant", func(c *proxy.Config) { c.MaxTenantSessions = 2 },
			[]string{acme, acme, acme},
			"/api/logs/tenant/acme-2", 429, "tenant", tally.TenantSessions,
		},
		{
			"of a proxy", func(c *proxy.Config) { c.MaxSessions = 2 },
			[]string{acme, "/api/streams?watch", "/api/logs/system"},
			"/api/streams", 503, "--max-sessions", tally.ProxySessions,
		},
		{
			"from an address", func(c *proxy.Config) { c.MaxAddressSessions = 2 },
			[]string{acme, "/api/streams?watch", "/api/logs/system"},
			"/healthz", 429, "address", tally.AddressSessions,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, newFake(), c.change)
			last := len(c.paths) - 1
			var open []*reader
			for _, path := range c.paths[:last] {
				r := get(t, p, path, sse...)
				r.event()
				open = append(open, r)
			}
			r := get(t, p, c.paths[last])
			var problem struct{ Detail string }
			after, _ := strconv.Atoi(r.resp.Header.Get("Retry-After"))
			if err := json.Unmarshal([]byte(r.all()), &problem); err != nil || r.resp.StatusCode != c.status ||
				!strings.Contains(problem.Detail, c.says) || after < 5 || after > 10 {
				t.Errorf("one too many gets %s, %v, %v, %+v", r.resp.Status, r.resp.Header, err, problem)
			}
			if n := p.Counts().Of(c.counted); n != 1 {
				t.Errorf("%d are counted", n)
			}
			if r := get(t, p, c.other, "Sluice-Client", "1"); r.resp.StatusCode != http.StatusOK {
				t.Errorf("another gets %s", r.resp.Status)
			}
			open[0].close()
			wait.For(t, "room for another", func() bool {
				r := get(t, p, c.paths[last])
				defer r.close()
				return r.resp.StatusCode == http.StatusOK
			})
		})
	}
}

// issuer returns what checks tokens, and what makes them for tenants.
func issuer(t *testing.T) (*auth.Verifier, func(tenants ...string) string) {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte(strings.Repeat("k", 32)), 0o600); err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(auth.Config{KeyFiles: []string{key}})
	if err != nil {
		t.Fatal(err)
	}
	return verifier, func(tenants ...string) string {
		token, err := auth.Sign(key, "", auth.Claims{Tenants: tenants, Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + token
	}
}

func TestTheSessionsOfATokenAreLimited(t *testing.T) {
	verifier, issue := issuer(t)
	p := start(t, newFake(), func(c *proxy.Config) { c.Tokens, c.MaxTokenSessions = verifier, 2 })
	one, two := issue("acme", "globex"), issue("acme")
	get(t, p, acme, "Authorization", one)
	get(t, p, "/api/logs/tenant/globex", "Authorization", one)
	if r := get(t, p, acme, "Authorization", one); r.resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the third with the same token gets %s", r.resp.Status)
	}
	if r := get(t, p, acme, "Authorization", two); r.resp.StatusCode != http.StatusOK {
		t.Errorf("one with another gets %s", r.resp.Status)
	}
}

// A token that opens tenants by a pattern has as many sessions of all together as a tenant
// has, whatever names it asks for, and takes no tenant's places.
func TestTheSessionsOfATokenWithAPatternAreLimited(t *testing.T) {
	verifier, issue := issuer(t)
	p := start(t, newFake(), func(c *proxy.Config) { c.Tokens, c.MaxTenantSessions = verifier, 2 })
	wide, narrow := issue("/.*/"), issue("acme", "globex")
	get(t, p, acme, "Authorization", wide)
	get(t, p, "/api/logs?stream=tenant/acme&stream=tenant/invented-1", "Authorization", wide)
	if r := get(t, p, "/api/logs/tenant/invented-2", "Authorization", wide); r.resp.StatusCode != http.StatusTooManyRequests || !strings.Contains(r.all(), "pattern") {
		t.Errorf("the third with the pattern gets %s", r.resp.Status)
	}
	for _, path := range []string{acme, acme, "/api/logs/tenant/globex"} {
		if r := get(t, p, path, "Authorization", narrow); r.resp.StatusCode != http.StatusOK {
			t.Errorf("%s with names gets %s", path, r.resp.Status)
		}
	}
}

// A session does not last for ever, and says so at its end; its reader comes back by id.
func TestASessionEndsAfterItsLifetime(t *testing.T) {
	f := newFake()
	p := start(t, f, func(c *proxy.Config) { c.Lifetime = 50 * time.Millisecond })
	f.send(records("s", 9, 0, 1)...)
	events := get(t, p, "/api/logs/s", sse...)
	end := events.next("end")
	if !strings.Contains(end, `"again":true`) {
		t.Errorf("the end is %q", end)
	}
	if rest := events.all(); rest != "" {
		t.Errorf("after the end comes %q", rest)
	}
	if text := get(t, p, "/api/logs/s").all(); !strings.Contains(text, "lasted as long as one may: ask again") {
		t.Errorf("the lines end with %q", text)
	}
	if n := p.Counts().Of(tally.Lifetime); n != 2 {
		t.Errorf("%d are counted", n)
	}
	watch := get(t, p, "/api/streams?watch", sse...)
	watch.next("end")
}

// Those who came together do not all come back together.
func TestLifetimesSpread(t *testing.T) {
	p := start(t, newFake(), func(c *proxy.Config) { c.Lifetime = time.Hour })
	var shortest, longest time.Duration = time.Hour, 0
	for range 1000 {
		d := proxy.LifetimeOf(p.Proxy)
		shortest, longest = min(shortest, d), max(longest, d)
	}
	if shortest < 48*time.Minute || shortest > 50*time.Minute || longest < 58*time.Minute || longest > time.Hour {
		t.Errorf("a lifetime of an hour is from %s to %s", shortest, longest)
	}
}

// Who comes while the proxy shuts down is told when it is gone. An EventSource would give
// up for ever at that: what reads events comes back to a response that has ended.
func TestAfterTheShutdown(t *testing.T) {
	const end = "event: end\ndata: {\"reason\":\"the proxy is shutting down\"}\n\n"
	for _, c := range []struct {
		header []string
		status int
		retry  string
		body   string // how it begins
	}{
		{nil, http.StatusServiceUnavailable, "2", `{"type"`},
		{ours(), http.StatusServiceUnavailable, "2", "data: {"},
		{sse, http.StatusOK, "", end},
	} {
		waited := false
		for range 10 {
			resp, body := afterTheShutdown(t, c.header)
			if resp.StatusCode == http.StatusOK && body != end {
				continue // this test stood still for so long that the session had begun
			}
			waited = true
			if resp.StatusCode != c.status || resp.Header.Get("Retry-After") != c.retry || !strings.HasPrefix(body, c.body) {
				t.Errorf("with %q it gets %s, %v, %q", c.header, resp.Status, resp.Header, body)
			}
			break
		}
		if !waited {
			t.Errorf("with %q no session waits", c.header)
		}
	}
}

// afterTheShutdown is what a session gets that waits to begin when its proxy shuts down.
func afterTheShutdown(t *testing.T, header []string) (*http.Response, string) {
	f := newFake()
	f.quiet = true // so that a session waits before its response begins
	p := start(t, f, func(c *proxy.Config) { c.Grace = 1500 * time.Millisecond })
	req, err := http.NewRequest(http.MethodGet, "http://"+p.Addr()+"/api/logs/s", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := transport(t)
	answered, body := new(http.Response), []byte(nil)
	var asking sync.WaitGroup
	asking.Go(func() {
		resp, err := client.RoundTrip(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		answered = resp
		if body, err = io.ReadAll(resp.Body); err != nil {
			t.Error(err)
		}
	})
	wait.For(t, "the session", func() bool { return f.tailed("s") })
	p.stop()
	asking.Wait()
	return answered, string(body)
}
