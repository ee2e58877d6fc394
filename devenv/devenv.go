package devenv

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// The usual ports; those of machine i count from 0.
const proxyPort = 5580

func publishPort(i int) int   { return 5551 + 10*i }
func subscribePort(i int) int { return 5552 + 10*i }
func adminPort(i int) int     { return 5553 + 10*i }

// Devenv is a cluster on this machine: its parts are processes.
type Devenv struct {
	config   Config
	machines []*machine
	proxy    *part
	archive  *archiveServer
	etcd     *etcdServer // nil without
	streams  []string
}

// New checks the configuration, and starts the parts. Run must follow, which ends them.
func New(config Config) (*Devenv, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	d := &Devenv{config: config, machines: make([]*machine, config.Consolidators), streams: config.streams()}
	if config.Etcd {
		var err error
		if d.etcd, err = startEtcd(config.Logger.With("component", "etcd")); err != nil {
			return nil, fmt.Errorf("run etcd: %w", err)
		}
	}
	errs := make([]error, len(d.machines))
	var starting sync.WaitGroup
	for i := range d.machines {
		starting.Go(func() {
			d.machines[i], errs[i] = d.newMachine("vm-"+strconv.Itoa(i+1), publishPort(i), subscribePort(i), adminPort(i))
		})
	}
	starting.Wait()
	err := errors.Join(errs...)
	if err == nil {
		d.archive, err = d.newArchive()
	}
	if err == nil {
		d.proxy, err = d.newProxy()
	}
	if err != nil {
		d.release()
		return nil, err
	}
	return d, nil
}

// release ends the parts.
func (d *Devenv) release() {
	if d.proxy != nil {
		d.proxy.stop() // first, so that it takes no end of ours for an outage
	}
	d.archive.stop()
	var ending sync.WaitGroup
	for _, m := range d.machines {
		if m != nil {
			ending.Go(m.stop)
		}
	}
	ending.Wait()
	d.etcd.stop()
}

// Run publishes, and shows the client, until ctx ends, the client is left, or publishing
// fails. It is called once.
func (d *Devenv) Run(ctx context.Context) error {
	defer d.release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	var running sync.WaitGroup
	failed := make(chan error, len(d.machines)*len(d.streams)) // the first one counts
	now := time.Now()
	for _, m := range d.machines {
		for _, s := range d.streams {
			p := &publisher{
				endpoint: m.publish,
				stream:   s,
				records:  newGenerator(d.config.Seed, m.name, s),
				pace:     newPace(d.config.Rate/float64(len(d.machines)), d.config.Seed, m.name, s, now),
			}
			running.Go(func() {
				if err := p.run(ctx); err != nil {
					failed <- err
					cancel()
				}
			})
		}
	}

	d.config.Logger.Info("cluster ready", "proxy", d.ProxyURL(), "archive", d.ArchiveURL(), "publish", d.PublishEndpoints(), "subscribe", d.SubscribeEndpoints(), "admin", d.AdminAddrs())
	var err error
	if d.config.Headless {
		d.print()
		d.watch(ctx)
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

// watch logs which parts end by themselves, or are ended by others, until ctx ends.
func (d *Devenv) watch(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	told := make(map[string]time.Time)
	for {
		for _, p := range d.Parts() {
			if p.Fault == Ended && told[p.Name] != p.Since {
				told[p.Name] = p.Since
				d.config.Logger.Warn("a part of the cluster has ended", "part", p.Name, "said", p.Why)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// all are the parts, in the order in which they are shown.
func (d *Devenv) all() (parts []*part) {
	for _, m := range d.machines {
		parts = append(parts, m.part)
	}
	parts = append(parts, d.proxy, d.archive.part)
	if d.etcd != nil {
		parts = append(parts, d.etcd.part)
	}
	return parts
}

// Parts are the parts of the cluster, as they stand: the machines, the proxy, the archive, etcd.
func (d *Devenv) Parts() (parts []Part) {
	for _, p := range d.all() {
		parts = append(parts, p.state())
	}
	return parts
}

// Break breaks a part in a way; Mend brings it back.
func (d *Devenv) Break(name string, f Fault) error {
	return d.do(name, "break", func(p *part) error { return p.broken(f) })
}

// Mend brings a part back, whatever is wrong with it: it begins again where it was.
func (d *Devenv) Mend(name string) error { return d.do(name, "bring back", (*part).mend) }

func (d *Devenv) do(name, what string, f func(*part) error) error {
	for _, p := range d.all() {
		if p.name != name {
			continue
		}
		if err := f(p); err != nil {
			return fmt.Errorf("%s %s: %w", what, name, err)
		}
		s := p.state()
		d.config.Logger.Info("a part of the cluster", "part", name, "state", s.Fault.String(), "pid", s.PID)
		return nil
	}
	return fmt.Errorf("%s %q: there is no such part", what, name)
}

// ProxyURL is where the proxy listens.
func (d *Devenv) ProxyURL() string { return "http://" + d.proxy.relay.Addr() }

// ArchiveURL is where the archive is.
func (d *Devenv) ArchiveURL() string { return "nats://" + d.archive.relay.Addr() }

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
