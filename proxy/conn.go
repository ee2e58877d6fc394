package proxy

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// sendBuffer bounds the kernel's buffer of one connection, in bytes: what is in
// it is out of reach, and stale when the reader is slow.
const sendBuffer = 128 << 10

// listener gives connections that can write whole batches.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // what it has already works, too
	}
	return &wholeConn{Conn: c}, nil
}

// listen binds an address. Readers of text get no heartbeat, so dead ones are
// found by TCP, within 30 s.
func listen(address string) (net.Listener, error) {
	cfg := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	l, err := cfg.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return listener{l}, nil
}

// wholeConn can gather what net/http writes in pieces, so that a batch leaves
// in one write: parsers in the field do not put an event together from two
// reads. Only the goroutine that serves a request may use hold and release.
type wholeConn struct {
	net.Conn
	held *[]byte
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

func connOf(r *http.Request) *wholeConn {
	c, _ := r.Context().Value(connKey{}).(*wholeConn)
	return c
}

func (c *wholeConn) Write(b []byte) (int, error) {
	if c.held == nil {
		return c.Conn.Write(b)
	}
	*c.held = append(*c.held, b...)
	return len(b), nil
}

// hold gathers from now on.
func (c *wholeConn) hold() { c.held = getBuffer() }

// release writes what was gathered, at once.
func (c *wholeConn) release() error {
	b := c.held
	c.held = nil
	defer putBuffer(b)
	_, err := c.Conn.Write(*b)
	return err
}

// buffers has byte slices for batches, so that idle sessions hold none.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, maxBatch+1024)
	return &b
}}

func getBuffer() *[]byte {
	b := buffers.Get().(*[]byte)
	*b = (*b)[:0]
	return b
}

// putBuffer keeps a buffer, unless a large event has made it large.
func putBuffer(b *[]byte) {
	if cap(*b) <= 4*maxBatch {
		buffers.Put(b)
	}
}
