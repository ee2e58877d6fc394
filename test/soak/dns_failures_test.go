package main

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sluice/cluster/discovery"
	"sluice/internal/testdns"
	"sluice/internal/volume"
)

// The names of the cluster, and of its machines, to which services lead.
const (
	clusterName = "sluice.test."
	machineName = ".sluice.test."
)

// Whatever DNS answers, or does not, costs nobody a record that reads already.
func TestDNSFailures(t *testing.T) {
	volume.Long(t)
	code := func(code dnsmessage.RCode) func(*testdns.Answers) {
		return func(a *testdns.Answers) { a.RCode = code }
	}
	empty := func(a *testdns.Answers) { a.A, a.SRV = nil, nil }
	silent := func(a *testdns.Answers) { a.Silent = true }
	for _, f := range []struct {
		failure
		services bool
		wrong    func(*testdns.Answers)
		happen   func(ctx context.Context, w *world) (time.Time, error) // meanwhile; may be nil
	}{
		{failure: failure{name: "NXDOMAIN", well: true}, wrong: code(dnsmessage.RCodeNameError)},
		{failure: failure{name: "SERVFAIL", well: true}, wrong: code(dnsmessage.RCodeServerFailure)},
		{failure: failure{name: "an empty answer", well: true}, wrong: empty},
		{failure: failure{name: "no answer", well: true}, wrong: silent},
		{failure: failure{name: "another one each time", well: true}, wrong: func(a *testdns.Answers) { a.Some = 1 }},
		{failure: failure{name: "no answer about services", well: true}, services: true, wrong: silent},
		{failure: failure{name: "consolidator killed and started while addresses do not exist"}, wrong: code(dnsmessage.RCodeNameError), happen: restarts(true)},
		{failure: failure{name: "consolidator killed and started while services are not answered"}, services: true, wrong: silent, happen: restarts(true)},
		{failure: failure{name: "consolidator killed, elsewhere, while services fail"}, services: true, wrong: code(dnsmessage.RCodeServerFailure), happen: recycles(true)},
		{failure: failure{name: "proxy killed, started while there is no answer", well: true, proxy: true}, wrong: silent, happen: restartsProxy},
	} {
		t.Run(f.name, func(t *testing.T) {
			f.phase = 500 * time.Millisecond
			var right testdns.Answers
			var s *testdns.Server
			f.prepare = func(t *testing.T, w *world) { s = inDNS(t, w, f.services) }
			f.failure.happen = func(ctx context.Context, w *world) (time.Time, error) {
				s.Set(func(a *testdns.Answers) {
					right = *a
					f.wrong(a)
				})
				asked := s.Asked(clusterName) + s.Asked("_sluice._tcp."+clusterName)
				if err := until(ctx, "DNS is asked again by all", func() bool {
					return s.Asked(clusterName)+s.Asked("_sluice._tcp."+clusterName) >= asked+20
				}); err != nil {
					return time.Time{}, err
				}
				if f.name != "another one each time" {
					if err := missed(ctx, w); err != nil {
						return time.Time{}, err
					}
				}
				if f.happen == nil {
					return time.Now(), nil
				}
				return f.happen(ctx, w)
			}
			f.later = func(context.Context, *world) (time.Time, error) {
				s.Set(func(a *testdns.Answers) { *a = right })
				return time.Now(), nil
			}
			f.again = func(ctx context.Context, w *world) error {
				return w.proxy.figure(ctx, "sluice_proxy_consolidators_found 1")
			}
			if strings.Contains(f.name, "elsewhere") { // it cannot be found before DNS says where
				f.failure.later, f.failure.again = nil, nil
				happen := f.failure.happen
				f.failure.happen = func(ctx context.Context, w *world) (time.Time, error) {
					if _, err := happen(ctx, w); err != nil {
						return time.Time{}, err
					}
					right.SRV = services(t, w)
					s.Set(func(a *testdns.Answers) { *a = right })
					return time.Now(), nil
				}
			}
			f.run(t)
		})
	}
}

// inDNS has all find the consolidators by DNS: by their addresses, with one port for
// all, or as services.
func inDNS(t *testing.T, w *world, asServices bool) *testdns.Server {
	t.Helper()
	onMachines(w)
	name, answers := clusterName, testdns.Answers{SRV: services(t, w), Hosts: map[string]string{}}
	for _, m := range w.machines {
		answers.Hosts[m.name+machineName] = "127.0.0.1"
	}
	if !asServices {
		answers = testdns.Answers{}
		port := sharedPort(t, len(w.machines))
		name += ":" + port
		for i, m := range w.machines {
			ip := "127.0.0." + strconv.Itoa(i+1)
			answers.A = append(answers.A, ip)
			listenAt(m, net.JoinHostPort(ip, port))
		}
	}
	s := testdns.Start(t, answers)
	t.Setenv(dnsVariable, s.Addr())
	system := net.DefaultResolver
	net.DefaultResolver = s.Resolver() // for readers of this process
	t.Cleanup(func() { net.DefaultResolver = system })
	if err := administer(w.proxy); err != nil {
		t.Fatal(err)
	}
	w.finder = func() (discovery.Finder, error) { return discovery.DNS(name, s.Resolver()) }
	find(w, "--dns", name, "--discovery-cache", filepath.Join(w.dir, "kept"))
	return s
}

// services are the consolidators, as DNS names them.
func services(t *testing.T, w *world) (all []dnsmessage.SRVResource) {
	t.Helper()
	for _, m := range w.machines {
		_, text, _ := net.SplitHostPort(m.listen)
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, dnsmessage.SRVResource{Port: uint16(port), Target: dnsmessage.MustNewName(m.name + machineName)})
	}
	return all
}

// sharedPort is a port that is free at so many addresses of loopback, from 127.0.0.1 on.
func sharedPort(t *testing.T, addresses int) string {
	t.Helper()
	for range 100 {
		first, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(first)
		var errs []error
		for i := range addresses {
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0."+strconv.Itoa(i+1), port))
			if err == nil {
				err = l.Close()
			}
			errs = append(errs, err)
		}
		if errors.Join(errs...) == nil {
			return port
		}
	}
	t.Fatal("no port is free at all addresses")
	return ""
}

func restartsProxy(ctx context.Context, w *world) (time.Time, error) {
	err := w.restart(ctx, w.proxy, true, 0, func() {})
	return w.proxy.since, err
}
