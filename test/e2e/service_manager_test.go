package e2e_test

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/internal/wait"
)

// manager is systemd's side of a unit with Type=notify.
type manager struct {
	t      *testing.T
	socket *net.UnixConn
	path   string
}

func newManager(t *testing.T) *manager {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	return &manager{t: t, socket: socket, path: path}
}

// next is what it is told next.
func (m *manager) next() string {
	m.t.Helper()
	_ = m.socket.SetReadDeadline(time.Now().Add(wait.Limit))
	text := make([]byte, 4096)
	n, err := m.socket.Read(text)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text[:n])
}

// awaits what it is told, and passes over all else.
func (m *manager) awaits(state string) {
	m.t.Helper()
	for m.next() != state {
	}
}

// run runs sluice as the unit does, with a watchdog of a time.
func (m *manager) run(watchdog string, args ...string) *exec.Cmd {
	m.t.Helper()
	cmd := exec.Command("sluice", args...)
	cmd.Env = append(cmd.Environ(), "NOTIFY_SOCKET="+m.path)
	if watchdog != "" {
		cmd.Env = append(cmd.Env, "WATCHDOG_USEC="+watchdog)
	}
	run(m.t, cmd)
	return cmd
}

// A consolidator tells systemd when it serves, that it lives, and when it shuts down.
func TestConsolidatorTellsTheServiceManager(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	ports := freePorts(t, 2)
	cmd := m.run("30000", "consolidator", "--publish", "tcp://"+ports[0], "--subscribe", "tcp://"+ports[1], "--admin", "")
	m.awaits("READY=1")
	for _, p := range ports {
		if !listens(p) {
			t.Errorf("it says that it is ready, and does not listen on %s", p)
		}
	}
	m.awaits("WATCHDOG=1")
	m.awaits("WATCHDOG=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.awaits("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A proxy says that it is ready once it has tried its consolidators, not before.
func TestProxyTellsTheServiceManager(t *testing.T) {
	t.Parallel()
	m := newManager(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and answers nothing
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := silent.Accept(); err == nil {
			accepted <- c
		}
		silent.Close()
	}()
	listen, began := freePorts(t, 1)[0], time.Now()
	cmd := m.run("", "proxy", "--listen", listen, "--admin", "", "--consolidator", "tcp://"+silent.Addr().String())
	conn := <-accepted
	awaitListener(t, listen)
	_ = m.socket.SetReadDeadline(time.Now())
	if n, err := m.socket.Read(make([]byte, 1)); err == nil && time.Since(began) < 5*time.Second {
		t.Errorf("it was told %d bytes while the only consolidator has not answered", n)
	}
	conn.Close() // no consolidator could be reached: there is nothing to wait for
	m.awaits("READY=1")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	m.awaits("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// What cannot be told to the service manager is logged, and ends nothing.
func TestAServiceManagerThatIsNotThere(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	cmd := exec.Command("sluice", "consolidator", "--publish", "tcp://"+ports[0], "--subscribe", "tcp://"+ports[1], "--admin", "")
	cmd.Env = append(cmd.Environ(), "NOTIFY_SOCKET="+filepath.Join(t.TempDir(), "none"))
	var log strings.Builder // to be read when it has ended
	cmd.Stderr = &log
	run(t, cmd)
	for _, p := range ports {
		awaitListener(t, p)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), `msg="the service manager cannot be told" state="READY=1"`) {
		t.Errorf("it logged:\n%s", log.String())
	}
}
