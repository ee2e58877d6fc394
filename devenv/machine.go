package devenv

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"

	"sluice/cluster/discovery"
	"sluice/cluster/rescue"
	"sluice/consolidator"
)

// grace is how long a consolidator that is being stopped reads from publishers
// that go on publishing.
const grace = 300 * time.Millisecond

// machine is one machine of the cluster: a consolidator that can be stopped
// and started again. Its run owns all of its state.
type machine struct {
	config consolidator.Config
	first  *consolidator.Consolidator // bound already, so that its endpoints are known
	toggle chan chan<- toggled
	etcd   *etcdServer // in which it registers; nil if it does not

	publish   string // endpoint, real port
	subscribe string
	admin     string // HTTP address, HOST:PORT
}

// toggled answers a toggle.
type toggled struct {
	running bool
	err     error
}

// newMachine binds the consolidator of a machine to the wanted ports, or to
// free ones where those are busy.
func newMachine(config consolidator.Config, publish, subscribe, admin int) (*machine, error) {
	config.Grace = grace
	config.Publish = []string{endpoint(publish)}
	config.Subscribe = []string{endpoint(subscribe)}
	config.Admin = address(admin)
	c, err := consolidator.New(config)
	if errors.Is(err, syscall.EADDRINUSE) { // taken since it was tried
		config.Publish, config.Subscribe, config.Admin = []string{endpoint(0)}, []string{endpoint(0)}, address(0)
		c, err = consolidator.New(config)
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", config.Name, err)
	}
	m := &machine{
		config:    config,
		first:     c,
		toggle:    make(chan chan<- toggled),
		publish:   c.PublishAddrs()[0],
		subscribe: c.SubscribeAddrs()[0],
		admin:     c.AdminAddr(),
	}
	// It comes back where it was.
	m.config.Publish, m.config.Subscribe, m.config.Admin = []string{m.publish}, []string{m.subscribe}, m.admin
	return m, nil
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

// live runs one life of the consolidator, registered.
func (m *machine) live(ctx context.Context, c *consolidator.Consolidator) error {
	if m.etcd == nil {
		return c.Run(ctx)
	}
	registrar, err := m.etcd.cluster.Registrar(discovery.Consolidator{Name: c.Name(), Subscribe: m.subscribe, Key: c.PublicKey()}, c.Instance())
	if err == nil {
		err = registrar.Claim(ctx)
	}
	if err != nil {
		c.Close()
		return err
	}
	return rescue.Beside(ctx, "register in etcd", registrar.Run, c.Run)
}

// run runs the consolidator until ctx ends, and stops and starts it when it is
// asked to.
func (m *machine) run(ctx context.Context) error {
	for c := m.first; ; {
		life, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- m.live(life, c) }()
		select {
		case err := <-ended:
			stop()
			if err != nil {
				return fmt.Errorf("run %s: %w", m.config.Name, err)
			}
			return nil
		case answer := <-m.toggle:
			stop()
			err := <-ended
			answer <- toggled{running: false, err: err}
		}
		for c = nil; c == nil; {
			select {
			case <-ctx.Done():
				return nil
			case answer := <-m.toggle:
				var err error
				c, err = consolidator.New(m.config)
				answer <- toggled{running: err == nil, err: err}
			}
		}
	}
}
