package terminal

import (
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Suspend gives the terminal back and stops the process, until the shell goes on
// with it. It reports false when there was no shell to stop it.
func (t *Terminal) Suspend() (stopped bool, err error) {
	t.Leave()
	stopped = stop()
	t.resumed = time.Now()
	return stopped, t.Enter()
}

// Continue takes the terminal over again after somebody else has stopped the
// process: the shell had the terminal meanwhile.
func (t *Terminal) Continue() error {
	if time.Since(t.resumed) < time.Second {
		return nil // it stopped by itself
	}
	_, _ = io.WriteString(t.out, leaving)
	t.entered, t.mouse, t.title = false, false, ""
	return t.Enter()
}

// stopTime is how long a stop may take to come.
const stopTime = 200 * time.Millisecond

// stop stops the process, and those of its pipe, until the shell goes on with it.
// It reports false when it was not stopped: the kernel stops no process without a shell
// above it, as under ssh with a command, or in a window of tmux of its own.
func stop() bool {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return false
	}
	for range 2 { // timers go on while we are stopped, so the first one tells nothing
		select {
		case <-continued:
			return true
		case <-time.After(stopTime):
		}
	}
	return false
}
