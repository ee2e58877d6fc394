package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"syscall"
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

// eagerWriter writes to a connection what that takes without waiting.
type eagerWriter struct {
	raw  syscall.RawConn
	call func(fd uintptr)
	rest []byte // of what is being written
	err  error
}

// eager returns the eagerWriter of a connection, or nil if that can only be waited for.
func eager(nc net.Conn) *eagerWriter {
	c, ok := nc.(syscall.Conn) // what encrypts is none
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	w := &eagerWriter{raw: raw}
	w.call = w.writeTo
	return w
}

// write returns what of b was not taken. It allocates nothing. Nobody else writes
// meanwhile: what is taken at once needs neither the poller nor its lock.
func (w *eagerWriter) write(b []byte) (rest []byte, err error) {
	w.rest, w.err = b, nil
	err = w.raw.Control(w.call)
	if err == nil {
		err = w.err
	}
	rest, w.rest = w.rest, nil
	return rest, err
}

func (w *eagerWriter) writeTo(fd uintptr) {
	for {
		switch n, err := syscall.Write(int(fd), w.rest); err {
		case nil:
			w.rest = w.rest[n:]
			return
		case syscall.EINTR:
		case syscall.EAGAIN:
			return
		default:
			w.err = err
			return
		}
	}
}
