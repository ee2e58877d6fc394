package door_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sluice/cluster/auth"
	"sluice/proxy/door"
	"sluice/proxy/tally"
)

// keyring knows one token, and remembers what it was asked.
type keyring struct {
	good  string
	asked []string
}

func (k *keyring) Verify(_ context.Context, token string) (*auth.Grant, error) {
	k.asked = append(k.asked, token)
	if token == k.good {
		return auth.NewGrant(auth.Claims{Tenants: []string{"acme"}}, "id"), nil
	}
	return nil, &auth.Error{Reason: auth.UnknownKey}
}

// answered is how a door treats a request: 0 when it lets it in.
type answered struct {
	status int
	reason tally.Reason // when it is refused
	detail string
	in     *http.Request
	header http.Header
}

func opened(t testing.TB, cfg door.Config, r *http.Request) (a answered) {
	t.Helper()
	cfg.Refuse = func(_ http.ResponseWriter, _ *http.Request, reason tally.Reason, detail string) {
		a.status, a.reason, a.detail = reason.Status(), reason, detail
	}
	d, err := door.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	in, ok := d.Open(w, r)
	if ok {
		a.in = in
	} else if a.status == 0 {
		a.status = w.Code
	}
	a.header = w.Header()
	return a
}

func asks(path string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func TestATokenIsTakenOutOfTheRequest(t *testing.T) {
	const token = "eyJ.secret.token"
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
		query  string // that is left
	}{
		{"Bearer", asks("/api/x", "Authorization", "Bearer "+token), 0, ""},
		{"bearer, with spaces", asks("/api/x", "Authorization", " bearer   "+token+" "), 0, ""},
		{"key", asks("/api/x?key=" + token), 0, ""},
		{"among others", asks("/api/x?last=5&key=" + token + "&level=warn&last=6"), 0, "last=5&level=warn&last=6"},
		{"escaped", asks("/api/x?%6bey=eyJ%2Esecret.token&a=%6bey"), 0, "a=%6bey"},
		{"both, the same", asks("/api/x?key="+token, "Authorization", "Bearer "+token), 0, ""},
		{"two that differ", asks("/api/x?key="+token, "Authorization", "Bearer other"), 401, ""},
		{"two keys that differ", asks("/api/x?key=" + token + "&key=other"), 401, ""},
		{"two headers that differ", asks("/api/x", "Authorization", "Bearer "+token, "Authorization", "Bearer other"), 401, ""},
		{"another scheme", asks("/api/x", "Authorization", "Basic "+token), 401, ""},
		{"no scheme", asks("/api/x", "Authorization", token), 401, ""},
		{"another scheme beside a key", asks("/api/x?key="+token, "Authorization", "Basic xyz"), 0, ""},
		{"an empty key", asks("/api/x?key="), 401, ""},
		{"no token", asks("/api/x"), 401, ""},
		{"other capitals", asks("/api/x?Key=" + token), 401, ""},
		{"a bad escape", asks("/api/x?key=%zz"), 401, ""},
		{"a bad one", asks("/api/x?key=other"), 401, ""},
		{"NUL behind it", asks("/api/x?key=" + token + "%00"), 401, ""},
		{"a public path", asks("/open?key=other&x=1"), 0, "x=1"},
	} {
		ring := &keyring{good: token}
		a := opened(t, door.Config{Verifier: ring, Public: func(path string) bool { return path == "/open" }}, c.r)
		if a.status != c.status {
			t.Errorf("%s: %d %s", c.name, a.status, a.detail)
		}
		if strings.Contains(a.detail, "secret") {
			t.Errorf("%s: the answer has the token", c.name)
		}
		if a.in == nil {
			if a.header.Get("WWW-Authenticate") == "" || strings.Contains(a.header.Get("WWW-Authenticate"), "secret") {
				t.Errorf("%s: WWW-Authenticate: %q", c.name, a.header.Get("WWW-Authenticate"))
			}
			continue
		}
		if a.in.URL.RawQuery != c.query || strings.Contains(a.in.RequestURI, "key=eyJ") || a.in.Header.Get("Authorization") != "" || strings.Contains(a.in.URL.String(), "secret") {
			t.Errorf("%s: %s, %s, %v is left", c.name, a.in.URL, a.in.RequestURI, a.in.Header)
		}
		if public := strings.HasPrefix(c.r.URL.Path, "/open"); public != (len(ring.asked) == 0) || public == auth.FromContext(a.in.Context()).May("tenant/acme") {
			t.Errorf("%s: asked %q", c.name, ring.asked)
		}
	}
}

// Whatever the query is, what is left has no key, and all else stays as it was.
func FuzzQuery(f *testing.F) {
	f.Add("a=1&key=t&b=2")
	f.Add("%6Bey=%zz&&=&key&key==")
	f.Add("a;key=t&ke%79=t+t")
	f.Fuzz(func(t *testing.T, query string) {
		r := asks("/api/x")
		r.URL.RawQuery = query
		ring := &keyring{}
		var left string
		cfg := door.Config{Verifier: ring, Public: func(string) bool { return true }}
		a := opened(t, cfg, r)
		if a.in == nil {
			t.Fatalf("refused: %s", a.detail)
		}
		left = a.in.URL.RawQuery
		if r.URL.RawQuery != query {
			t.Error("the request itself is changed")
		}
		values, err := url.ParseQuery(left)
		if _, ok := values["key"]; ok {
			t.Errorf("%q leaves %q", query, left)
		}
		before, errBefore := url.ParseQuery(query)
		if errBefore != nil || err != nil {
			return
		}
		before.Del("key")
		if before.Encode() != values.Encode() {
			t.Errorf("%q leaves %q", query, left)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("Bearer x", "1.2.3.4, [::1]:5", "acme, globex", "true")
	f.Add("bearer\t", "unknown,,", ",,", "yes")
	f.Fuzz(func(t *testing.T, authorization, forwarded, tenants, system string) {
		ring := &keyring{good: "good"}
		r := asks("/api/x", "Authorization", authorization, "X-Forwarded-For", forwarded, "T", tenants, "S", system)
		r.RemoteAddr = "192.0.2.1:5"
		a := opened(t, door.Config{Verifier: ring, Forwarded: door.Forwarded{Tenants: "T", System: "S"}, TrustedProxies: prefixes("10.0.0.0/8")}, r)
		if a.in != nil && !(len(ring.asked) == 1 && ring.asked[0] == "good") {
			t.Fatalf("a stranger came in by %q, %q", authorization, tenants)
		}
		r.RemoteAddr = "10.0.0.1:5"
		r.Header.Del("Authorization")
		a = opened(t, door.Config{Forwarded: door.Forwarded{Tenants: "T", System: "S"}, TrustedProxies: prefixes("10.0.0.0/8")}, r)
		if a.in == nil {
			return
		}
		g := auth.FromContext(a.in.Context())
		if g.MayAll() || g.May("tenant/") || g.May("system") && !strings.EqualFold(strings.TrimSpace(system), "true") {
			t.Errorf("%q, %q open %+v", tenants, system, g)
		}
	})
}
