package origin_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"sluice/cluster/origin"
)

func TestForeign(t *testing.T) {
	for _, c := range []struct {
		name    string
		header  []string
		foreign bool
		visit   bool
	}{
		{"no browser", nil, false, false},
		{"a page of its own", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://127.0.0.1:5553"}, false, false},
		{"typed", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, false, true},
		{"a link", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, true, true},
		{"a frame", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, true, false},
		{"another site", []string{"Sec-Fetch-Site", "cross-site"}, true, false},
		{"another port", []string{"Sec-Fetch-Site", "same-site"}, true, false},
		{"an old browser", []string{"Origin", "http://evil.example"}, true, false},
		{"another port, of an old one", []string{"Origin", "http://127.0.0.1:80"}, true, false},
		{"its own, of an old one", []string{"Origin", "http://127.0.0.1:5553"}, false, false},
		{"behind TLS", []string{"Origin", "https://127.0.0.1:5553"}, false, false},
		{"no origin", []string{"Origin", "null"}, true, false},
		{"a value that is new", []string{"Sec-Fetch-Site", "elsewhere", "Origin", "http://evil.example"}, true, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:5553/metrics", nil)
		for i := 0; i+1 < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		if origin.Foreign(r) != c.foreign || origin.Visit(r) != c.visit {
			t.Errorf("%s: foreign %t, visit %t", c.name, origin.Foreign(r), origin.Visit(r))
		}
	}
}
