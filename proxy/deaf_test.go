package proxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/cluster/stream"
	"sluice/internal/wait"
	"sluice/proxy"
)

// deafConn reads nothing once it is deaf, until it is closed.
type deafConn struct {
	net.Conn
	deaf, closed chan struct{}
	once         sync.Once
}

func (c *deafConn) Read(b []byte) (int, error) {
	select {
	case <-c.deaf:
		<-c.closed
		return 0, net.ErrClosed
	default:
		return c.Conn.Read(b)
	}
}

func (c *deafConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// A client that reads nothing more does not hold up a shutdown beyond its grace, whatever
// it speaks and asked for: not for as long as it may block otherwise.
func TestADeafClientDoesNotHoldUpTheEnd(t *testing.T) {
	const grace = 50 * time.Millisecond
	for _, c := range []struct {
		name          string
		secure, http2 bool
		path, accept  string
	}{
		{"lines", false, false, "/api/logs/s", ""},
		{"events", false, false, "/api/logs/s", "text/event-stream"},
		{"watch", false, false, "/api/streams?watch", ""},
		{"list", false, false, "/api/streams", ""},
		{"lines over HTTP 2", true, true, "/api/logs/s", ""},
		{"events over HTTP 2", true, true, "/api/logs/s", "text/event-stream"},
		{"watch over HTTP 2", true, true, "/api/streams?watch", "text/event-stream"},
		{"list over HTTP 2", true, true, "/api/streams", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			cert, key := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
			pool := x509.NewCertPool()
			f := newFake()
			for i := range 6000 {
				f.live = append(f.live, stream.Live{Name: "s/" + strings.Repeat("x", 200) + strconv.Itoa(i)})
			}
			p := start(t, f, func(cfg *proxy.Config) {
				cfg.Grace, cfg.WriteTimeout = grace, time.Hour
				if c.secure {
					pool.AddCert(identity(t, cert, key, 1))
					cfg.TLSCert, cfg.TLSKey = cert, key
				}
			})
			deaf := make(chan struct{})
			tr := &http.Transport{
				TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: c.http2, DisableCompression: true,
				DialContext: func(context.Context, string, string) (net.Conn, error) {
					nc, err := net.Dial("tcp", p.Addr())
					if err != nil {
						return nil, err
					}
					_ = nc.(*net.TCPConn).SetReadBuffer(4 << 10)
					return &deafConn{Conn: nc, deaf: deaf, closed: make(chan struct{})}, nil
				},
			}
			defer tr.CloseIdleConnections()
			scheme := map[bool]string{false: "http", true: "https"}[c.secure]
			ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+p.Addr()+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Accept", c.accept)
			resp, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if got := resp.ProtoMajor == 2; got != c.http2 {
				t.Fatalf("it speaks %s", resp.Proto)
			}
			close(deaf)
			if strings.HasPrefix(c.path, "/api/logs/") {
				data := []byte(`{"msg":"` + strings.Repeat("x", 64<<10) + `"}`)
				for seq := range uint64(100) {
					f.send(stream.Record{Stream: "s", Source: "vm-1", Position: stream.Position{Epoch: 9, Seq: seq}, Data: data})
				}
				f.logged(t)
			}
			begin := time.Now()
			p.stop() // fails when it does not end
			took := time.Since(begin)
			t.Logf("%s beyond the grace", took-grace)
			if took > grace+10*time.Second { // on a busy machine; mostly milliseconds
				t.Errorf("the end took %s", took)
			}
		})
	}
}
