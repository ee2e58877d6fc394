package zmtp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"sluice/cluster/dial"
)

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

// ConnectTimeout is how long an address may take to answer at all. It is short, since
// where packets vanish the next attempt is the first that finds the network whole.
const ConnectTimeout = 2 * time.Second

// Dial connects to an endpoint and does the handshake. An address that does not answer
// within ConnectTimeout, or the handshake's time if that is shorter, is an error; a name,
// which has to be found first, and may have several addresses, has the handshake's time.
func Dial(ctx context.Context, e Endpoint, cfg Config) (*Conn, error) {
	limit := cfg.timeout()
	if _, err := netip.ParseAddrPort(e.Address); err == nil {
		limit = min(limit, ConnectTimeout)
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	nc, err := cmp.Or(cfg.Dialer, new(dial.Dialer)).DialContext(within, e.Network, e.Address)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", e, ofInterface(e, err))
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	c, err := Handshake(nc, cfg)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", e, err)
	}
	return c, nil
}

// ofInterface explains an error of dialling, if what should be the name of a machine
// is that of a network interface.
func ofInterface(e Endpoint, err error) error {
	var lookup *net.DNSError
	host, port, _ := net.SplitHostPort(e.Address)
	if !errors.As(err, &lookup) {
		return err
	}
	nic, _ := net.InterfaceByName(host)
	if nic == nil {
		return err
	}
	addr, bad := interfaceAddress(nic)
	if bad != nil {
		return err
	}
	return fmt.Errorf("%s is a network interface, which can only be listened on: connect to an address, as in tcp://%s (%w)", host, net.JoinHostPort(addr, port), err)
}
