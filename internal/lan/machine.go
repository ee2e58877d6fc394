//go:build linux

package lan

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// Machine is one machine. The test is at the other end of its wire.
type Machine struct {
	Address string // of the machine, without a port
	near    string // the test's, on this wire
	device  string // the test's end of the wire
	holder  int    // the process that the namespace is of
}

// far is the machine's end of its wire.
const far = "eth0"

// nowhere is what no interface has: what is sent there nobody takes.
const nowhere = "02:00:00:00:00:99"

// New returns a machine, the n-th of the test, from 1 to 200. It ends with the test.
func New(t testing.TB, n int) *Machine {
	t.Helper()
	m := &Machine{
		Address: fmt.Sprintf("10.77.%d.2", n), near: fmt.Sprintf("10.77.%d.1", n),
		device: fmt.Sprintf("vm%d", n),
	}
	// It ends with the test's process, whatever happens to that: then its input is closed.
	holder := exec.Command("cat")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	input, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() {
		input.Close()
		_ = holder.Wait()
	})
	m.holder = holder.Process.Pid
	for _, err := range []error{
		here("link", "set", "lo", "up"),
		here("link", "add", m.device, "type", "veth", "peer", "name", far, "netns", fmt.Sprint(m.holder)),
		here("addr", "add", m.near+"/24", "dev", m.device),
		m.there("addr", "add", m.Address+"/24", "dev", far),
		m.there("link", "set", "lo", "up"),
		m.there("link", "set", far, "up"),
		here("link", "set", m.device, "up"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// Enter returns the command and the first arguments by which a program runs on the
// machine: it has the same process, and the same files as the test.
func (m *Machine) Enter() []string {
	return []string{"nsenter", fmt.Sprintf("--net=/proc/%d/ns/net", m.holder), "--"}
}

// Unplug pulls the machine's cable.
func (m *Machine) Unplug() error { return m.there("link", "set", far, "down") }

// Swallow has all vanish on the way that is sent to the machine.
func (m *Machine) Swallow() error {
	return here("neigh", "replace", m.Address, "lladdr", nowhere, "dev", m.device, "nud", "permanent")
}

// Mute has all vanish on the way that the machine sends.
func (m *Machine) Mute() error {
	return m.there("neigh", "replace", m.near, "lladdr", nowhere, "dev", far, "nud", "permanent")
}

// Heal makes the network whole again, whatever was done to it.
func (m *Machine) Heal() error {
	if err := m.there("link", "set", far, "up"); err != nil {
		return err
	}
	// What is not known is asked for again.
	if err := here("neigh", "flush", "dev", m.device, "nud", "permanent"); err != nil {
		return err
	}
	return m.there("neigh", "flush", "dev", far, "nud", "permanent")
}

// here runs ip for the test.
func here(args ...string) error { return run("ip", args...) }

// there runs ip on the machine.
func (m *Machine) there(args ...string) error {
	enter := m.Enter()
	return run(enter[0], append(append(enter[1:], "ip"), args...)...)
}

func run(command string, args ...string) error {
	out, err := exec.Command(command, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", command, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
