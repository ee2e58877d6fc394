package cli

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/pflag"

	"sluice/cluster/discovery"
	"sluice/cluster/discovery/etcd"
	"sluice/cluster/zmtp"
)

// registration is the flags by which a consolidator registers in etcd.
type registration struct {
	set       *pflag.FlagSet
	etcd      etcdFlags
	advertise string
}

func (r *registration) flags(set *pflag.FlagSet) {
	r.set = set
	set.StringSliceVar(&r.etcd.endpoints, "etcd", nil, "register in etcd, at http://HOST:2379 or https://… (several, by commas, are one cluster)")
	set.StringVar(&r.advertise, "advertise", "", "register this endpoint for readers, tcp://HOST:PORT; default: the first of --subscribe that is of tcp")
	r.etcd.flags(set)
}

// unused is an error if a flag was given that means nothing without etcd.
func (r *registration) unused() error {
	if r.set.Changed("advertise") {
		return usagef("--advertise is given, and nothing is registered: give --etcd URL")
	}
	return r.etcd.unused()
}

// endpoint is what is registered of a consolidator that readers reach at some endpoints,
// as they were given.
func (r *registration) endpoint(subscribe []string) (string, error) {
	if r.advertise != "" {
		e, err := zmtp.ParseEndpoint(r.advertise)
		switch {
		case err != nil:
			return "", usagef("--advertise: %w", err)
		case e.Network != "tcp":
			return "", usagef("--advertise %q is of this machine itself: name one of tcp, as in tcp://10.0.0.7:5552", r.advertise)
		}
		return r.advertise, nil
	}
	for _, s := range subscribe {
		e, err := zmtp.ParseListen(s)
		if err != nil || e.Network != "tcp" {
			continue
		}
		host, port, _ := net.SplitHostPort(e.Address)
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			return "", usagef("--subscribe %q is every address of this machine: say with --advertise tcp://HOST:%s by which of them readers reach it", s, cmp.Or(strings.TrimLeft(port, "0"), "PORT"))
		}
		return s, nil
	}
	return "", usagef("no --subscribe is of tcp: readers on other machines cannot reach it: give one, or say with --advertise tcp://HOST:PORT where they can")
}

// claim takes the name of a consolidator in etcd; what it returns keeps it there.
func (r *registration) claim(ctx context.Context, who discovery.Consolidator, instance string, logger *slog.Logger) (*etcd.Registrar, error) {
	cluster, err := r.etcd.cluster(logger)
	if err != nil {
		return nil, err
	}
	registrar, err := cluster.Registrar(who, instance)
	if err != nil {
		return nil, &usageError{err}
	}
	if err := registrar.Claim(ctx); err != nil {
		registrar.Close()
		return nil, err
	}
	return registrar, nil
}
