package devenv

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"sluice/archive"
	"sluice/archive/engine"
	"sluice/archive/service"
	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/cluster/publish"
	"sluice/cluster/stream/direct"
	"sluice/internal/relay"
)

// archivePort is where the archive serves readers.
const archivePort = 5554

// archiveServer is the archive of the cluster: of a folder that was named, or in one for
// the time being.
type archiveServer struct {
	*part
	folder string // to be removed; empty if it was named
	log    *slog.Logger
}

// newArchive starts the archive. Its readers reach it through a relay.
func (d *Devenv) newArchive() (*archiveServer, error) {
	to, err := listenRelay(archivePort)
	if err != nil {
		return nil, err
	}
	a := &archiveServer{part: &part{name: "archive", relay: to, doors: []*relay.Relay{to}}, log: d.config.Logger}
	store := d.config.Store
	if store == "" {
		if store, err = os.MkdirTemp("", "sluice-archive-"); err != nil {
			a.stop()
			return nil, err
		}
		a.folder = store
	}
	a.start = func() (*process, error) {
		p, at, err := startPart(d.config.Program, order{
			Store: store, Listen: anyAddress, Publish: d.machines[0].publish, Consolidators: d.SubscribeEndpoints(), Etcd: d.EtcdURL(),
		}, d.config.Log)
		if err != nil {
			return nil, fmt.Errorf("start the archive: %w", err)
		}
		to.Lead(at.Listen)
		return p, nil
	}
	if err := a.mend(); err != nil {
		a.stop()
		return nil, err
	}
	return a, nil
}

// stop ends the archive, and removes its folder unless that was named.
func (a *archiveServer) stop() {
	if a == nil {
		return
	}
	a.part.stop()
	if a.folder == "" {
		return
	}
	if err := os.RemoveAll(a.folder); err != nil {
		a.log.Warn("the folder of the archive is left", "error", err)
	}
}

// archive is the part of the cluster that is the archive. It runs already when it is said
// where it listens.
func (o *order) archive(ctx context.Context, logger *slog.Logger) (at bound, run func(context.Context) error, err error) {
	source, err := o.source(logger)
	if err != nil {
		return at, nil, err
	}
	ready := make(chan struct{})
	s, err := service.New(service.Config{
		Archive: archive.Config{Source: source}, Engine: engine.Config{Store: o.Store, Listen: o.Listen},
		Publish: publish.Config{Endpoint: o.Publish}, Ready: func() { close(ready) }, Logger: logger,
	})
	if err != nil {
		return at, nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case <-ready:
	case err := <-ended:
		return at, nil, err
	}
	return bound{Listen: strings.TrimPrefix(s.Addr(), "nats://")}, func(context.Context) error { return <-ended }, nil
}

// source is where the consolidators are found.
func (o *order) source(logger *slog.Logger) (direct.Config, error) {
	if o.Etcd == "" {
		return direct.Config{Consolidators: o.Consolidators, Logger: logger}, nil
	}
	cluster, err := etcd.New(etcd.Config{Endpoints: []string{o.Etcd}, Logger: logger})
	if err != nil {
		return direct.Config{}, err
	}
	return direct.Config{Finder: discovery.Shared(cluster), Logger: logger}, nil
}
