package devenv

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"syscall"
	"time"

	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/proxy"
)

// The usual ports; those of machine i count from 0.
const proxyPort = 5580

func publishPort(i int) int   { return 5551 + 10*i }
func subscribePort(i int) int { return 5552 + 10*i }
func adminPort(i int) int     { return 5553 + 10*i }

// Devenv is a cluster on this machine.
type Devenv struct {
	config   Config
	machines []*machine
	proxy    *proxy.Proxy
	etcd     *etcdServer   // nil without
	ended    chan struct{} // closed when Run returns
}

// New checks the configuration and binds all addresses.
func New(config Config) (*Devenv, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	d := &Devenv{config: config, ended: make(chan struct{})}
	if config.Etcd {
		var err error
		if d.etcd, err = startEtcd(config.Logger.With("component", "etcd")); err != nil {
			return nil, fmt.Errorf("run etcd: %w", err)
		}
	}
	var subscribe []string
	for i := range config.Consolidators {
		name := "vm-" + strconv.Itoa(i+1)
		m, err := newMachine(consolidator.Config{
			Name:   name,
			Logger: config.Logger.With("machine", name),
		}, publishPort(i), subscribePort(i), adminPort(i))
		if err != nil {
			d.release()
			return nil, err
		}
		m.etcd = d.etcd
		d.machines = append(d.machines, m)
		subscribe = append(subscribe, m.subscribe)
	}
	err := d.newProxy(address(proxyPort), subscribe)
	if errors.Is(err, syscall.EADDRINUSE) { // taken since it was tried
		err = d.newProxy("127.0.0.1:0", subscribe)
	}
	if err != nil {
		d.release()
		return nil, fmt.Errorf("start the proxy: %w", err)
	}
	return d, nil
}

func (d *Devenv) newProxy(listen string, consolidators []string) (err error) {
	logger := d.config.Logger.With("component", "proxy")
	from := direct.Config{Consolidators: consolidators, Logger: logger}
	if d.etcd != nil {
		from = direct.Config{Finder: d.etcd.finder, Logger: logger}
	}
	d.proxy, err = proxy.New(proxy.Config{
		Listen: listen,
		Open: func(mergeWait time.Duration) (proxy.Source, error) {
			from := from
			from.MergeWait = mergeWait
			source, err := direct.New(from)
			if err != nil {
				return nil, err
			}
			return source, nil
		},
		Logger: logger,
	})
	return err
}

// release lets go of what New bound.
func (d *Devenv) release() {
	for _, m := range d.machines {
		m.first.Close()
	}
	d.etcd.stop()
}

// Run runs the cluster until ctx ends, the client is left, or something in it
// fails. It is called once.
func (d *Devenv) Run(ctx context.Context) error {
	defer close(d.ended)
	defer d.etcd.stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	var running sync.WaitGroup
	failed := make(chan error, len(d.machines)*(1+len(d.config.streams()))+2) // the first one counts
	start := func(run func(context.Context) error) {
		running.Go(func() {
			if err := run(ctx); err != nil {
				failed <- err
			}
			cancel()
		})
	}
	for _, m := range d.machines {
		start(m.run)
	}
	if d.etcd != nil {
		start(d.etcd.watch)
	}
	start(d.proxy.Run)
	d.config.Logger.Info("proxy ready", "component", "proxy", "listen", d.proxy.Addr())
	now := time.Now()
	for _, m := range d.machines {
		for _, s := range d.config.streams() {
			p := &publisher{
				endpoint: m.publish,
				stream:   s,
				records:  newGenerator(d.config.Seed, m.config.Name, s),
				pace:     newPace(d.config.Rate/float64(len(d.machines)), d.config.Seed, m.config.Name, s, now),
			}
			start(p.run)
		}
	}

	var err error
	if d.config.Headless {
		d.print()
		<-ctx.Done()
	} else {
		for _, text := range d.moved() { // above the client, so that it is there when that is left
			fmt.Fprintln(d.config.Output, text)
		}
		err = d.show(ctx)
	}
	cancel()
	running.Wait()
	select {
	case failure := <-failed:
		return failure
	default:
		return err
	}
}

// Toggle stops a machine's consolidator, or starts it again, and reports
// whether it runs now. Run must be running.
func (d *Devenv) Toggle(name string) (running bool, err error) {
	for _, m := range d.machines {
		if m.config.Name != name {
			continue
		}
		answer := make(chan toggled, 1)
		select {
		case m.toggle <- answer:
			t := <-answer
			return t.running, t.err
		case <-d.ended:
			return false, fmt.Errorf("stop or start %q: the cluster has ended", name)
		}
	}
	return false, fmt.Errorf("stop or start %q: there is no such machine", name)
}

// ProxyURL is where the proxy listens.
func (d *Devenv) ProxyURL() string { return "http://" + d.proxy.Addr() }

// EtcdURL is where etcd is, with Config.Etcd; otherwise it is empty.
func (d *Devenv) EtcdURL() string {
	if d.etcd == nil {
		return ""
	}
	return d.etcd.url
}

// PublishEndpoints are the machines' publish endpoints, vm-1's first.
func (d *Devenv) PublishEndpoints() []string {
	var endpoints []string
	for _, m := range d.machines {
		endpoints = append(endpoints, m.publish)
	}
	return endpoints
}

// SubscribeEndpoints are the machines' subscribe endpoints, vm-1's first.
func (d *Devenv) SubscribeEndpoints() []string {
	var endpoints []string
	for _, m := range d.machines {
		endpoints = append(endpoints, m.subscribe)
	}
	return endpoints
}

// AdminAddrs are the HTTP addresses of the machines' metrics and health, vm-1's
// first.
func (d *Devenv) AdminAddrs() []string {
	var addrs []string
	for _, m := range d.machines {
		addrs = append(addrs, m.admin)
	}
	return addrs
}
