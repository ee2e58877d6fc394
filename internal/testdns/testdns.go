// Package testdns runs a DNS server on loopback for tests, whose answers they choose, also
// bad ones.
package testdns

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"sluice/internal/wait"
)

// Answers are what a server answers.
type Answers struct {
	RCode  dnsmessage.RCode         // of all answers; those that are no success have nothing in them
	Silent bool                     // there is no answer at all
	No4    bool                     // questions for addresses of IPv4 fail
	Short  bool                     // over UDP, answers are cut
	Some   int                      // how many addresses an answer has, in turn; 0 is all
	A      []string                 // addresses of all names, of both kinds
	Hosts  map[string]string        // addresses of some names, which end with a dot
	SRV    []dnsmessage.SRVResource // services called sluice, of all names
}

// Server is one server. Its methods may be called from any goroutine.
type Server struct {
	udp net.PacketConn
	tcp net.Listener

	mu      sync.Mutex
	answers Answers
	asked   map[string]int
	turn    int
	conns   []net.Conn
}

// Start runs a server until the test ends.
func Start(t testing.TB, answers Answers) *Server {
	t.Helper()
	s := &Server{answers: answers, asked: make(map[string]int)}
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
		s.mu.Lock()
		for _, c := range s.conns {
			c.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	serving.Go(s.serveUDP)
	serving.Go(s.serveTCP)
	return s
}

// Addr is where the server listens, over UDP and TCP, HOST:PORT.
func (s *Server) Addr() string { return s.tcp.Addr().String() }

// Resolver asks this server alone.
func (s *Server) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		c, err := dial(ctx, network, s.Addr())
		if err == nil {
			// A resolver waits for an answer that nobody wants any more.
			s.mu.Lock()
			s.conns = append(s.conns, c)
			s.mu.Unlock()
		}
		return c, err
	}}
}

// ResolverAt asks the server at an address alone, for programs that a test runs.
func ResolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dial(ctx, network, address)
	}}
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network[:3], address)
}

// Set changes what is answered.
func (s *Server) Set(change func(*Answers)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.answers)
}

// Asked is how often a name was asked for, which ends with a dot.
func (s *Server) Asked(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[name]
}

func (s *Server) serveUDP() {
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

func (s *Server) serveTCP() {
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

func (s *Server) answer(ask []byte, datagram bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var m dnsmessage.Message
	if m.Unpack(ask) != nil || len(m.Questions) == 0 {
		return nil
	}
	q, a := m.Questions[0], &s.answers
	s.asked[q.Name.String()]++
	if a.Silent {
		return nil
	}
	answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RCode: a.RCode}, Questions: m.Questions}
	s.turn++
	if a.No4 && q.Type == dnsmessage.TypeA {
		answer.RCode = dnsmessage.RCodeServerFailure
	}
	switch {
	case answer.RCode != dnsmessage.RCodeSuccess:
	case datagram && a.Short:
		answer.Truncated = true
	case q.Type == dnsmessage.TypeSRV && strings.HasPrefix(q.Name.String(), "_sluice._tcp."):
		for _, r := range a.SRV {
			answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: header(q), Body: &r})
		}
	case q.Type == dnsmessage.TypeA || q.Type == dnsmessage.TypeAAAA:
		answer.Answers = s.addresses(q)
	}
	packed, err := answer.Pack()
	if err != nil {
		panic(err)
	}
	return packed
}

// addresses are those of a name, each time in another order. s.mu is held.
func (s *Server) addresses(q dnsmessage.Question) (list []dnsmessage.Resource) {
	all := s.answers.A
	if host := s.answers.Hosts[q.Name.String()]; host != "" {
		all = []string{host}
	}
	for i := range all {
		if s.answers.Some > 0 && i >= s.answers.Some {
			break
		}
		// Questions come in pairs, one of each kind.
		ip := net.ParseIP(all[(i+s.turn/2)%len(all)])
		if v4 := ip.To4(); v4 != nil && q.Type == dnsmessage.TypeA {
			list = append(list, dnsmessage.Resource{Header: header(q), Body: &dnsmessage.AResource{A: [4]byte(v4)}})
		} else if v4 == nil && q.Type == dnsmessage.TypeAAAA {
			list = append(list, dnsmessage.Resource{Header: header(q), Body: &dnsmessage.AAAAResource{AAAA: [16]byte(ip)}})
		}
	}
	return list
}

func header(q dnsmessage.Question) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 5}
}
