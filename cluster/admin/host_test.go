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

// A page that somebody looks at has no profiles taken here, nor anything else done; a
// link leads here.
func TestPagesOfOtherOriginsAreRefused(t *testing.T) {
	s, err := admin.New(admin.Config{Addr: "127.0.0.1:0", Metrics: prometheus.NewRegistry(), Profile: true})
	if err != nil {
		t.Fatal(err)
	}
	wait.Run(t, s.Run)
	for _, c := range []struct {
		header []string
		want   int
	}{
		{nil, http.StatusOK},
		{[]string{"Sec-Fetch-Site", "none"}, http.StatusOK},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, http.StatusOK},
		{[]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}, http.StatusForbidden},
		{[]string{"Sec-Fetch-Site", "same-site"}, http.StatusForbidden},
		{[]string{"Origin", "http://evil.example"}, http.StatusForbidden},
	} {
		for _, path := range []string{"/metrics", "/healthz", "/debug/pprof/cmdline"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i+1 < len(c.header); i += 2 {
				req.Header.Set(c.header[i], c.header[i+1])
			}
			req.Close = true
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if resp.StatusCode != c.want {
				t.Errorf("%s with %q: %s, want %d", path, c.header, resp.Status, c.want)
			}
		}
	}
}
