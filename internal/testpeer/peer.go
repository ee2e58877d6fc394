package testpeer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/wait"
)

// The roles of a peer.
var (
	AsReader           = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}}
	AsForeignReader    = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true}
	AsPublisher        = zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}}
	AsForeignPublisher = zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true}
	// Those of one that listens.
	AsConsolidator      = zmtp.Config{Type: zmtp.XSUB, Peers: []string{zmtp.PUB}, Name: "vm-1"}
	AsForeignSubscriber = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.PUB}, Foreign: true}
)

// Peer is one side of a connection.
type Peer struct {
	*zmtp.Conn
	t  testing.TB
	in *zmtp.Receiver
}

// Dial connects a peer to an endpoint, until the test ends.
func Dial(t testing.TB, endpoint string, role zmtp.Config) *Peer {
	t.Helper()
	conn, err := Connect(endpoint, role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return New(t, conn)
}

// New returns the peer of a connection, which it does not close.
func New(t testing.TB, conn *zmtp.Conn) *Peer {
	return &Peer{Conn: conn, t: t, in: zmtp.NewReceiver(conn)}
}

// Connect connects to an endpoint.
func Connect(endpoint string, role zmtp.Config) (*zmtp.Conn, error) {
	e, err := zmtp.ParseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	role.Timeout = wait.Limit
	return zmtp.Dial(context.Background(), e, role)
}

// Endpoint parses an endpoint.
func Endpoint(t testing.TB, s string) zmtp.Endpoint {
	t.Helper()
	e, err := zmtp.ParseEndpoint(s)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Send writes bytes.
func (p *Peer) Send(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// Exactly reads so many bytes, and not by way of what Next and its like read.
func (p *Peer) Exactly(n int) string {
	p.t.Helper()
	b := make([]byte, n)
	_ = p.SetReadDeadline(time.Now().Add(wait.Limit))
	if n, err := io.ReadFull(p.NetConn(), b); err != nil {
		p.t.Fatalf("%q, %v", b[:n], err)
	}
	_ = p.SetReadDeadline(time.Time{})
	return string(b)
}

// Next returns what comes next. It is valid until the next call.
func (p *Peer) Next() (zmtp.Token, error) {
	for {
		t, err := p.in.Next()
		if err != nil || t.Kind != zmtp.TokenNone {
			return t, err
		}
		if err := p.in.Fill(); err != nil {
			return t, err
		}
	}
}

// Message returns the next message, as "stream record". Commands before it are
// passed over, and heartbeats answered.
func (p *Peer) Message() (string, error) {
	for {
		t, err := p.Next()
		if err != nil {
			return "", err
		}
		if t.Kind == zmtp.TokenMessage {
			return fmt.Sprintf("%s %s", t.Name, t.Body), nil
		}
		if err := p.Answer(t.Body); err != nil {
			return "", err
		}
	}
}

// Acknowledged returns a function like Message that acknowledges each.
func (p *Peer) Acknowledged() func() (string, error) {
	n := uint64(0)
	return func() (string, error) {
		m, err := p.Message()
		if err == nil {
			n++
			_, err = p.Write(zmtp.AppendAck(nil, n))
		}
		return m, err
	}
}

// Answer answers a command if it is a PING: a peer that does not is closed for
// its silence, where a test takes long.
func (p *Peer) Answer(command []byte) error {
	name, data, err := zmtp.SplitCommand(command)
	if err != nil || name != zmtp.CmdPing {
		return err
	}
	pong, err := zmtp.AppendPong(nil, data)
	if err == nil {
		_, err = p.Write(pong)
	}
	return err
}

// Settle sends bytes, and waits until the other side has done all that it was
// sent. What comes meanwhile is lost to the test.
func (p *Peer) Settle(b ...byte) {
	p.t.Helper()
	_ = p.SetDeadline(time.Now().Add(3 * wait.Limit))
	var sending sync.WaitGroup
	sending.Go(func() { _, _ = p.Write(zmtp.AppendPing(b, 0)) })
	for {
		t, err := p.Next()
		if err != nil {
			p.t.Fatalf("waiting for a PONG: %v", err)
		}
		if t.Kind != zmtp.TokenCommand {
			continue
		}
		if name, _, _ := zmtp.SplitCommand(t.Body); name == zmtp.CmdPong {
			break
		}
	}
	sending.Wait()
	_ = p.SetDeadline(time.Time{})
}

// Ends waits until the other side has closed the connection.
func (p *Peer) Ends() {
	p.t.Helper()
	_ = p.SetReadDeadline(time.Now().Add(wait.Limit))
	for {
		if _, err := p.Next(); errors.Is(err, os.ErrDeadlineExceeded) {
			p.t.Fatal("the connection lives on")
		} else if err != nil {
			return
		}
	}
}

// Drain reads, answers heartbeats and forgets, until the connection ends.
func (p *Peer) Drain() {
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			if _, err := p.Message(); err != nil {
				return
			}
		}
	})
	p.t.Cleanup(func() { p.Close(); wg.Wait() })
}
