package relay_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"sluice/internal/relay"
	"sluice/internal/wait"
)

// pair is a connection through a relay, and a relay that has no other yet.
func pair(t *testing.T) (r *relay.Relay, client, server net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	r = relay.New(t, ln.Addr().String())
	return r, connect(t, r.Addr()), accept(t, ln)
}

func connect(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func accept(t *testing.T, ln net.Listener) net.Conn {
	t.Helper()
	c, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t *testing.T, to net.Conn, text string) {
	t.Helper()
	if _, err := to.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// arrives reports whether a text arrives next.
func arrives(t *testing.T, at net.Conn, text string) {
	t.Helper()
	_ = at.SetReadDeadline(time.Now().Add(wait.Limit))
	b := make([]byte, len(text))
	if _, err := io.ReadFull(at, b); err != nil || string(b) != text {
		t.Fatalf("%q arrived, %v; want %q", b, err, text)
	}
}

// nothing reports whether nothing arrives for a moment, and no end.
func nothing(t *testing.T, at net.Conn) {
	t.Helper()
	_ = at.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := at.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes arrived, %v; want nothing", n, err)
	}
}

func TestOneWayIsHeld(t *testing.T) {
	r, client, server := pair(t)
	r.HoldWay(relay.ToServer, true)
	send(t, client, "forth")
	send(t, server, "back")
	arrives(t, client, "back")
	nothing(t, server)
	r.HoldWay(relay.ToServer, false)
	arrives(t, server, "forth")
}

func TestOldConnectionsAreForgotten(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	r := relay.New(t, ln.Addr().String())
	client := connect(t, r.Addr())
	server := accept(t, ln)
	send(t, client, "begin")
	arrives(t, server, "begin")
	r.Forget()
	send(t, client, "forth")
	send(t, server, "back")
	nothing(t, client)
	nothing(t, server)
	client = connect(t, r.Addr())
	server = accept(t, ln)
	send(t, client, "forth")
	arrives(t, server, "forth")
}

func TestCutInTheMiddle(t *testing.T) {
	r, client, server := pair(t)
	r.CutAfter(relay.ToServer, 7)
	send(t, client, "begin")
	arrives(t, server, "begin")
	send(t, client, "forth")
	arrives(t, server, "fo")
	_ = server.SetReadDeadline(time.Now().Add(wait.Limit))
	if n, err := server.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes came after the cut, %v", n, err)
	}
}

// However late pieces are, they keep their order.
func TestDelayedInOrder(t *testing.T) {
	r, client, server := pair(t)
	began := time.Now()
	r.DelayBy(10*time.Millisecond, 10*time.Millisecond)
	for _, text := range []string{"one", "two", "three"} {
		send(t, client, text)
	}
	arrives(t, server, "onetwothree")
	if took := time.Since(began); took < 10*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}
