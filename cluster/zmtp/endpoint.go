package zmtp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// Endpoint is where a ZeroMQ socket is bound: tcp://HOST:PORT or ipc://PATH.
type Endpoint struct {
	Network string // "tcp" or "unix"
	Address string // "HOST:PORT" or the path
}

// ParseEndpoint reads an endpoint. For tcp the host may be "*", all
// interfaces, and the port 0, a free one, where the endpoint is listened on.
func ParseEndpoint(s string) (Endpoint, error) {
	if path, ok := strings.CutPrefix(s, "ipc://"); ok {
		if path == "" {
			return Endpoint{}, fmt.Errorf("endpoint %q has no path: write ipc:///path/to/socket", s)
		}
		return Endpoint{"unix", path}, nil
	}
	addr, ok := strings.CutPrefix(s, "tcp://")
	if !ok {
		return Endpoint{}, fmt.Errorf("endpoint %q: write tcp://HOST:PORT or ipc://PATH", s)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		return Endpoint{}, fmt.Errorf("endpoint %q has no port: write tcp://HOST:PORT", s)
	}
	if host == "*" {
		host = ""
	}
	return Endpoint{"tcp", net.JoinHostPort(host, port)}, nil
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
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Listen binds an endpoint. A socket file that a dead process left behind is
// replaced; one that somebody listens on is not.
func Listen(e Endpoint) (net.Listener, error) {
	ln, err := net.Listen(e.Network, e.Address)
	if err != nil && e.Network == "unix" && errors.Is(err, syscall.EADDRINUSE) && deadSocket(e.Address) {
		_ = os.Remove(e.Address)
		ln, err = net.Listen(e.Network, e.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", e, err)
	}
	return ln, nil
}

func deadSocket(path string) bool {
	fi, err := os.Stat(path)
	if err != nil || fi.Mode()&fs.ModeSocket == 0 {
		return false
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// Bound is the endpoint that a listener really has.
func Bound(ln net.Listener) Endpoint {
	return Endpoint{ln.Addr().Network(), ln.Addr().String()}
}

// Dial connects to an endpoint and does the handshake.
func Dial(ctx context.Context, e Endpoint, cfg Config) (*Conn, error) {
	d := net.Dialer{Timeout: cfg.timeout()}
	nc, err := d.DialContext(ctx, e.Network, e.Address)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", e, err)
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	c, err := Handshake(nc, cfg)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", e, err)
	}
	return c, nil
}
