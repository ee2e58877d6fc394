package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// sendBuffer bounds the kernel's buffer of one connection, in bytes: what is in
// it is out of reach, and stale when the reader is slow.
const sendBuffer = 128 << 10

// listener gives connections with small buffers.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // what it has already works, too
	}
	return c, nil
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

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// connOf is the connection that a request came on.
func connOf(r *http.Request) net.Conn {
	c, _ := r.Context().Value(connKey{}).(net.Conn)
	return c
}

// cutOff closes a connection at once: with TLS, Close waits for a peer that takes nothing.
func cutOff(nc net.Conn) {
	if secured, ok := nc.(*tls.Conn); ok {
		nc = secured.NetConn()
	}
	_ = nc.Close()
}
