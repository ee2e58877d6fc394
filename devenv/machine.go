package devenv

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"

	"sluice/internal/relay"
)

// machine is one machine of the cluster: a consolidator, in a process of its own.
type machine struct {
	*part
	publish   string // endpoint, real port
	subscribe string // the relay's
	admin     string // HTTP address, HOST:PORT
}

// newMachine starts the consolidator of a machine at the wanted ports, or at free ones
// where those are busy. Its readers reach it through a relay.
func (d *Devenv) newMachine(name string, publish, subscribe, admin int) (*machine, error) {
	to, err := listenRelay(subscribe)
	if err != nil {
		return nil, err
	}
	m := &machine{publish: endpoint(publish), subscribe: "tcp://" + to.Addr(), admin: address(admin)}
	m.part = &part{name: name, relay: to, start: func() (*process, error) {
		p, at, err := startPart(d.config.Program, order{
			Name: name, Publish: m.publish, Subscribe: endpoint(0), Public: m.subscribe, Admin: m.admin, Etcd: d.EtcdURL(),
		}, d.config.Log)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
		if m.publish != at.Publish || m.admin != at.Admin { // the first time: it comes back where it was
			m.publish, m.admin = at.Publish, at.Admin
		}
		to.Lead(strings.TrimPrefix(at.Subscribe, "tcp://"))
		return p, nil
	}}
	err = m.mend()
	if err != nil && strings.Contains(err.Error(), syscall.EADDRINUSE.Error()) { // taken since it was tried
		m.publish, m.admin = endpoint(0), address(0)
		err = m.mend()
	}
	if err != nil {
		m.stop()
		return nil, err
	}
	return m, nil
}

// newProxy starts the proxy. Its clients reach it through a relay.
func (d *Devenv) newProxy() (*part, error) {
	to, err := listenRelay(proxyPort)
	if err != nil {
		return nil, err
	}
	p := &part{name: "proxy", relay: to, start: func() (*process, error) {
		p, at, err := startPart(d.config.Program, order{Listen: address(0), Consolidators: d.SubscribeEndpoints(), Etcd: d.EtcdURL()}, d.config.Log)
		if err != nil {
			return nil, fmt.Errorf("start the proxy: %w", err)
		}
		to.Lead(at.Listen)
		return p, nil
	}}
	if err := p.mend(); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// listenRelay returns a relay at a port, or at a free one if that is busy. It leads
// nowhere yet.
func listenRelay(port int) (*relay.Relay, error) {
	r, err := relay.Listen(address(port), "")
	if errors.Is(err, syscall.EADDRINUSE) { // taken since it was tried
		r, err = relay.Listen(address(0), "")
	}
	return r, err
}

// endpoint is the wanted port of this machine, or a free one when it is busy.
func endpoint(port int) string { return "tcp://" + address(port) }

// address is endpoint without its scheme.
func address(port int) string {
	wanted := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	l, err := net.Listen("tcp", wanted)
	if err != nil {
		return "127.0.0.1:0"
	}
	l.Close()
	return wanted
}
