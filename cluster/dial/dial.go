// Package dial connects to peers by name, also while nobody says what address a name has.
//
// # Contract
//
// A [Dialer] remembers to which address the last connection by a name went. When the name
// cannot be resolved then, since no server answers, or one fails, within a second, it
// connects there. A name of which a server says that it does not exist is believed to be
// gone, and one that has another address now is only looked for there.
//
// Memory: the addresses of 2,048 names and ports; beyond that, some are forgotten.
package dial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	resolveLimit = time.Second // for a name whose last address is known
	maxNames     = 2048
)

// Dialer connects. The zero value does, with no bound of its own on the time. Its methods
// may be called from any goroutine.
type Dialer struct {
	Timeout   time.Duration // of one attempt; 0 is none but the context's
	KeepAlive time.Duration // as that of net.Dialer
	Resolver  *net.Resolver // nil is the system's

	mu   sync.Mutex
	last map[string]string // by HOST:PORT, the address of the last connection
}

// DialContext connects as that of net.Dialer does.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.Timeout)
		defer cancel()
	}
	dialer := net.Dialer{KeepAlive: d.KeepAlive, Resolver: d.Resolver}
	host, _, err := net.SplitHostPort(address)
	if err != nil || net.ParseIP(host) != nil || host == "" {
		return dialer.DialContext(ctx, network, address) // there is no name
	}
	if last := d.lastOf(address); last != "" {
		if unknown := d.unknown(ctx, host); unknown != nil {
			conn, err := dialer.DialContext(ctx, network, last)
			if err != nil {
				return nil, fmt.Errorf("%w; and at %s, where it was last: %w", unknown, last, err)
			}
			return conn, nil
		}
	}
	conn, err := dialer.DialContext(ctx, network, address)
	if err == nil {
		d.remember(address, conn.RemoteAddr().String())
	}
	return conn, err
}

// unknown is why nobody says what address a name has; nil if it has one, or is said to
// have none.
func (d *Dialer) unknown(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, resolveLimit)
	defer cancel()
	_, err := cmp.Or(d.Resolver, net.DefaultResolver).LookupNetIP(ctx, "ip", host)
	var told *net.DNSError
	if errors.As(err, &told) && told.IsNotFound {
		return nil
	}
	return err
}

func (d *Dialer) lastOf(address string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last[address]
}

func (d *Dialer) remember(address, where string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil {
		d.last = make(map[string]string)
	}
	d.last[address] = where
	for any := range d.last {
		if len(d.last) <= maxNames {
			break
		}
		if any != address {
			delete(d.last, any)
		}
	}
}
