package e2e_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
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
	// Under nohup all processes would ignore what tests end some of them with.
	if binary := strings.HasPrefix(filepath.Base(os.Args[0]), "sluice"); !binary && signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	testscript.Main(m, map[string]func(){"sluice": func() { os.Exit(cli.Main(os.Args[1:])) }, "sluice-panics": mainThatPanics})
}
