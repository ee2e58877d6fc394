package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/internal/relay"
)

// registry is the etcd in which the consolidators of a world register, and where its
// readers find them. Both reach it through relays, so that each can be cut off.
type registry struct {
	members           []*server
	machines, readers []*relay.Relay // the ways there; one a member each
	dir               string
	lives             int // data folders that the members have had
}

// register has the consolidators of a world register in an etcd of so many members, and
// the proxy and the direct readers find them there. What is no sluice reader reads over
// sockets of the machines: it cannot be told of another address.
func register(w *world, members int) error {
	r := &registry{dir: w.dir}
	var peers, all []string
	for i := range members {
		client, err := freePort()
		if err != nil {
			return err
		}
		peer, err := freePort()
		if err != nil {
			return err
		}
		name := fmt.Sprintf("etcd-%d", i+1)
		s := newServer(w.o, w.dir, name, client,
			"--name", name, "--data-dir", r.folder(name),
			"--listen-client-urls", "http://"+client, "--advertise-client-urls", "http://"+client,
			"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer)
		s.binary = "etcd"
		r.members, peers = append(r.members, s), append(peers, peer)
		all = append(all, name+"=http://"+peer)
		for _, ways := range []*[]*relay.Relay{&r.machines, &r.readers} {
			way, err := relay.Open(client)
			if err != nil {
				return err
			}
			*ways = append(*ways, way)
		}
	}
	for _, s := range r.members {
		s.args = append(s.args, "--initial-cluster", strings.Join(all, ","), "--initial-cluster-token", peers[0])
	}
	w.registry = r
	advertise(w)
	for _, m := range w.machines {
		m.args = append(m.args, "--etcd", urls(r.machines))
		if err := administer(m.server); err != nil {
			return err
		}
	}
	if err := administer(w.proxy); err != nil {
		return err
	}
	onMachines(w)
	w.finder = r.finder
	find(w, "--etcd", urls(r.readers), "--discovery-cache", filepath.Join(w.dir, "kept"))
	return nil
}

// finder finds the consolidators, as readers do.
func (r *registry) finder() (discovery.Finder, error) {
	return etcd.New(etcd.Config{Endpoints: strings.Split(urls(r.readers), ",")})
}

// urls are those of the ways, as flags have them.
func urls(ways []*relay.Relay) string {
	var all []string
	for _, way := range ways {
		all = append(all, "http://"+way.Addr())
	}
	return strings.Join(all, ",")
}

func (r *registry) folder(name string) string {
	return filepath.Join(r.dir, fmt.Sprintf("%s-%d", name, r.lives))
}

// start runs all members, and waits until they answer.
func (r *registry) start(ctx context.Context) error {
	for _, s := range r.members {
		if err := s.start(ctx); err != nil {
			return err
		}
	}
	return r.ready(ctx)
}

// ready waits until all members answer.
func (r *registry) ready(ctx context.Context) error {
	for _, s := range r.members {
		if err := s.await(ctx, "http://"+s.listen+"/health", func(text string) bool { return strings.Contains(text, "true") }); err != nil {
			return err
		}
	}
	return nil
}

// kill ends members at once.
func (r *registry) kill(members ...*server) error {
	for _, s := range members {
		if err := s.stop(true); err != nil {
			return err
		}
	}
	return nil
}

// forget has the members, which do not run, know nothing when they are started.
func (r *registry) forget() {
	old := make(map[string]string)
	for _, s := range r.members {
		old[s.name] = r.folder(s.name)
	}
	r.lives++
	for _, s := range r.members {
		for i, a := range s.args {
			if a == old[s.name] {
				s.args[i] = r.folder(s.name)
			}
		}
	}
}

// end ends all.
func (r *registry) end() {
	for _, ways := range [][]*relay.Relay{r.machines, r.readers} {
		for _, way := range ways {
			way.Close()
		}
	}
	_ = r.kill(r.members...) // no order is kept: it is over
}

// cut cuts the ways, or heals them: nothing passes, and nobody is told.
func cut(ways []*relay.Relay, yes bool) {
	for _, way := range ways {
		way.Hold(yes)
	}
}

// registered waits until every consolidator is registered where it is, somebody who looks
// now finds them all, and so does the proxy.
func registered(ctx context.Context, w *world) error {
	for _, m := range w.machines {
		if err := m.figure(ctx, "sluice_consolidator_registered 1"); err != nil {
			return err
		}
	}
	if err := w.proxy.figure(ctx, "sluice_proxy_consolidators_found 1"); err != nil {
		return err
	}
	finder, err := w.finder()
	if err != nil {
		return err
	}
	look, enough := context.WithTimeout(ctx, patience)
	defer enough()
	all := false
	err = finder.Find(look, func(f discovery.Found) {
		all = f.Trouble == ""
		for _, m := range w.machines {
			all = all && slices.Contains(f.Consolidators, discovery.Consolidator{Name: m.name, Subscribe: "tcp://" + m.listen})
		}
		if all {
			enough()
		}
	})
	if err == nil && !all {
		err = unlessOver(ctx, &violation{who: "etcd", err: fmt.Errorf("not all consolidators are found within %v", patience)})
	}
	return err
}
