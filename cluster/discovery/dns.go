package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultPort is where consolidators serve readers.
const DefaultPort = "5552"

// The times of DNS. What an answer may be kept for, a resolver does not tell. One that has
// several servers may wait five seconds for each; meanwhile others are asked for, so that
// a server that is back is heard of soon.
const (
	dnsEvery   = 5 * time.Second
	dnsSoon    = time.Second      // after what failed, or is not answered
	dnsLate    = 3 * time.Second  // beyond the time of the next question: that there is no answer is said
	dnsTimeout = 15 * time.Second // of one question
	dnsAtOnce  = 16               // questions
)

// dns is a name in the domain name system.
type dns struct {
	given    string
	name     string
	port     string // of addresses; empty: services are asked for first
	resolver *net.Resolver
	every    time.Duration
	soon     time.Duration
	late     time.Duration
	timeout  time.Duration
}

// DNS returns a Finder of the consolidators at NAME[:PORT]. Without a port, these are the
// services _sluice._tcp.NAME (SRV), or, if there are none, the addresses of NAME (A and AAAA) with
// DefaultPort; with one, the addresses alone; NAME may also be that of the services
// itself, as _subscribe._tcp.sluice. It is asked for again every five seconds. An answer
// without any, and a failure, change nothing, and are Trouble; sets are Partial. A nil
// resolver is the system's.
func DNS(name string, resolver *net.Resolver) (Finder, error) {
	d := &dns{given: name, name: name, resolver: cmp.Or(resolver, net.DefaultResolver), every: dnsEvery, soon: dnsSoon, late: dnsLate, timeout: dnsTimeout}
	if host, port, ok := strings.Cut(name, ":"); ok {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("name %.80q: %q is no port: write NAME or NAME:PORT, as in sluice.default.svc:%s", name, port, DefaultPort)
		}
		d.name, d.port = host, port
	}
	switch {
	case d.name == "" || len(d.name) > 254 || strings.ContainsFunc(d.name, notInName):
		return nil, fmt.Errorf("%.80q is no name to ask DNS for: write NAME or NAME:PORT, as in sluice.default.svc:%s", name, DefaultPort)
	case d.isService() && d.port != "":
		return nil, fmt.Errorf("name %.80q: services have ports of their own: leave %q out", name, ":"+d.port)
	}
	return d, nil
}

func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != '-' && r != '.' && r != '_'
}

// isService reports whether the name is that of services.
func (d *dns) isService() bool { return strings.HasPrefix(d.name, "_") }

func (d *dns) Place() Place { return Place{Name: "dns", Address: d.given} }

// Find asks, and asks again and again.
func (d *dns) Find(ctx context.Context, found func(Found)) error {
	ctx, cancel := context.WithCancel(ctx)
	f := &dnsFinding{d: d, found: found, answers: make(chan dnsAnswer), services: d.isService(), heard: time.Now()}
	defer f.asking.Wait()
	defer cancel()
	f.now.Partial = true
	found(f.now)
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case a := <-f.answers:
			f.waiting--
			f.take(a)
		case <-next.C:
			next.Reset(f.turn(ctx))
		}
	}
}

// ask asks once. If there were services before, a failure to get them does not make
// addresses of them.
func (d *dns) ask(ctx context.Context, had bool, known []Consolidator) (list []Consolidator, services bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	// To one resolver the same question is no other one while it is not answered.
	resolver := &net.Resolver{PreferGo: d.resolver.PreferGo, StrictErrors: d.resolver.StrictErrors, Dial: d.resolver.Dial}
	if d.port == "" {
		list, err := d.askServices(ctx, resolver)
		if len(list) > 0 {
			return list, true, nil
		}
		if had {
			return nil, false, cmp.Or(err, errNothing)
		}
	}
	list, err = d.askAddresses(ctx, resolver, known)
	return list, false, err
}

var errNothing = errors.New("the answer names no consolidator")

func (d *dns) askServices(ctx context.Context, resolver *net.Resolver) (list []Consolidator, err error) {
	service, proto := "sluice", "tcp"
	if d.isService() {
		service, proto = "", ""
	}
	_, records, err := resolver.LookupSRV(ctx, service, proto, d.name)
	for _, r := range records { // those that are well-formed come with an error about the others
		target := strings.TrimSuffix(r.Target, ".")
		list = add(list, net.JoinHostPort(target, strconv.Itoa(int(r.Port))))
	}
	return list, err
}

// askAddresses asks for addresses of both kinds. A kind that cannot be had, of which some
// are known, is a failure: the others alone are not the set.
func (d *dns) askAddresses(ctx context.Context, resolver *net.Resolver, known []Consolidator) (list []Consolidator, err error) {
	kinds := []string{"ip4", "ip6"}
	found, errs := make([][]Consolidator, len(kinds)), make([]error, len(kinds))
	var asking sync.WaitGroup
	for i, kind := range kinds {
		asking.Go(func() { found[i], errs[i] = d.askKind(ctx, resolver, kind) })
	}
	asking.Wait()
	for i, kind := range kinds {
		list = append(list, found[i]...)
		failed := errs[i]
		if failed == nil {
			continue
		}
		var told *net.DNSError
		none := errors.As(failed, &told) && told.IsNotFound
		if !none && slices.ContainsFunc(known, func(c Consolidator) bool { return isKind(c, kind) }) {
			return nil, failed
		}
		if err == nil || !none {
			err = failed
		}
	}
	if len(list) > 0 {
		err = nil
	}
	return list, err
}

// askKind asks for addresses of one kind.
func (d *dns) askKind(ctx context.Context, resolver *net.Resolver, kind string) (list []Consolidator, err error) {
	addrs, err := resolver.LookupNetIP(ctx, kind, d.name)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		list = add(list, net.JoinHostPort(a.Unmap().String(), cmp.Or(d.port, DefaultPort)))
	}
	if len(list) == 0 {
		err = errNothing
	}
	return list, err
}

// isKind reports whether a consolidator is at an address of that kind.
func isKind(c Consolidator, kind string) bool {
	return strings.HasPrefix(c.Subscribe, "tcp://[") == (kind == "ip6")
}

// add adds a consolidator at an address, once, if one can be there.
func add(list []Consolidator, address string) []Consolidator {
	c := Consolidator{Subscribe: "tcp://" + address}
	if Check(c) != nil || slices.Contains(list, c) {
		return list
	}
	return append(list, c)
}
