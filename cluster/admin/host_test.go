package admin_test

import (
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sluice/cluster/admin"
	"sluice/internal/wait"
)

// A page whose name points to this machine reads nothing here.
func TestOnlyLoopbackNamesAreAnswered(t *testing.T) {
	for _, insecure := range []bool{false, true} {
		s, err := admin.New(admin.Config{Addr: "127.0.0.1:0", Metrics: prometheus.NewRegistry(), Profile: true, Insecure: insecure})
		if err != nil {
			t.Fatal(err)
		}
		wait.Run(t, s.Run)
		for host, local := range map[string]bool{
			s.Addr(): true, "localhost": true, "LocalHost.:80": true, "x.localhost:1": true, "[::1]:5553": true, "[::1]": true, "127.9.9.9": true, "[::ffff:127.0.0.1]": true,
			"evil.example": false, "127.0.0.1.evil.example:5553": false, "localhost.evil.example": false, "192.0.2.1": false, "0.0.0.0": false, "xlocalhost": false,
		} {
			for _, path := range []string{"/metrics", "/healthz", "/debug/pprof/cmdline", "/"} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				req.Host, req.Close = host, true
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if refused := resp.StatusCode == http.StatusForbidden; refused == (local || insecure) {
					t.Errorf("insecure %t, Host %s, %s: %s", insecure, host, path, resp.Status)
				}
			}
		}
	}
}
