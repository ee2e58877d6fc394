package door

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"sluice/cluster/auth"
)

// Config is what a [Door] is made of.
type Config struct {
	// AnyHost serves requests whatever their Host is. Without it, only those are
	// served that were sent to a loopback name.
	AnyHost bool
	// TrustedProxies are the networks of reverse proxies whose X-Forwarded-For
	// counts.
	TrustedProxies []netip.Prefix
	// Refuse answers a request that may not come in. Required.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, detail string)
}

// Door lets requests in. Make it with [New].
type Door struct{ cfg Config }

// New makes a Door.
func New(cfg Config) *Door { return &Door{cfg} }

// Open returns the request as it came in, or ok false when it has been refused, and
// answered.
func (d *Door) Open(w http.ResponseWriter, r *http.Request) (in *http.Request, ok bool) {
	if !d.cfg.AnyHost && !IsLoopback(hostOf(r)) {
		// A page that has its own name point to this machine would read
		// what only this machine's users may.
		d.cfg.Refuse(w, r, http.StatusForbidden, "the Host of the request is no loopback name: without keys this proxy serves its own machine only")
		return nil, false
	}
	ctx := auth.NewContext(r.Context(), auth.Everything())
	return r.WithContext(context.WithValue(ctx, addressKey{}, d.address(r))), true
}

// hostOf is the host that the request was sent to, without the port.
func hostOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		return r.Host
	}
	return host
}

// IsLoopback tells whether host is a name or an address of this machine alone.
func IsLoopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && addr.Unmap().IsLoopback()
}
