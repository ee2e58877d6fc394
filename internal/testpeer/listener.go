package testpeer

import (
	"net"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/wait"
)

// Listener is what a client connects to, and the Peer of the connection that it
// accepted last.
type Listener struct {
	*Peer
	t  testing.TB
	ln net.Listener
}

// Listen listens on a free port until the test ends.
func Listen(t testing.TB) *Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Listener{t: t, ln: ln}
	t.Cleanup(func() {
		ln.Close()
		if l.Peer != nil {
			l.Close()
		}
	})
	return l
}

// Endpoint is where it listens.
func (l *Listener) Endpoint() string { return "tcp://" + l.ln.Addr().String() }

// Accept takes the next connection, in a role, and gives it a deadline.
func (l *Listener) Accept(role zmtp.Config) {
	l.t.Helper()
	_ = l.ln.(*net.TCPListener).SetDeadline(time.Now().Add(wait.Limit))
	role.Timeout = wait.Limit
	for {
		nc, err := l.ln.Accept()
		if err != nil {
			l.t.Fatal(err)
		}
		// One that waited too long in the backlog has given up.
		if conn, err := zmtp.Handshake(nc, role); err == nil {
			l.Peer = New(l.t, conn)
			break
		}
	}
	_ = l.SetDeadline(time.Now().Add(wait.Limit))
}

// FreeEndpoint is an endpoint that nobody listens on.
func FreeEndpoint(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return "tcp://" + ln.Addr().String()
}
