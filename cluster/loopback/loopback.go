// Package loopback tells which requests were sent to this machine by a name that is
// its own alone. Servers without a password answer no others: a page that has its own
// name point to this machine (DNS rebinding) would read what only this machine's users
// may.
package loopback

import (
	"net"
	"net/netip"
	"strings"
)

// Host tells whether the Host of a request, with a port or without, is a name or an
// address of this machine alone: localhost and what is below it (RFC 6761, section
// 6.3), 127.0.0.0/8, ::1.
func Host(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && addr.Unmap().IsLoopback()
}
