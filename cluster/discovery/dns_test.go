package discovery_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sluice/cluster/discovery"
	"sluice/internal/wait"
)

// nameServer is a DNS server whose answers the test chooses.
type nameServer struct {
	t   *testing.T
	udp net.PacketConn
	tcp net.Listener

	mu     sync.Mutex
	rcode  dnsmessage.RCode
	silent bool
	no4    bool // questions for addresses of IPv4 fail
	short  bool // over UDP, answers are cut
	a      []string
	srv    []dnsmessage.SRVResource
	asked  map[string]int
	turn   int
	conns  []net.Conn
}

func startNameServer(t *testing.T) *nameServer {
	t.Helper()
	s := &nameServer{t: t, asked: make(map[string]int)}
	wait.For(t, "a port of both kinds", func() (ok bool) {
		var err error
		if s.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return false
		}
		if s.udp, err = net.ListenPacket("udp", s.tcp.Addr().String()); err != nil {
			s.tcp.Close()
			return false
		}
		return true
	})
	var serving sync.WaitGroup
	t.Cleanup(func() {
		s.udp.Close()
		s.tcp.Close()
		s.set(func(s *nameServer) {
			for _, c := range s.conns {
				c.Close()
			}
		})
		serving.Wait()
	})
	serving.Go(s.serveUDP)
	serving.Go(s.serveTCP)
	return s
}

// resolver asks this server alone.
func (s *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network[:3], s.tcp.Addr().String())
		if err == nil {
			// A resolver waits for an answer that nobody wants any more.
			s.set(func(s *nameServer) { s.conns = append(s.conns, c) })
		}
		return c, err
	}}
}

func (s *nameServer) finder(name string, patience time.Duration) discovery.Finder {
	s.t.Helper()
	f, err := discovery.DNS(name, s.resolver())
	if err != nil {
		s.t.Fatal(err)
	}
	return discovery.Quick(f, patience)
}

// set changes what is answered.
func (s *nameServer) set(change func(*nameServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *nameServer) serveUDP() {
	buf := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFrom(buf)
		if err != nil {
			return
		}
		if answer := s.answer(buf[:n], true); answer != nil {
			_, _ = s.udp.WriteTo(answer, from)
		}
	}
}

func (s *nameServer) serveTCP() {
	for {
		c, err := s.tcp.Accept()
		if err != nil {
			return
		}
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err == nil {
			ask := make([]byte, binary.BigEndian.Uint16(size[:]))
			if _, err := io.ReadFull(c, ask); err == nil {
				if answer := s.answer(ask, false); answer != nil {
					_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
				}
			}
		}
		c.Close()
	}
}

func (s *nameServer) answer(ask []byte, datagram bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m dnsmessage.Message
	if m.Unpack(ask) != nil || s.silent {
		return nil
	}
	q := m.Questions[0]
	s.asked[q.Name.String()]++
	answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RCode: s.rcode}, Questions: m.Questions}
	s.turn++
	if s.no4 && q.Type == dnsmessage.TypeA {
		answer.RCode = dnsmessage.RCodeServerFailure
	}
	switch {
	case answer.RCode != dnsmessage.RCodeSuccess:
	case datagram && s.short:
		answer.Truncated = true
	case q.Type == dnsmessage.TypeSRV && strings.HasPrefix(q.Name.String(), "_sluice._tcp."):
		for _, r := range s.srv {
			answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: header(q), Body: &r})
		}
	case q.Type == dnsmessage.TypeA || q.Type == dnsmessage.TypeAAAA:
		for i := range s.a {
			ip := net.ParseIP(s.a[(i+s.turn)%len(s.a)])
			if v4 := ip.To4(); v4 != nil && q.Type == dnsmessage.TypeA {
				answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: header(q), Body: &dnsmessage.AResource{A: [4]byte(v4)}})
			} else if v4 == nil && q.Type == dnsmessage.TypeAAAA {
				answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: header(q), Body: &dnsmessage.AAAAResource{AAAA: [16]byte(ip)}})
			}
		}
	}
	packed, err := answer.Pack()
	if err != nil {
		panic(err)
	}
	return packed
}

func header(q dnsmessage.Question) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 5}
}

