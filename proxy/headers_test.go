package proxy_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/auth"
)

// No browser or proxy on the way keeps what needs a token, whatever the answer is, or
// takes one kind of it for another; and no answer has much of a request in it.
func TestAnswersAreKeptNowhere(t *testing.T) {
	k := startKeyed(t, []string{"tenant/acme"}, nil)
	token := k.token(auth.Claims{Tenants: []string{"acme"}})
	long := strings.Repeat("<script>", 4000)
	for _, c := range []struct {
		path   string
		status int
		token  string
	}{
		{"/api/logs/tenant/acme?last=1", 200, token},
		{"/api/logs/tenant/other", 403, token},
		{"/api/logs/tenant/acme?last=%3Cscript%3E", 400, token},
		{"/api/logs/" + strings.ReplaceAll(long, "<", "%3C"), 400, token},
		{"/api/logs/tenant/acme?" + long + "=1", 400, token},
		{"/api/logs/tenant/acme?from-vm=" + long, 400, token},
		{"/api/streams", 200, token},
		{"/api/streams?watch", 200, token},
		{"/api/streams", 401, "x"},
		{"/api/" + long, 404, token},
		{"/" + long, 404, ""},
		{"/healthz", 200, ""},
		{"/", 200, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+k.Addr(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.URL.Opaque = c.path
		if c.token != "" {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		resp, err := transport(t).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		h := resp.Header
		if resp.StatusCode != c.status || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%.60s: %s, %v", c.path, resp.Status, h)
		}
		if strings.HasPrefix(c.path, "/api/") && (!slices.Contains(h["Cache-Control"], "no-store") ||
			h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cross-Origin-Resource-Policy") != "same-origin") {
			t.Errorf("%.60s: %v", c.path, h)
		}
		if resp.StatusCode >= 400 && resp.ContentLength > 1000 {
			t.Errorf("%.60s: the answer has %d bytes", c.path, resp.ContentLength)
		}
		_ = resp.Body.Close()
	}
}
