package consolidator_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"sluice/cluster/zmtp"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

// client is a peer made by hand: it does what a test wants, frame by frame.
type client struct {
	*zmtp.Conn
	t  testing.TB
	in *zmtp.Receiver
}

// A client's roles.
var (
	asReader          = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}, Foreign: true}
	asSluiceReader    = zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}}
	asPublisher       = zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true}
	asSluicePublisher = zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}}
)

// dial connects a client, until the test ends.
func dial(t testing.TB, addr string, role zmtp.Config) *client {
	t.Helper()
	c, err := connect(addr, role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return newClient(t, c)
}

func newClient(t testing.TB, conn *zmtp.Conn) *client {
	return &client{Conn: conn, t: t, in: zmtp.NewReceiver(conn)}
}

func connect(addr string, role zmtp.Config) (*zmtp.Conn, error) {
	e, err := zmtp.ParseEndpoint(addr)
	if err != nil {
		return nil, err
	}
	role.Timeout = patience
	return zmtp.Dial(context.Background(), e, role)
}

func (c *client) send(b []byte) {
	c.t.Helper()
	send(c.t, c, b)
}

// next is what comes next. It is valid until the next call.
func (c *client) next() (zmtp.Token, error) {
	for {
		t, err := c.in.Next()
		if err != nil || t.Kind != zmtp.TokenNone {
			return t, err
		}
		if err := c.in.Fill(); err != nil {
			return t, err
		}
	}
}

// record is the next message, as "stream record". Commands before it are
// passed over, and heartbeats answered.
func (c *client) record() (string, error) {
	for {
		t, err := c.next()
		if err != nil {
			return "", err
		}
		if t.Kind == zmtp.TokenMessage {
			return fmt.Sprintf("%s %s", t.Name, t.Body), nil
		}
		if err := c.answer(t.Body); err != nil {
			return "", err
		}
	}
}

// answer answers a command if it is a PING: who does not is closed for its
// silence, where the test takes long.
func (c *client) answer(command []byte) error {
	name, data, err := zmtp.SplitCommand(command)
	if err != nil || name != zmtp.CmdPing {
		return err
	}
	pong, err := zmtp.AppendPong(nil, data)
	if err == nil {
		_, err = c.Write(pong)
	}
	return err
}

// settle sends what it is given, and waits until the consolidator has done all
// that it was sent. What comes meanwhile is lost to the test.
func (c *client) settle(b ...byte) {
	c.t.Helper()
	_ = c.SetDeadline(time.Now().Add(3 * patience))
	var sending sync.WaitGroup
	sending.Go(func() { _, _ = c.Write(zmtp.AppendPing(b, 0)) })
	for {
		t, err := c.next()
		if err != nil {
			c.t.Fatalf("waiting for a PONG: %v", err)
		}
		if t.Kind != zmtp.TokenCommand {
			continue
		}
		if name, _, _ := zmtp.SplitCommand(t.Body); name == zmtp.CmdPong {
			break
		}
	}
	sending.Wait()
	_ = c.SetDeadline(time.Time{})
}

// ends waits until the consolidator has closed the connection.
func (c *client) ends() {
	c.t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, err := c.next(); errors.Is(err, os.ErrDeadlineExceeded) {
			c.t.Fatal("the connection lives on")
		} else if err != nil {
			return
		}
	}
}

// drain reads and forgets until the connection ends.
func (c *client) drain() {
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			if _, err := c.record(); err != nil {
				return
			}
		}
	})
	c.t.Cleanup(func() { c.Close(); wg.Wait() })
}

// The flags of a frame.
const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// frame is a frame's header that announces size bytes.
func frame(flags byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{flags | flagLong}, size)
}

func command(name string, data ...byte) []byte {
	b := frame(flagCommand, uint64(1+len(name)+len(data)))
	b = append(b, byte(len(name)))
	b = append(b, name...)
	return append(b, data...)
}

// greeting is that of a peer of ZMTP 3.minor.
func greeting(minor byte) []byte {
	g := make([]byte, 64)
	g[0], g[8], g[9], g[10], g[11] = 0xff, 1, 0x7f, 3, minor
	copy(g[12:], "NULL")
	return g
}

func ready(socketType string) []byte {
	data := append([]byte{11}, "Socket-Type"...)
	data = binary.BigEndian.AppendUint32(data, uint32(len(socketType)))
	data = append(data, socketType...)
	b := []byte{flagCommand, byte(6 + len(data)), 5}
	b = append(b, "READY"...)
	return append(b, data...)
}

// silent is a connection without a handshake.
func silent(t testing.TB, addr string) net.Conn {
	t.Helper()
	e := endpoint(t, addr)
	nc, err := net.Dial(e.Network, e.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	return nc
}

// closes waits until the other side has closed.
func closes(t testing.TB, nc net.Conn) {
	t.Helper()
	_ = nc.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, nc); isTimeout(err) {
		t.Fatal("the connection lives on")
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

// flood writes b until the other side closes, or so many bytes are written, or
// it takes nothing for a second.
func flood(t testing.TB, nc net.Conn, b []byte, most int64) (closed bool) {
	t.Helper()
	return floodFor(t, nc, b, most, time.Second)
}

// floodFor is flood for one who takes nothing for another time.
func floodFor(t testing.TB, nc net.Conn, b []byte, most int64, nothing time.Duration) (closed bool) {
	t.Helper()
	for sent := int64(0); sent < most; {
		_ = nc.SetWriteDeadline(time.Now().Add(nothing))
		n, err := nc.Write(b)
		sent += int64(n)
		if isTimeout(err) {
			return false
		}
		if err != nil {
			return true
		}
	}
	return false
}

// small makes a peer's receive buffer small: it soon takes nothing any more.
func small(t testing.TB, c *zmtp.Conn, bytes int) {
	t.Helper()
	if tc, ok := c.Conn.(*net.TCPConn); ok {
		if err := tc.SetReadBuffer(bytes); err != nil {
			t.Fatal(err)
		}
	}
}
