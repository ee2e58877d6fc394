package proxy_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sluice/cluster/auth"
	"sluice/cluster/stream"
)

// What a token does not name is refused before anybody looks for it: so neither the
// answer nor its time tells whether there is such a stream.
func TestWhatIsForbiddenIsNotLookedFor(t *testing.T) {
	k := startKeyed(t, []string{"tenant/acme", "tenant/other", "system"}, nil)
	token := k.token(auth.Claims{Tenants: []string{"acme"}})
	answers := make(map[string]bool)
	for _, name := range []string{"tenant/other", "tenant/none", "system", "none"} {
		for _, path := range []string{
			"/api/logs/" + name, "/api/logs?stream=" + url.QueryEscape(name),
			"/api/logs?stream=tenant/acme&stream=" + url.QueryEscape(name),
		} {
			status, body := k.beginning(http.MethodGet, path, token)
			if status != http.StatusForbidden {
				t.Errorf("%s: %d", path, status)
			}
			answers[body] = true
		}
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	tailed := func() map[string]stream.Backfill {
		k.fake.mu.Lock()
		defer k.fake.mu.Unlock()
		return maps.Clone(k.fake.tails)
	}
	if had := tailed(); len(had) > 0 {
		t.Errorf("these were looked for: %v", had)
	}
	// Of what matches a pattern, that is read alone which the token names.
	for _, pattern := range []string{"**", "tenant/*", "*", `tenant/ac\me`} {
		status, body := k.beginning(http.MethodGet, "/api/logs?last=1&stream=tenant/acme&stream="+url.QueryEscape(pattern), token)
		if status != http.StatusOK || !strings.Contains(body, "secret 0!") {
			t.Errorf("%s: %d %q", pattern, status, body)
		}
	}
	if had := tailed(); len(had) != 1 || !k.fake.tailed("tenant/acme") {
		t.Errorf("these were read: %v", had)
	}
}
