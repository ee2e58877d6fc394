// Package origin tells which requests a page of another origin has a browser send. A
// browser sends them for any page, and what they do is done although the page cannot
// read the answer.
package origin

import (
	"net/http"
	"strings"
)

// Foreign reports whether a request comes from a page of another origin than the one
// that it is sent to: another port of this host is one, too. One that no browser sends
// does not, nor what somebody types in one.
func Foreign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	case "same-origin", "none":
		return false
	}
	// An old browser, or none.
	origin := r.Header.Get("Origin")
	return origin != "" && !isOwn(origin, r.Host)
}

// Visit reports whether a request is for what is shown by itself in a window, as a link
// leads to it.
func Visit(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// isOwn tells whether an origin is that of the host which the request was sent to.
// Which scheme it has is not known here: TLS may end before.
func isOwn(origin, host string) bool {
	_, of, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(of, host)
}
