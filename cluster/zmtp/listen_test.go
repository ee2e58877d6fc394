package zmtp_test

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"sluice/cluster/zmtp"
)

// loopback is the name of this machine's loopback interface.
func loopback(t *testing.T) string {
	t.Helper()
	all, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, nic := range all {
		if addrs, _ := nic.Addrs(); nic.Flags&net.FlagLoopback != 0 && len(addrs) > 0 {
			return nic.Name
		}
	}
	t.Fatal("there is no loopback interface")
	return ""
}

func TestParseListen(t *testing.T) {
	lo := loopback(t)
	for _, c := range []struct {
		s, want string
		local   bool
	}{
		{"tcp://127.0.0.1:5551", "tcp://127.0.0.1:5551", true},
		{"tcp://127.0.0.1:*", "tcp://127.0.0.1:0", true},
		{"tcp://127.0.0.1:0", "tcp://127.0.0.1:0", true},
		{"tcp://[::1]:*", "tcp://[::1]:0", true},
		{"tcp://" + lo + ":5551", "tcp://127.0.0.1:5551", true},
		{"tcp://" + lo + ":*", "tcp://127.0.0.1:0", true},
		{"tcp://*:5550", "tcp://:5550", false},
		{"tcp://*:*", "tcp://:0", false},
		{"tcp://:5550", "tcp://:5550", false},
		{"tcp://[::]:5550", "tcp://[::]:5550", false},
		{"tcp://0.0.0.0:5550", "tcp://0.0.0.0:5550", false},
		{"ipc://s", "ipc://s", true},
	} {
		if e, err := zmtp.ParseListen(c.s); err != nil || e.String() != c.want || e.Local() != c.local {
			t.Errorf("ParseListen(%q) = %v, local %v, %v; want %s", c.s, e, e.Local(), err, c.want)
		}
	}
	for s, want := range map[string]string{
		"ipc://*":                           "write one, as in ipc:///run/sluice/publish",
		"tcp://::1:5551":                    "tcp://[::1]:5551",
		"tcp://127.0.0.1:http":              `"http" is no port`,
		"tcp://127.0.0.1:65536":             "at most 65535",
		"inproc://x":                        `there is no transport "inproc"`,
		"ipc://" + strings.Repeat("p", 108): "the path has 108 bytes, and that of a socket has at most",
	} {
		if e, err := zmtp.ParseListen(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseListen(%q) = %v, %v; want an error with %q", s, e, err, want)
		}
	}
}

// Whatever path is accepted can be listened on.
func TestTheLongestSocketPath(t *testing.T) {
	t.Chdir(t.TempDir())
	long := ""
	for n := 90; n < 120; n++ {
		e, err := zmtp.ParseListen("ipc://" + strings.Repeat("p", n))
		if err != nil {
			break
		}
		ln, err := zmtp.Listen(e)
		if err != nil {
			t.Fatalf("a path of %d bytes: %v", n, err)
		}
		ln.Close()
		long = e.Address
	}
	if len(long) < 100 || len(long) > 107 {
		t.Errorf("the longest path that can be had has %d bytes", len(long))
	}
	if _, err := net.Listen("unix", long+"p"); err == nil {
		t.Errorf("the system takes %d bytes", len(long)+1)
	}
	if left, _ := filepath.Glob("p*"); len(left) > 0 {
		t.Errorf("%d sockets are left", len(left))
	}
}

func TestListenOnAnInterface(t *testing.T) {
	e, err := zmtp.ParseListen("tcp://" + loopback(t) + ":*")
	if err != nil {
		t.Fatal(err)
	}
	bound := zmtp.Bound(listen(t, e))
	if host, port, err := net.SplitHostPort(bound.Address); err != nil || host != "127.0.0.1" || port == "0" {
		t.Errorf("bound to %v", bound)
	}
}

// The name of an interface is no name of a machine.
func TestDialAnInterface(t *testing.T) {
	unknown := &net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}
	err := zmtp.OfInterface(zmtp.Endpoint{Network: "tcp", Address: loopback(t) + ":5551"}, unknown)
	if !errors.Is(err, unknown) || !strings.Contains(err.Error(), "is a network interface, which can only be listened on: connect to an address, as in tcp://127.0.0.1:5551") {
		t.Errorf("error is %v", err)
	}
	if err := zmtp.OfInterface(zmtp.Endpoint{Network: "tcp", Address: "no-interface.example:1"}, unknown); err != unknown {
		t.Errorf("error is %v", err)
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{"tcp://127.0.0.1:5551", "tcp://*:*", "tcp://[::1%lo]:1", "ipc://*", "ipc:///run/s", "tcp://a:1;b:2", "tcp://::1:1", "://", "tcp://[:1", "ipc://\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := zmtp.ParseEndpoint(s)
		if err == nil {
			// What can be connected to reads back, and can be listened on.
			if again, err := zmtp.ParseEndpoint(e.String()); err != nil || again != e {
				t.Errorf("%q is %v, which is read as %v, %v", s, e, again, err)
			}
			if _, err := zmtp.ParseListen(s); err != nil && !strings.Contains(err.Error(), "network interface") {
				t.Errorf("%q cannot be listened on: %v", s, err)
			}
		} else if !strings.Contains(err.Error(), "write ") {
			t.Errorf("%q: %v does not say what to write", s, err)
		}
	})
}
