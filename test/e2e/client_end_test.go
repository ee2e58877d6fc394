package e2e_test

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"sluice/cli"
	"sluice/cluster/discovery"
	"sluice/cluster/rescue"
	"sluice/cluster/stream/direct"
	"sluice/tui"
)

// However the client is ended, the terminal is as it was: the main screen, the
// cursor, no mouse, and lines that are edited and echoed by the kernel.
func TestTheTerminalIsRestored(t *testing.T) {
	// Tests that run under nohup would hand on that a hangup is ignored.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangup) })
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			c := openConsole(t, 80, 24, "", nil, "tail", "--consolidator", "tcp://127.0.0.1:1", "system")
			c.wants("Connecting to")
			if err := c.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			c.endsRestored()
		})
	}
}

// Without a shell above it, as under ssh with a command, nothing can stop the
// client: it goes on, and says so.
func TestSuspendWithoutAShell(t *testing.T) {
	t.Parallel()
	c := openConsole(t, 80, 24, "", nil, "tail", "--consolidator", "tcp://127.0.0.1:1", "system")
	c.wants("Connecting to")
	c.press("\x1a")
	c.wants("not suspended: there is no shell to go back to", "Connecting to")
	c.press("q")
	c.endsRestored()
}

// mainThatPanics is the full-screen client on a source that panics at SIGUSR1,
// in a goroutine which is not the client's.
func mainThatPanics() {
	source, err := direct.New(direct.Config{Finder: fallingFinder{}})
	if err != nil {
		panic(err)
	}
	err = rescue.Beside(context.Background(), "read records", source.Run, func(ctx context.Context) error {
		client, err := tui.New(tui.Config{Feed: source, Streams: []string{"system"}})
		if err != nil {
			return err
		}
		return client.Run(ctx)
	})
	os.Exit(cli.Report(os.Stderr, err))
}

// fallingFinder finds nothing and panics at SIGUSR1.
type fallingFinder struct{}

func (fallingFinder) Find(context.Context, func(discovery.Found)) error {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGUSR1)
	<-told
	panic("bo\x1b[31mom")
}

func (fallingFinder) Place() discovery.Place { return discovery.Place{} }

// After a panic the terminal is as it was, and tells what happened.
func TestAPanicIsTold(t *testing.T) {
	c := openProgram(t, "sluice-panics", 200, 40, "", nil) // the version is on the last line, however long it is
	c.wants("Looking for sources")
	if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if code := c.endsRestored(); code != 1 {
		t.Errorf("the exit code is %d, want %d", code, 1)
	}
	c.wants("sluice: read records: internal error: bo␛[31mom", "fallingFinder", "please report it")
	if c.wrote("bo\x1b[31m") {
		t.Error("what the panic said reached the terminal as it was")
	}
}
