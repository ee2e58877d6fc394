package main

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// However the client is ended, the terminal is as it was: the main screen, the
// cursor, no mouse, and lines that are edited and echoed by the kernel.
func TestTheTerminalIsRestored(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			c := openConsole(t, 80, 24, "", nil, "tail", "--consolidator", "tcp://127.0.0.1:1", "system")
			c.wants("Connecting to")
			if err := c.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- c.cmd.Wait() }()
			select {
			case err := <-ended:
				if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || !exit.Exited()) {
					t.Fatalf("sluice ended: %v", err)
				}
			case <-time.After(patience):
				t.Fatal("sluice does not end")
			}
			// What it wrote last may still be on its way through the emulator.
			for _, off := range []string{"\x1b[?1049l", "\x1b[?25h", "\x1b[?1002l"} {
				for deadline := time.Now().Add(patience); !c.wrote(off); time.Sleep(5 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatalf("%q was never written", off)
					}
				}
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			out := c.raw.String()
			for on, off := range map[string]string{"\x1b[?1049h": "\x1b[?1049l", "\x1b[?1002h": "\x1b[?1002l"} {
				if strings.LastIndex(out, on) > strings.LastIndex(out, off) {
					t.Errorf("%q was not undone", on)
				}
			}
		})
	}
}
