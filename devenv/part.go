package devenv

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"sluice/archive/engine"
	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/cluster/rescue"
	"sluice/cluster/stream/direct"
	"sluice/consolidator"
	"sluice/proxy"
)

// grace is how long a consolidator that is being stopped reads from publishers
// that go on publishing.
const grace = 300 * time.Millisecond

// order is what a part of the cluster is to be: a line of JSON on its standard input.
type order struct {
	// A consolidator, when Name is set: its endpoints, and the one at which its readers
	// find it.
	Name                       string
	Publish, Subscribe, Public string

	// An archive, when Store is set: its folder, its address, and the consolidators. It
	// publishes its state to Publish.
	Store string

	// Otherwise a proxy: its address, the archive, and the consolidators, unless etcd has
	// them.
	Listen        string
	Archive       string
	Consolidators []string

	Admin string // HTTP address; empty serves none
	Etcd  string // its URL; empty without
}

// bound is the answer, a line of JSON on the standard output: where the part listens.
type bound struct{ Publish, Subscribe, Listen, Admin string }

// RunPart is one part of a cluster, in a process of its own, that [Devenv.Run] has
// started: what it is stands on in, where it listens it says on out. It ends when ctx
// does, or in, with who has started it.
//
// reads makes of an archive what a proxy reads; nil gives the proxy none.
func RunPart(ctx context.Context, in io.Reader, out io.Writer, reads func(*engine.Client) proxy.History, logger *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := bufio.NewReader(in)
	line, err := lines.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read what to be: this command is for devenv, which starts it: %w", err)
	}
	var o order
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("read what to be: %w", err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		cancel()
	}()
	var at bound
	var run func(context.Context) error
	switch {
	case o.Name != "":
		at, run, err = o.consolidator(logger.With("machine", o.Name))
	case o.Store != "":
		at, run, err = o.archive(ctx, logger.With("component", "archive"))
	default:
		at, run, err = o.proxy(reads, logger.With("component", "proxy"))
	}
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(at); err != nil {
		return err
	}
	return run(ctx)
}

func (o *order) consolidator(logger *slog.Logger) (at bound, run func(context.Context) error, err error) {
	c, err := consolidator.New(consolidator.Config{
		Name: o.Name, Publish: []string{o.Publish}, Subscribe: []string{o.Subscribe}, Admin: o.Admin,
		Grace: grace, Logger: logger,
	})
	if err != nil {
		return at, nil, err
	}
	at = bound{Publish: c.PublishAddrs()[0], Subscribe: c.SubscribeAddrs()[0], Admin: c.AdminAddr()}
	if o.Etcd == "" {
		return at, c.Run, nil
	}
	cluster, err := etcd.New(etcd.Config{Endpoints: []string{o.Etcd}, Logger: logger})
	if err != nil {
		c.Close()
		return at, nil, err
	}
	return at, func(ctx context.Context) error {
		registrar, err := cluster.Registrar(discovery.Consolidator{Name: o.Name, Subscribe: o.Public, Key: c.PublicKey()}, c.Instance())
		if err == nil {
			err = registrar.Claim(ctx)
		}
		if err != nil {
			c.Close()
			return err
		}
		return rescue.Beside(ctx, "register in etcd", registrar.Run, c.Run)
	}, nil
}

func (o *order) proxy(reads func(*engine.Client) proxy.History, logger *slog.Logger) (at bound, run func(context.Context) error, err error) {
	from, err := o.source(logger)
	if err != nil {
		return at, nil, err
	}
	var past proxy.History
	if reads != nil && o.Archive != "" {
		client, err := engine.Dial(engine.DialConfig{URLs: []string{o.Archive}, Log: logger})
		if err != nil {
			return at, nil, err
		}
		past = reads(client) // as long as the process
	}
	p, err := proxy.New(proxy.Config{
		Listen: o.Listen, Admin: o.Admin, Logger: logger, History: past,
		Open: func(mergeWait time.Duration) (proxy.Source, error) {
			from := from
			from.MergeWait = mergeWait
			source, err := direct.New(from)
			if err != nil {
				return nil, err
			}
			return source, nil
		},
	})
	if err != nil {
		return at, nil, err
	}
	return bound{Listen: p.Addr(), Admin: p.AdminAddr()}, p.Run, nil
}

// errNoAnswer means a part that ended before it said where it listens.
var errNoAnswer = errors.New("it has ended before it listened")
