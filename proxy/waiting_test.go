package proxy_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/cluster/auth"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
)

// A request that waits for its turn when its token ends is told so, and is no empty
// answer that looks good.
func TestATokenEndsWhileItsRequestWaits(t *testing.T) {
	volume.Check(t)
	k := startKeyed(t, nil, func(c *proxy.Config) { c.Streams = 1 })
	held := get(t, k.running, "/api/logs/tenant/acme", append([]string{"Authorization", "Bearer " + k.token(auth.Claims{Tenants: []string{"acme"}})}, sse...)...)
	held.next("source") // the only place, in use
	token := k.token(auth.Claims{Tenants: []string{"invented"}, Expires: time.Now().Add(2 * time.Second)})
	began := time.Now()
	r := get(t, k.running, "/api/logs/tenant/invented", "Authorization", "Bearer "+token)
	if body := r.all(); r.resp.StatusCode != http.StatusUnauthorized || !strings.Contains(body, "expired") {
		t.Errorf("after %s: %s %q", time.Since(began), r.resp.Status, body)
	}
	wait.For(t, "its end", func() bool { return k.Stats().Sessions == 1 })
}
