package main

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The binary under test is the test's own, which calls main when it is named
// sluice; so it stands inside the package, and runs with the race detector
// when the test does.
func TestMain(m *testing.M) {
	// A process with the race detector sleeps for a second before it ends, and
	// these tests run some hundred processes.
	if _, ok := os.LookupEnv("GORACE"); !ok {
		os.Setenv("GORACE", "atexit_sleep_ms=20")
	}
	testscript.Main(m, map[string]func(){"sluice": main, "sluice-panics": mainThatPanics})
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

func TestSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1": 1, "4194304": 4 << 20, "64KiB": 64 << 10, "256MiB": 256 << 20, "2GiB": 2 << 30, "7B": 7, "100M": 100 << 20, "4K": 4 << 10, "1G": 1 << 30,
		"": -1, "0": -1, "-5": -1, "MiB": -1, "1.5MiB": -1, "4MB": -1, "M": -1, "4m": -1, "9999999999GiB": -1,
	} {
		var s size
		err := s.Set(text)
		switch {
		case want < 0 && err == nil:
			t.Errorf("size %q is taken for %d", text, s)
		case want >= 0 && (err != nil || int64(s) != want):
			t.Errorf("size %q is %d, %v, want %d", text, s, err, want)
		case want >= 0:
			var again size
			if err := again.Set(s.String()); err != nil || again != s {
				t.Errorf("size %d prints as %q, which is %d, %v", s, s.String(), again, err)
			}
		}
	}
}
