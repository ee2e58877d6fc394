package zmtp

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// Endpoint is where a ZeroMQ socket is bound: tcp://HOST:PORT or ipc://PATH.
type Endpoint struct {
	Network string // "tcp" or "unix"
	Address string // "HOST:PORT" or the path
}

// ParseEndpoint reads an endpoint that is to be connected to. It names a machine,
// or an address, and a port.
func ParseEndpoint(s string) (Endpoint, error) {
	e, host, port, err := splitEndpoint(s)
	switch {
	case err != nil || e.Network == "unix":
		return e, err
	case host == "" || host == "*":
		return Endpoint{}, fmt.Errorf("endpoint %q names no machine to connect to: write one, as in tcp://127.0.0.1:%s", s, cmp.Or(strings.Trim(port, "*"), "PORT"))
	case port == "*" || port == "0":
		return Endpoint{}, fmt.Errorf("endpoint %q names no port to connect to: write the one that is listened on, as in tcp://%s", s, net.JoinHostPort(host, "5551"))
	}
	return e, nil
}

// ParseListen reads an endpoint that is to be listened on. For tcp the host may
// also be "*" or empty, all interfaces, or the name of a network interface, which
// stands for its first address, of IPv4 if it has one; and the port "*" or 0, a
// free one.
func ParseListen(s string) (Endpoint, error) {
	e, host, port, err := splitEndpoint(s)
	if err != nil || e.Network == "unix" {
		return e, err
	}
	if port == "*" {
		port = "0"
	}
	if host == "*" {
		host = ""
	} else if nic, err := net.InterfaceByName(host); err == nil {
		if host, err = interfaceAddress(nic); err != nil {
			return Endpoint{}, fmt.Errorf("endpoint %q: %w", s, err)
		}
	}
	return Endpoint{"tcp", net.JoinHostPort(host, port)}, nil
}

// maxPath is the longest path of a socket, in bytes; the system wants a NUL after
// it.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// splitEndpoint reads an endpoint as it stands; of tcp also its host and port.
func splitEndpoint(s string) (e Endpoint, host, port string, err error) {
	transport, rest, ok := strings.Cut(s, "://")
	switch {
	case !ok:
		return e, "", "", fmt.Errorf("endpoint %q has no transport: write tcp://HOST:PORT or ipc://PATH", s)
	case transport == "ipc":
		e, err = socketPath(s, rest)
		return e, "", "", err
	case transport != "tcp":
		return e, "", "", fmt.Errorf("endpoint %q: there is no transport %q: write tcp://HOST:PORT or ipc://PATH", s, transport)
	case strings.Contains(rest, ";"):
		return e, "", "", fmt.Errorf("endpoint %q: an address to connect from cannot be chosen: write tcp://HOST:PORT", s)
	}
	host, port, err = net.SplitHostPort(rest)
	switch {
	case err != nil && strings.Count(rest, ":") > 1 && !strings.HasPrefix(rest, "["):
		return e, "", "", fmt.Errorf("endpoint %q: an IPv6 address stands in brackets: write tcp://[ADDRESS]:PORT, as in tcp://[::1]:5551", s)
	case err != nil || port == "":
		return e, "", "", fmt.Errorf("endpoint %q has no port: write tcp://HOST:PORT", s)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil && port != "*" {
		return e, "", "", fmt.Errorf("endpoint %q: %q is no port: write a number of at most 65535, as in tcp://%s", s, port, net.JoinHostPort(host, "5551"))
	}
	return Endpoint{"tcp", net.JoinHostPort(host, port)}, host, port, nil
}

// socketPath is the endpoint of a path.
func socketPath(s, path string) (Endpoint, error) {
	switch {
	case path == "":
		return Endpoint{}, fmt.Errorf("endpoint %q has no path: write ipc:///path/to/socket", s)
	case path == "*":
		return Endpoint{}, fmt.Errorf("endpoint %q: a path is not chosen for you: write one, as in ipc:///run/sluice/publish", s)
	case len(path) > maxPath:
		return Endpoint{}, fmt.Errorf("endpoint %q: the path has %d bytes, and that of a socket has at most %d: write ipc:// with a shorter one, or one from the working directory on", s, len(path), maxPath)
	case strings.Contains(path, "\x00"):
		return Endpoint{}, fmt.Errorf("endpoint %q: there is a NUL in the path: write ipc:///path/to/socket", s)
	}
	return Endpoint{"unix", path}, nil
}

// interfaceAddress is the address of a network interface that is listened on.
func interfaceAddress(nic *net.Interface) (string, error) {
	addrs, err := nic.Addrs()
	if err != nil {
		return "", fmt.Errorf("addresses of the network interface %s: %w", nic.Name, err)
	}
	best := ""
	for _, a := range addrs {
		ip, _, err := net.ParseCIDR(a.String())
		switch {
		case err != nil:
		case ip.To4() != nil:
			return ip.String(), nil
		case best == "" && ip.IsLinkLocalUnicast():
			best = ip.String() + "%" + nic.Name
		case best == "" || strings.Contains(best, "%") && !ip.IsLinkLocalUnicast():
			best = ip.String()
		}
	}
	if best == "" {
		return "", fmt.Errorf("the network interface %s has no address: give it one, or write another", nic.Name)
	}
	return best, nil
}

func (e Endpoint) String() string {
	if e.Network == "unix" {
		return "ipc://" + e.Address
	}
	return "tcp://" + e.Address
}

// Local reports whether only this machine can reach the endpoint: ipc, or a
// loopback address.
func (e Endpoint) Local() bool {
	if e.Network == "unix" {
		return true
	}
	host, _, _ := net.SplitHostPort(e.Address)
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
