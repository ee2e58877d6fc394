//go:build linux

package lan_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os/exec"
	"testing"
	"time"

	"sluice/internal/foreign"
	"sluice/internal/lan"
	"sluice/internal/wait"
)

// What is cut vanishes: no side is told, and what was under way arrives once all is
// well again.
func TestWhatIsCutVanishes(t *testing.T) {
	foreign.Need(t, "network namespaces")
	if !lan.Inside(t) {
		return
	}
	m := lan.New(t, 1)
	ln, err := net.Listen("tcp", "10.77.1.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	enter := m.Enter()
	// A machine that sends back what it gets.
	peer := exec.Command(enter[0], append(enter[1:], "bash", "-c", "exec 3<>/dev/tcp/10.77.1.1/"+port+"; exec cat <&3 >&3")...)
	if err := peer.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = peer.Process.Kill()
		_ = peer.Wait()
	}()
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	echo := func(text string, within time.Duration) error {
		if _, err := conn.Write([]byte(text)); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(within))
		b := make([]byte, len(text))
		_, err := io.ReadFull(conn, b)
		return err
	}
	if err := echo("begin", wait.Limit); err != nil {
		t.Fatal(err)
	}
	for name, cut := range map[string]func() error{"unplugged": m.Unplug, "swallowing": m.Swallow, "mute": m.Mute} {
		if err := cut(); err != nil {
			t.Fatal(err)
		}
		if err := echo(name, 50*time.Millisecond); !isTimeout(err) {
			t.Errorf("%s: %v, want nothing", name, err)
		}
		if err := m.Heal(); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(wait.Limit))
		b := make([]byte, len(name))
		if _, err := io.ReadFull(conn, b); err != nil || string(b) != name {
			t.Errorf("healed after %s: %q, %v", name, b, err)
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() && !errors.Is(err, context.Canceled)
}