// Addresses come and go; in another order they are the same; and what fails changes
// nothing.
func TestDNS(t *testing.T) {
	s := startNameServer(t)
	s.rcode = dnsmessage.RCodeNameError
	f := s.finder("sluice.test.:5552", wait.Limit)
	w := watch(t, f)
	w.until("no such host", func(f discovery.Found) bool {
		return !f.Known && f.Partial && strings.Contains(f.Trouble, "no such host")
	})
	s.set(func(s *nameServer) {
		s.rcode = dnsmessage.RCodeSuccess
		s.a = []string{"10.0.0.1", "10.0.0.2", "fd00::3"}
	})
	all := []string{"tcp://10.0.0.1:5552", "tcp://10.0.0.2:5552", "tcp://[fd00::3]:5552"}
	w.has(all...)
	asked := func() (n int) {
		s.set(func(s *nameServer) { n = s.asked["sluice.test."] })
		return n
	}
	before, n := asked(), w.times()
	wait.For(t, "further questions", func() bool { return asked() > before+12 })
	if more := w.times() - n; more != 0 {
		t.Errorf("another order was told %d times", more)
	}
	for _, failure := range []struct {
		name string
		set  func(*nameServer)
	}{
		{"server misbehaving", func(s *nameServer) { s.rcode = dnsmessage.RCodeServerFailure }},
		{"server misbehaving", func(s *nameServer) { s.rcode, s.no4 = dnsmessage.RCodeSuccess, true }},
		{"no such host", func(s *nameServer) { s.rcode, s.no4 = dnsmessage.RCodeNameError, false }},
		{"no such host", func(s *nameServer) { s.a, s.rcode = nil, dnsmessage.RCodeSuccess }},
	} {
		s.set(failure.set)
		w.until(failure.name, func(f discovery.Found) bool {
			return strings.Contains(f.Trouble, failure.name) && slices.Equal(subscribes(f), all)
		})
	}
	s.set(func(s *nameServer) { s.a = []string{"10.0.0.2"} })
	w.has("tcp://10.0.0.2:5552")
	if p := f.Place(); p.String() != "dns sluice.test.:5552" {
		t.Errorf("the place is %q", p)
	}
}

// An answer that is too long for a datagram is had all the same.
func TestDNSTruncated(t *testing.T) {
	s := startNameServer(t)
	s.short = true
	var want []string
	for i := range 200 {
		ip := net.IPv4(10, 0, 1, byte(i)).String()
		s.a = append(s.a, ip)
		want = append(want, "tcp://"+ip+":7000")
	}
	slices.Sort(want)
	watch(t, s.finder("sluice.test.:7000", wait.Limit)).has(want...)
}

// A server that says nothing is Trouble, in time.
func TestDNSSilent(t *testing.T) {
	s := startNameServer(t)
	s.silent = true
	w := watch(t, s.finder("sluice.test.:5552", 50*time.Millisecond))
	w.until("trouble", func(f discovery.Found) bool { return !f.Known && f.Trouble != "" })
}

// Services go before addresses, with ports of their own; once there were any, a failure to
// get them does not make addresses of them.
func TestDNSServices(t *testing.T) {
	s := startNameServer(t)
	s.a = []string{"10.0.0.1"}
	w := watch(t, s.finder("sluice.test.", wait.Limit))
	w.has("tcp://10.0.0.1:5552") // there are no services yet
	host := dnsmessage.MustNewName
	s.set(func(s *nameServer) {
		s.srv = []dnsmessage.SRVResource{
			{Port: 7001, Target: host("pod-0.sluice.test.")},
			{Port: 7002, Target: host("pod-1.sluice.test.")},
			{Port: 7001, Target: host("pod-0.sluice.test.")},
			{Port: 0, Target: host("pod-2.sluice.test.")},
		}
	})
	w.has("tcp://pod-0.sluice.test:7001", "tcp://pod-1.sluice.test:7002")
	s.set(func(s *nameServer) { s.srv = nil })
	w.until("trouble", func(f discovery.Found) bool { return f.Trouble != "" && len(f.Consolidators) == 2 })
	s.set(func(s *nameServer) {
		s.srv = []dnsmessage.SRVResource{{Port: 7003, Target: host("pod-3.sluice.test.")}}
	})
	w.has("tcp://pod-3.sluice.test:7003")
	watch(t, s.finder("_sluice._tcp.other.test.", wait.Limit)).has("tcp://pod-3.sluice.test:7003")
}

func TestDNSRefuses(t *testing.T) {
	for _, name := range []string{"", ":5552", "a:", "a:0", "a:b", "a:70000", "a b", "tcp://a:5552", "a\x1b", strings.Repeat("x", 300), "_sluice._tcp.a:5552", "fd00::1"} {
		if _, err := discovery.DNS(name, nil); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%.40q: %v", name, err)
		}
	}
}
