package door_test

import (
	"net/http"
	"strings"
	"testing"

	"sluice/proxy/door"
)

func TestWhichPagesMayRead(t *testing.T) {
	listed := []string{"https://ok.example", "http://Dev.example:3000/"}
	for _, c := range []struct {
		name   string
		path   string
		header []string
		status int
		allows string // the origin that may read the answer
	}{
		{"no browser", "/api/x", nil, 0, ""},
		{"the proxy's own page", "/api/x", []string{"Sec-Fetch-Site", "same-origin"}, 0, ""},
		{"typed by hand", "/api/x", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate"}, 0, ""},
		{"another site", "/api/x", []string{"Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"another port of this host", "/api/x", []string{"Sec-Fetch-Site", "same-site"}, 403, ""},
		{"an image of another site", "/api/x", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"}, 403, ""},
		{"a link to the data", "/api/x", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403, ""},
		{"a link to the page", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 0, ""},
		{"a frame with the page", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403, ""},
		{"a part of the page", "/", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403, ""},
		{"an origin, of an old browser", "/api/x", []string{"Origin", "https://evil.example"}, 403, ""},
		{"its own origin", "/api/x", []string{"Origin", "http://127.0.0.1:5580"}, 0, ""},
		{"its own origin, with TLS before it", "/api/x", []string{"Origin", "https://127.0.0.1:5580"}, 0, ""},
		{"another port, of an old browser", "/api/x", []string{"Origin", "http://127.0.0.1:3000"}, 403, ""},
		{"no origin to speak of", "/api/x", []string{"Origin", "null"}, 403, ""},
		{"one that is named", "/api/x", []string{"Origin", "https://ok.example", "Sec-Fetch-Site", "cross-site"}, 0, "https://ok.example"},
		{"one that is named, with its port", "/api/x", []string{"Origin", "http://dev.example:3000", "Sec-Fetch-Site", "cross-site"}, 0, "http://dev.example:3000"},
		{"without TLS", "/api/x", []string{"Origin", "http://ok.example", "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"another port", "/api/x", []string{"Origin", "https://ok.example:8443", "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"a longer one", "/api/x", []string{"Origin", "https://ok.example.evil", "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"one before it", "/api/x", []string{"Origin", "https://evil-ok.example", "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"one below it", "/api/x", []string{"Origin", "https://a.ok.example", "Sec-Fetch-Site", "same-site"}, 403, ""},
		{"with a user", "/api/x", []string{"Origin", "https://ok.example@evil.example", "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"two", "/api/x", []string{"Origin", "https://ok.example", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, 403, ""},
		{"named, but an image without origin", "/api/x", []string{"Sec-Fetch-Site", "cross-site", "Referer", "https://ok.example/"}, 403, ""},
	} {
		r := asks(c.path, append([]string{"Host", "127.0.0.1:5580"}, c.header...)...)
		a := opened(t, door.Config{Origins: listed, Public: func(path string) bool { return path == "/" }}, r)
		if a.status != c.status {
			t.Errorf("%s: %d %s", c.name, a.status, a.detail)
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); got != c.allows || a.header.Get("Access-Control-Allow-Credentials") != "" || a.header.Get("Vary") != "Origin" {
			t.Errorf("%s: allows %q, varies by %q", c.name, got, a.header.Get("Vary"))
		}
	}
}

// What a browser asks before it sends a token needs none.
func TestPreflight(t *testing.T) {
	ask := func(origin string) answered {
		r := asks("/api/x", "Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization", "Sec-Fetch-Site", "cross-site")
		r.Method = http.MethodOptions
		return opened(t, door.Config{Verifier: &keyring{}, Origins: []string{"https://ok.example"}}, r)
	}
	a := ask("https://ok.example")
	if a.status != http.StatusNoContent || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") || a.header.Get("Access-Control-Allow-Methods") != "GET, HEAD" {
		t.Errorf("%d, %v", a.status, a.header)
	}
	if a := ask("https://evil.example"); a.status != http.StatusForbidden || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%d, %v", a.status, a.header)
	}
}

// Without keys, a name that somebody has point to this machine opens nothing.
func TestHostWithoutKeys(t *testing.T) {
	for host, ok := range map[string]bool{
		"localhost": true, "LOCALHOST:5580": true, "127.9.9.9:1": true, "[::1]:5580": true, "a.localhost": true, "localhost.:80": true,
		"evil.example": false, "127.0.0.1.evil.example:5580": false, "localhost.evil.example": false, "": false, "0.0.0.0": false, "[::]": false, "192.168.1.1": false, "127.1": false,
	} {
		if a := opened(t, door.Config{}, asks("/api/x", "Host", host)); (a.in != nil) != ok {
			t.Errorf("Host %q: %d", host, a.status)
		}
		if a := opened(t, door.Config{AnyHost: true}, asks("/api/x", "Host", host)); a.in == nil {
			t.Errorf("Host %q, insecure: %d", host, a.status)
		}
		if a := opened(t, door.Config{Verifier: &keyring{good: "t"}}, asks("/api/x?key=t", "Host", host)); a.in == nil {
			t.Errorf("Host %q, with keys: %d", host, a.status)
		}
	}
}
