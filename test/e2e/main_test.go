package e2e_test

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sluice/cli"
)

// The binary under test is the test's own, which is the command line when it is
// named sluice; so it runs with the race detector when the test does.
func TestMain(m *testing.M) {
	// A process with the race detector sleeps for a second before it ends, and
	// these tests run some hundred processes.
	if _, ok := os.LookupEnv("GORACE"); !ok {
		os.Setenv("GORACE", "atexit_sleep_ms=20")
	}
	testscript.Main(m, map[string]func(){"sluice": func() { os.Exit(cli.Main(os.Args[1:])) }, "sluice-panics": mainThatPanics})
}

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
		if want := "sluice: written=0 lost=0"; last != want {
			t.Errorf("%v: last line %q, want %q", sig, last, want)
		}
	}
}
