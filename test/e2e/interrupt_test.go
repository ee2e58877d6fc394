package e2e_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"sluice/internal/wait"
)

// Interrupted, tail ends with 130 and its last line on standard error.
func TestTailInterrupted(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := exec.Command("sluice", "tail", "--plain", "--proxy", "http://127.0.0.1:1", "system")
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stderr)
		if !lines.Scan() { // it says that there is no proxy
			t.Fatalf("no line on standard error: %v", lines.Err())
		}
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		last := lines.Text()
		for lines.Scan() {
			last = lines.Text()
		}
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != 130 {
			t.Errorf("%v: exit code %d, want 130", sig, got)
		}
		if want := "sluice: written=0 lost=unknown"; last != want {
			t.Errorf("%v: last line %q, want %q", sig, last, want)
		}
	}
}

// Servers that are told to end do so with 0, while records run through them.
func TestServersEnd(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 3)
	c := start(t, "consolidator", "--name", "vm-1", "--publish", "tcp://"+ports[0], "--subscribe", "tcp://"+ports[1])
	p := start(t, "proxy", "--listen", ports[2], "--consolidator", "tcp://"+ports[1])
	for _, port := range ports {
		awaitListener(t, port)
	}
	publishNumbers(t, ports[0], "vm-1", 0)
	resp, err := http.Get("http://" + ports[2] + "/api/logs/system")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	curl := newReader()
	ended := make(chan struct{})
	go func() { defer close(ended); curl.lines(resp.Body) }()
	wait.For(t, "records", func() bool { return curl.counted("vm-1") > 10 })
	for _, server := range []*exec.Cmd{p, c} {
		if err := server.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := server.Wait(); err != nil {
			t.Errorf("%q after SIGTERM: %v", server.Args, err)
		}
	}
	<-ended // the response came to its end
	if len(curl.wrong) > 0 {
		t.Error(curl.wrong)
	}
}
