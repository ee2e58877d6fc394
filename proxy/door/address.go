package door

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

const forwardedFor = "X-Forwarded-For"

type addressKey struct{}

// Address is where the request of this context came from: the peer's address, or what
// trusted reverse proxies say of it. It is not valid when that is unknown.
func Address(ctx context.Context) netip.Addr {
	a, _ := ctx.Value(addressKey{}).(netip.Addr)
	return a
}

// address follows X-Forwarded-For from its end, since each proxy adds whom it got the
// request from: as far as each of them is trusted. What lies before is hearsay.
func (d *Door) address(r *http.Request) netip.Addr {
	at := peer(r)
	for _, line := range slices.Backward(r.Header[forwardedFor]) {
		for line != "" {
			if !d.trusts(at) {
				return at
			}
			i := strings.LastIndexByte(line, ',')
			hop, ok := parseHop(line[i+1:])
			if !ok {
				return at
			}
			at = hop
			line = line[:max(i, 0)]
		}
	}
	return at
}

// peer is the other end of the connection; not valid when that is unknown.
func peer(r *http.Request) netip.Addr {
	port, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return plain(port.Addr())
}

// trusts tells whether a is a trusted reverse proxy.
func (d *Door) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(d.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parseHop reads one address of X-Forwarded-For; some write a port behind it.
func parseHop(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
	if err != nil {
		port, err := netip.ParseAddrPort(s)
		if err != nil {
			return netip.Addr{}, false
		}
		a = port.Addr()
	}
	return plain(a), true
}

// plain is an address in the one form by which it is compared: no zone, and no IPv4
// in IPv6.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
