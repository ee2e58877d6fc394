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

// machine is one machine of the cluster: a consolidator, in a process of its own. All
// that it has at the outside are relays, so that nobody takes its ports while it does
// not run.
type machine struct {
	*part
	publish   string // endpoint
	subscribe string
	admin     string // HTTP address, HOST:PORT
}

// newMachine starts the consolidator of a machine at the wanted ports, or at free ones
// where those are busy.
func (d *Devenv) newMachine(name string, publish, subscribe, admin int) (_ *machine, err error) {
	p := &part{name: name}
	var relays [3]*relay.Relay
	for i, port := range [...]int{publish, subscribe, admin} {
		if relays[i], err = listenRelay(port); err != nil {
			p.stop()
			return nil, err
		}
		p.doors = append(p.doors, relays[i])
	}
	p.relay = relays[1]
	m := &machine{part: p, publish: "tcp://" + relays[0].Addr(), subscribe: "tcp://" + relays[1].Addr(), admin: relays[2].Addr()}
	p.start = func() (*process, error) {
		now, at, err := startPart(d.config.Program, order{
			Name: name, Publish: anyPort, Subscribe: anyPort, Public: m.subscribe, Admin: anyAddress, Etcd: d.EtcdURL(),
		}, d.config.Log)
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
		relays[0].Lead(strings.TrimPrefix(at.Publish, "tcp://"))
		relays[1].Lead(strings.TrimPrefix(at.Subscribe, "tcp://"))
		relays[2].Lead(at.Admin)
		return now, nil
	}
	if err := m.mend(); err != nil {
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
	p := &part{name: "proxy", relay: to, doors: []*relay.Relay{to}, start: func() (*process, error) {
		p, at, err := startPart(d.config.Program, order{Listen: anyAddress, Archive: d.ArchiveURL(), Consolidators: d.SubscribeEndpoints(), Etcd: d.EtcdURL()}, d.config.Log)
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
		r, err = relay.Listen(anyAddress, "")
	}
	return r, err
}

// Any free port of this machine.
const (
	anyAddress = "127.0.0.1:0"
	anyPort    = "tcp://" + anyAddress
)

// address is the wanted port of this machine, or a free one when it is busy.
func address(port int) string {
	wanted := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	l, err := net.Listen("tcp", wanted)
	if err != nil {
		return anyAddress
	}
	l.Close()
	return wanted
}
