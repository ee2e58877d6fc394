package zmtp_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/cluster/zmtp"
)

func TestParseEndpoint(t *testing.T) {
	for _, c := range []struct {
		s     string
		want  zmtp.Endpoint
		local bool
		text  string // as it is written back; empty means s
	}{
		{"tcp://127.0.0.1:5551", zmtp.Endpoint{Network: "tcp", Address: "127.0.0.1:5551"}, true, ""},
		{"tcp://[::1]:5551", zmtp.Endpoint{Network: "tcp", Address: "[::1]:5551"}, true, ""},
		{"tcp://[fe80::1%eth0]:1", zmtp.Endpoint{Network: "tcp", Address: "[fe80::1%eth0]:1"}, false, ""},
		{"tcp://localhost.:1", zmtp.Endpoint{Network: "tcp", Address: "localhost.:1"}, true, ""},
		{"tcp://LocalHost:1", zmtp.Endpoint{Network: "tcp", Address: "LocalHost:1"}, true, ""},
		{"tcp://vm-1.example:5552", zmtp.Endpoint{Network: "tcp", Address: "vm-1.example:5552"}, false, ""},
		{"tcp://10.0.0.1:5552", zmtp.Endpoint{Network: "tcp", Address: "10.0.0.1:5552"}, false, ""},
		{"tcp://localhost.example:5552", zmtp.Endpoint{Network: "tcp", Address: "localhost.example:5552"}, false, ""},
		{"tcp://0.0.0.0:5552", zmtp.Endpoint{Network: "tcp", Address: "0.0.0.0:5552"}, false, ""},
		{"ipc:///run/sluice/s", zmtp.Endpoint{Network: "unix", Address: "/run/sluice/s"}, true, ""},
		{"ipc://s", zmtp.Endpoint{Network: "unix", Address: "s"}, true, ""},
		{"ipc://@s", zmtp.Endpoint{Network: "unix", Address: "@s"}, true, ""},
	} {
		got, err := zmtp.ParseEndpoint(c.s)
		if err != nil || got != c.want || got.Local() != c.local {
			t.Errorf("ParseEndpoint(%q) = %+v, local %v, %v", c.s, got, got.Local(), err)
		}
		if c.text == "" {
			c.text = c.s
		}
		if got.String() != c.text {
			t.Errorf("%q is written as %q, want %q", c.s, got, c.text)
		}
	}
	for _, s := range []string{
		"", "127.0.0.1:5551", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://::1:5551", "ipc://", "inproc://x", "TCP://127.0.0.1:1", "http://127.0.0.1:1",
		"tcp://*:5551", "tcp://:5551", "tcp://*:*", "tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://vm-1:http", "tcp://vm-1:65536", "tcp://vm-1:-1",
		"tcp://10.0.0.1:1;10.0.0.2:2", "ipc://*", "ipc://a\x00b", "ipc://" + strings.Repeat("p", 108),
	} {
		if e, err := zmtp.ParseEndpoint(s); err == nil || !strings.Contains(err.Error(), "write ") {
			t.Errorf("ParseEndpoint(%q) = %+v, %v; want an error that says what to write", s, e, err)
		}
	}
}

func listen(t testing.TB, e zmtp.Endpoint) net.Listener {
	t.Helper()
	ln, err := zmtp.Listen(e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

func TestListenOnAFreePort(t *testing.T) {
	ln := listen(t, zmtp.Endpoint{Network: "tcp", Address: "127.0.0.1:0"})
	e := zmtp.Bound(ln)
	if e.Network != "tcp" || strings.HasSuffix(e.Address, ":0") {
		t.Errorf("bound to %v", e)
	}
	if again, err := zmtp.Listen(e); err == nil || !strings.Contains(err.Error(), e.String()) {
		t.Errorf("listened twice on %v: %v, %v", e, again, err)
	}
}

func TestListenOnASocketFile(t *testing.T) {
	dir := t.TempDir()
	e := zmtp.Endpoint{Network: "unix", Address: filepath.Join(dir, "s")}

	t.Run("of a dead process", func(t *testing.T) {
		dead, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: e.Address})
		if err != nil {
			t.Fatal(err)
		}
		dead.SetUnlinkOnClose(false)
		dead.Close()
		if _, err := os.Stat(e.Address); err != nil {
			t.Fatalf("no socket file was left behind: %v", err)
		}
		ln := listen(t, e)
		if zmtp.Bound(ln) != e {
			t.Errorf("bound to %v", zmtp.Bound(ln))
		}
		nc, err := net.Dial("unix", e.Address)
		if err != nil {
			t.Fatalf("nobody listens there: %v", err)
		}
		nc.Close()
		ln.Close()
		if _, err := os.Stat(e.Address); !os.IsNotExist(err) {
			t.Errorf("the socket file is still there: %v", err)
		}
	})
	t.Run("of a living one", func(t *testing.T) {
		listen(t, e)
		if ln, err := zmtp.Listen(e); err == nil {
			ln.Close()
			t.Error("it was taken from its owner")
		}
		if nc, err := net.Dial("unix", e.Address); err != nil {
			t.Errorf("its owner cannot be reached any more: %v", err)
		} else {
			nc.Close()
		}
	})
	t.Run("that is no socket", func(t *testing.T) {
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if ln, err := zmtp.Listen(zmtp.Endpoint{Network: "unix", Address: path}); err == nil {
			ln.Close()
			t.Error("listened on a file")
		}
		if b, _ := os.ReadFile(path); string(b) != "precious" {
			t.Error("the file is gone")
		}
	})
}

func TestDialEndsWithItsContext(t *testing.T) {
	ln := listen(t, zmtp.Endpoint{Network: "tcp", Address: "127.0.0.1:0"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		if nc, err := ln.Accept(); err == nil {
			defer nc.Close()
			cancel() // it is connected, and is never answered
			<-ctx.Done()
			_, _ = nc.Read(make([]byte, 1024))
			_, _ = nc.Read(make([]byte, 1024)) // until it is closed
		}
	}()
	begun := time.Now()
	if _, err := zmtp.Dial(ctx, zmtp.Bound(ln), zmtp.Config{Type: zmtp.SUB, Peers: []string{zmtp.XPUB}}); err == nil {
		t.Error("dialled")
	}
	if d := time.Since(begun); d > 4*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestDialNobody(t *testing.T) {
	e := zmtp.Endpoint{Network: "unix", Address: filepath.Join(t.TempDir(), "nobody")}
	if _, err := zmtp.Dial(t.Context(), e, zmtp.Config{}); err == nil || !strings.Contains(err.Error(), `dial "ipc://`) {
		t.Errorf("error is %v", err)
	}
}
