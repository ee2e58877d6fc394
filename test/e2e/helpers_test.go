package e2e_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"sync"
	"testing"

	"sluice/internal/wait"
)

// start runs sluice as a process of its own until the test ends.
func start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if args[0] == "consolidator" || args[0] == "proxy" {
		args = append(args, "--admin", "") // there are several at a time
	}
	cmd := exec.Command("sluice", args...)
	var log bytes.Buffer // to be read when it has ended
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%q said:\n%s", cmd.Args, log.Bytes())
		}
	})
	return cmd
}

// taken are the ports that freePort has given out.
var taken = struct {
	sync.Mutex
	ports map[int]bool
}{ports: make(map[int]bool)}

// freePort returns a port of this machine that nobody listens on. It is none of
// those that the system gives to whoever asks for any: so nobody gets it while
// it is not listened on, and nobody who connects to it then connects to itself.
func freePort() int {
	taken.Lock()
	defer taken.Unlock()
	for {
		port := 10_000 + rand.IntN(20_000)
		if taken.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		l.Close()
		taken.ports[port] = true
		return port
	}
}

// freePorts returns n addresses that nobody listens on.
func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		ports = append(ports, fmt.Sprintf("127.0.0.1:%d", freePort()))
	}
	return ports
}

// awaitListener waits until somebody listens.
func awaitListener(t *testing.T, address string) {
	t.Helper()
	wait.For(t, "a listener on "+address, func() bool { return listens(address) })
}

func listens(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// pump starts a consolidator for a test, and returns its two endpoints.
func pump(t *testing.T) (publish, subscribe string) {
	t.Helper()
	ports := freePorts(t, 2)
	publish, subscribe = "tcp://"+ports[0], "tcp://"+ports[1]
	start(t, "consolidator", "--publish", publish, "--subscribe", subscribe)
	for _, p := range ports {
		awaitListener(t, p)
	}
	return publish, subscribe
}

// tailed runs tail until it has n records, and returns them.
func tailed(t *testing.T, n string, args ...string) string {
	t.Helper()
	cmd := exec.Command("sluice", append([]string{"tail", "--plain", "--last", n, "--count", n, "--for", wait.Limit.String(), "--output", "raw"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	return string(out)
}

// run runs a command until the test ends.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}
