package door

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"sluice/cluster/origin"
	"sluice/proxy/tally"
)

// What pages of other origins may send, and see of an answer.
const (
	corsMethods = "GET, HEAD"
	corsHeaders = "Authorization, Last-Event-ID, Sluice-Client, Sluice-History, Sluice-Positions, Traceparent"
	corsExposed = "Retry-After, WWW-Authenticate"
	corsAge     = "600" // seconds
)

// admitsPage tells whether the page that makes the browser send this request may; a
// request that no browser sends may. It answers what may not, and what browsers ask
// before they send one.
func (d *Door) admitsPage(w http.ResponseWriter, r *http.Request, public bool) bool {
	from := r.Header.Get("Origin")
	if len(d.origins) > 0 {
		w.Header().Add("Vary", "Origin")
	}
	if from != "" && len(r.Header["Origin"]) == 1 {
		if normal, err := parseOrigin(from); err == nil {
			if _, ok := d.origins[normal]; ok {
				return admitOrigin(w, r, from)
			}
		}
	}
	if !origin.Foreign(r) || public && origin.Visit(r) {
		return true // such as a link to the proxy's own page
	}
	d.cfg.Refuse(w, r, tally.Page, "a page of another origin asks: the proxy serves those that --cors names")
	return false
}

// admitOrigin lets a page read the answer.
func admitOrigin(w http.ResponseWriter, r *http.Request, origin string) bool {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Expose-Headers", corsExposed)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return true
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsAge)
	if r.Header.Get("Access-Control-Request-Private-Network") == "true" {
		h.Set("Access-Control-Allow-Private-Network", "true")
	}
	w.WriteHeader(http.StatusNoContent)
	return false
}

// parseOrigin reads an origin, and returns its one form.
func parseOrigin(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || strings.Contains(u.Host, "*") {
		return "", fmt.Errorf("origin %q: give one whole, as in https://logs.example or http://localhost:3000; there are no patterns", s)
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "http":
		host = strings.TrimSuffix(host, ":80")
	case "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host, nil
}
