package dial_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"sluice/cluster/dial"
	"sluice/internal/testdns"
)

// peer accepts connections at an address of loopback.
type peer struct {
	net.Listener

	mu    sync.Mutex
	conns []net.Conn
}

func listen(t *testing.T, at string) *peer {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{Listener: l}
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.conns = append(p.conns, c)
			p.mu.Unlock()
		}
	})
	t.Cleanup(func() {
		l.Close()
		accepting.Wait()
		for _, c := range p.conns {
			c.Close()
		}
	})
	return p
}

// While no server says what address a name has, it has the last one; one that does not
// exist, or has another address, has not.
func TestNamesThatAreNotResolved(t *testing.T) {
	t.Parallel()
	p := listen(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(p.Addr().String())
	s := testdns.Start(t, testdns.Answers{A: []string{"127.0.0.1"}})
	d := &dial.Dialer{Resolver: s.Resolver()}
	to := net.JoinHostPort("vm-1.sluice.test.", port)
	connects := func() (string, error) {
		c, err := d.DialContext(t.Context(), "tcp", to)
		if err != nil {
			return "", err
		}
		defer c.Close()
		return c.RemoteAddr().String(), nil
	}
	for _, c := range []struct {
		name   string
		answer func(*testdns.Answers)
		want   string // the address; otherwise the error says so
	}{
		{"failing before it was known", func(a *testdns.Answers) { a.RCode = dnsmessage.RCodeServerFailure }, "server misbehaving"},
		{"resolved", func(a *testdns.Answers) { a.RCode = dnsmessage.RCodeSuccess }, p.Addr().String()},
		{"failing", func(a *testdns.Answers) { a.RCode = dnsmessage.RCodeServerFailure }, p.Addr().String()},
		{"silent", func(a *testdns.Answers) { a.Silent = true }, p.Addr().String()},
		{"gone", func(a *testdns.Answers) { a.Silent, a.RCode = false, dnsmessage.RCodeNameError }, "no such host"},
		{"elsewhere", func(a *testdns.Answers) { a.RCode, a.A = dnsmessage.RCodeSuccess, []string{"127.0.0.9"} }, "refused"},
		{"back", func(a *testdns.Answers) { a.A = []string{"127.0.0.1"} }, p.Addr().String()},
		{"failing again", func(a *testdns.Answers) { a.RCode = dnsmessage.RCodeServerFailure }, p.Addr().String()},
		{"failing, and nobody there", func(*testdns.Answers) { p.Close() }, "server misbehaving"},
		{"still", func(*testdns.Answers) {}, "where it was last"},
	} {
		s.Set(c.answer)
		got, err := connects()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// What has no name is connected to without a question.
func TestAddresses(t *testing.T) {
	p := listen(t, "127.0.0.1:0")
	s := testdns.Start(t, testdns.Answers{RCode: dnsmessage.RCodeServerFailure})
	d := &dial.Dialer{Resolver: s.Resolver()}
	for range 2 {
		c, err := d.DialContext(t.Context(), "tcp", p.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	_, err := d.DialContext(t.Context(), "tcp", "no port")
	var wrong *net.AddrError
	if !errors.As(err, &wrong) {
		t.Errorf("an address without a port: %v", err)
	}
}

// What is remembered is bounded, and has what came last.
func TestRemembered(t *testing.T) {
	var d dial.Dialer
	var names []string
	for i := range dial.MaxNames + 10 {
		names = append(names, strings.Repeat("x", i+1))
		d.Remember(names[i], "127.0.0.1:1")
		if d.LastOf(names[i]) == "" {
			t.Fatalf("name %d is not remembered", i)
		}
	}
	kept := len(slices.DeleteFunc(names, func(n string) bool { return d.LastOf(n) == "" }))
	if kept != dial.MaxNames {
		t.Errorf("%d names are remembered, want %d", kept, dial.MaxNames)
	}
}
