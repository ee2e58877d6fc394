package proxy_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sluice/cluster/names"
)

// Patterns yield all that they match and the token names, and nothing else.
func TestPatternsYieldWhatTheTokenNames(t *testing.T) {
	k := startKeyed(t, neighbours, nil)
	forms := [][]string{nil, sse, {"Accept", "text/event-stream", "Sluice-Client", "1"}}
	for i, claims := range someClaims {
		for j, pattern := range []string{"**", "*", "tenant/*", "tenant/**", "tenant/ac*", "system/**", "s*", `tenant/\*`} {
			p, err := names.ParsePattern(pattern)
			if err != nil {
				t.Fatal(err)
			}
			opened := make(map[string]bool)
			for _, name := range neighbours {
				if p.Match(name) && opens(claims, name) {
					opened[name] = true
				}
			}
			method := http.MethodGet
			if len(opened) == 0 {
				method = http.MethodHead // there is no record that could be waited for
			}
			path := "/api/logs?last=100&stream=" + url.QueryEscape(pattern)
			status, body := k.records(len(opened), method, path, k.token(claims), forms[(i+j)%len(forms)]...)
			want := http.StatusOK
			if pattern == `tenant/\*` && len(opened) == 0 {
				want = http.StatusForbidden // it is one name, written with care
			}
			if status != want {
				t.Errorf("%+v %q: %d, want %d", claims, pattern, status, want)
			}
			for n, name := range neighbours {
				switch secret := yields(body, n, name); {
				case secret != "" && !opened[name]:
					t.Errorf("%+v %q yields %q of %q", claims, pattern, secret, name)
				case opened[name] && !strings.Contains(body, `"stream":"`+name+`"`):
					t.Errorf("%+v %q does not yield %q: %q", claims, pattern, name, body)
				}
			}
		}
	}
}
