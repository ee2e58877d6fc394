package consolidator_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

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

// silent is a connection without a handshake.
func silent(t testing.TB, addr string) net.Conn {
	t.Helper()
	e := testpeer.Endpoint(t, addr)
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
	_ = nc.SetReadDeadline(time.Now().Add(wait.Limit))
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
	if tc, ok := c.NetConn().(*net.TCPConn); ok {
		if err := tc.SetReadBuffer(bytes); err != nil {
			t.Fatal(err)
		}
	}
}
