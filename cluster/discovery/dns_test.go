package discovery_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sluice/cluster/discovery"
	"sluice/internal/testdns"
	"sluice/internal/wait"
)

// asks returns a Finder that asks a server alone, with this patience.
func asks(t *testing.T, s *testdns.Server, name string, patience time.Duration) discovery.Finder {
	t.Helper()
	f, err := discovery.DNS(name, s.Resolver())
	if err != nil {
		t.Fatal(err)
	}
	return discovery.Quick(f, patience)
}

// Addresses come and go; in another order they are the same; and what fails changes
// nothing.
func TestDNS(t *testing.T) {
	s := testdns.Start(t, testdns.Answers{RCode: dnsmessage.RCodeNameError})
	f := asks(t, s, "sluice.test.:5552", wait.Limit)
	w := watch(t, f)
	w.until("no such host", func(f discovery.Found) bool {
		return !f.Known && f.Partial && strings.Contains(f.Trouble, "no such host")
	})
	s.Set(func(s *testdns.Answers) {
		s.RCode = dnsmessage.RCodeSuccess
		s.A = []string{"10.0.0.1", "10.0.0.2", "fd00::3"}
	})
	all := []string{"tcp://10.0.0.1:5552", "tcp://10.0.0.2:5552", "tcp://[fd00::3]:5552"}
	w.has(all...)
	asked := func() int { return s.Asked("sluice.test.") }
	before, n := asked(), w.times()
	wait.For(t, "further questions", func() bool { return asked() > before+12 })
	if more := w.times() - n; more != 0 {
		t.Errorf("another order was told %d times", more)
	}
	for _, failure := range []struct {
		name string
		set  func(*testdns.Answers)
	}{
		{"server misbehaving", func(s *testdns.Answers) { s.RCode = dnsmessage.RCodeServerFailure }},
		{"server misbehaving", func(s *testdns.Answers) { s.RCode, s.No4 = dnsmessage.RCodeSuccess, true }},
		{"no such host", func(s *testdns.Answers) { s.RCode, s.No4 = dnsmessage.RCodeNameError, false }},
		{"no such host", func(s *testdns.Answers) { s.A, s.RCode = nil, dnsmessage.RCodeSuccess }},
	} {
		s.Set(failure.set)
		w.until(failure.name, func(f discovery.Found) bool {
			return strings.Contains(f.Trouble, failure.name) && slices.Equal(subscribes(f), all)
		})
	}
	s.Set(func(s *testdns.Answers) { s.A = []string{"10.0.0.2"} })
	w.has("tcp://10.0.0.2:5552")
	if p := f.Place(); p.String() != "dns sluice.test.:5552" {
		t.Errorf("the place is %q", p)
	}
}

// An answer that is too long for a datagram is had all the same.
func TestDNSTruncated(t *testing.T) {
	answers := testdns.Answers{Short: true}
	var want []string
	for i := range 200 {
		ip := net.IPv4(10, 0, 1, byte(i)).String()
		answers.A = append(answers.A, ip)
		want = append(want, "tcp://"+ip+":7000")
	}
	slices.Sort(want)
	s := testdns.Start(t, answers)
	watch(t, asks(t, s, "sluice.test.:7000", wait.Limit)).has(want...)
}

// A server that says nothing is Trouble, in time.
func TestDNSSilent(t *testing.T) {
	s := testdns.Start(t, testdns.Answers{Silent: true})
	w := watch(t, asks(t, s, "sluice.test.:5552", 50*time.Millisecond))
	w.until("trouble", func(f discovery.Found) bool { return !f.Known && f.Trouble != "" })
}

// A server that says nothing for a while is asked on, and heard when it speaks again, while
// the first question still waits for its answer.
func TestDNSSilentForAWhile(t *testing.T) {
	s := testdns.Start(t, testdns.Answers{Silent: true, A: []string{"10.0.0.1"}})
	w := watch(t, asks(t, s, "sluice.test.:5552", wait.Limit))
	// Each asks for both kinds, once within five seconds.
	wait.For(t, "four questions", func() bool { return s.Asked("sluice.test.") >= 8 })
	s.Set(func(a *testdns.Answers) { a.Silent = false })
	w.has("tcp://10.0.0.1:5552")
}

// Services go before addresses, with ports of their own; once there were any, a failure to
// get them does not make addresses of them.
func TestDNSServices(t *testing.T) {
	s := testdns.Start(t, testdns.Answers{A: []string{"10.0.0.1"}})
	w := watch(t, asks(t, s, "sluice.test.", wait.Limit))
	w.has("tcp://10.0.0.1:5552") // there are no services yet
	host := dnsmessage.MustNewName
	s.Set(func(s *testdns.Answers) {
		s.SRV = []dnsmessage.SRVResource{
			{Port: 7001, Target: host("pod-0.sluice.test.")},
			{Port: 7002, Target: host("pod-1.sluice.test.")},
			{Port: 7001, Target: host("pod-0.sluice.test.")},
			{Port: 0, Target: host("pod-2.sluice.test.")},
		}
	})
	w.has("tcp://pod-0.sluice.test:7001", "tcp://pod-1.sluice.test:7002")
	s.Set(func(s *testdns.Answers) { s.SRV = nil })
	w.until("trouble", func(f discovery.Found) bool { return f.Trouble != "" && len(f.Consolidators) == 2 })
	s.Set(func(s *testdns.Answers) {
		s.SRV = []dnsmessage.SRVResource{{Port: 7003, Target: host("pod-3.sluice.test.")}}
	})
	w.has("tcp://pod-3.sluice.test:7003")
	watch(t, asks(t, s, "_sluice._tcp.other.test.", wait.Limit)).has("tcp://pod-3.sluice.test:7003")
}

func TestDNSRefuses(t *testing.T) {
	for _, name := range []string{"", ":5552", "a:", "a:0", "a:b", "a:70000", "a b", "tcp://a:5552", "a\x1b", strings.Repeat("x", 300), "_sluice._tcp.a:5552", "fd00::1"} {
		if _, err := discovery.DNS(name, nil); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}
