package proxy_test

import (
	"bytes"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/cluster/stream"
	"sluice/internal/figures"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/proxy"
	"sluice/proxy/tally"
)

// stall opens a session over HTTP/2, has all windows wide open, and reads nothing.
func stall(t *testing.T, p *running) {
	t.Helper()
	nc, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.(*net.TCPConn).SetReadBuffer(4 << 10)
	conn := tls.Client(nc, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	var head bytes.Buffer
	fields := hpack.NewEncoder(&head)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", p.Addr()}, {":path", "/api/logs/s"}, {"accept", "text/event-stream"}} {
		if err := fields.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	out.WriteString(http2.ClientPreface)
	frames := http2.NewFramer(&out, nil)
	const wide = 1<<31 - 1
	for _, err := range []error{
		frames.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: wide}),
		frames.WriteWindowUpdate(0, wide-65535),
		frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndStream: true, EndHeaders: true}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Write(out.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// A client of HTTP/2 that takes nothing any more loses its connection, not its session
// alone: otherwise it would keep the place, and what waits to be sent.
func TestAStalledConnectionIsClosed(t *testing.T) {
	volume.Check(t)
	f := newFake()
	dir := t.TempDir()
	identity(t, dir+"/cert", dir+"/key", 1)
	p := start(t, f, func(c *proxy.Config) {
		c.TLSCert, c.TLSKey, c.WriteTimeout, c.StreamBuffer, c.Admin = dir+"/cert", dir+"/key", time.Second, 1<<20, "127.0.0.1:0"
	})
	stall(t, p)
	wait.For(t, "the session", func() bool { return p.Stats().Sessions == 1 })
	big := `{"level":30,"msg":"` + strings.Repeat("x", 30_000) + `"}`
	seq := uint64(0)
	wait.For(t, "the session to be cut", func() bool {
		f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: []byte(big)})
		f.logged(t)
		seq++
		return p.Stats().Sessions == 0
	})
	if n := p.Counts().Of(tally.Blocked); n != 1 {
		t.Errorf("%d sessions are counted as blocked", n)
	}
	wait.For(t, "the connection to be closed", func() bool { return figures.Of(t, p.AdminAddr(), namespace)["connections"] == 0 })
}
