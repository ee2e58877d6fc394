package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"sluice/internal/emulator"
	"sluice/internal/wait"
)

// endsRestored waits for the program's end and for the terminal to be as it was
// before it. It returns the exit code.
func (c *console) endsRestored() int {
	c.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- c.cmd.Wait() }()
	select {
	case err := <-ended:
		if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || !exit.Exited()) {
			c.t.Fatalf("sluice ended: %v", err)
		}
	case <-time.After(wait.Limit):
		_ = c.cmd.Process.Signal(syscall.SIGQUIT) // it tells what its goroutines do
		<-ended
		c.mu.Lock()
		defer c.mu.Unlock()
		c.t.Fatalf("sluice does not end: %s", c.raw.String()[max(c.raw.Len()-64<<10, 0):])
	}
	// What it wrote last may still be on its way through the emulator. Who was
	// suspended has undone all of it once before.
	for _, mode := range []struct{ name, on, off string }{
		{"the alternate screen", "\x1b[?1049h", "\x1b[?1049l"},
		{"a hidden cursor", "\x1b[?25l", "\x1b[?25h"},
		{"the mouse", "\x1b[?1002h", "\x1b[?1002l"},
	} {
		wait.For(c.t, mode.name+" is undone", func() bool { return c.last(mode.off) > c.last(mode.on) })
	}
	return c.cmd.ProcessState.ExitCode()
}

// console is the full-screen client, a process of its own in a pseudo-terminal
// whose bytes go through a terminal emulator.
type console struct {
	t    *testing.T
	cmd  *exec.Cmd
	term *os.File
	vt   *emulator.Terminal
	home string

	mu  sync.Mutex
	raw strings.Builder
}

// openConsole runs sluice in a terminal. home holds its settings and its
// layout; "" is a new one. env goes before the environment's.
func openConsole(t *testing.T, columns, rows int, home string, env []string, args ...string) *console {
	t.Helper()
	return openProgram(t, "sluice", columns, rows, home, env, args...)
}

// openProgram is openConsole for another program.
func openProgram(t *testing.T, name string, columns, rows int, home string, env []string, args ...string) *console {
	t.Helper()
	if home == "" {
		home = t.TempDir()
	}
	c := &console{t: t, cmd: exec.Command(name, args...), vt: emulator.New(columns, rows), home: home}
	c.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=", "TMUX=", "STY=", "TZ=UTC",
		"XDG_CONFIG_HOME="+filepath.Join(home, "config"), "XDG_STATE_HOME="+filepath.Join(home, "state"))
	c.cmd.Env = append(c.cmd.Env, env...)
	c.cmd.Dir = home
	term, err := pty.StartWithSize(c.cmd, &pty.Winsize{Rows: uint16(rows), Cols: uint16(columns)})
	if err != nil {
		t.Fatal(err)
	}
	c.term = term
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(c, term)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
		<-read
		term.Close()
	})
	return c
}

// Write takes what the client writes.
func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.raw.Write(p)
	c.mu.Unlock()
	return c.vt.Write(p)
}

// last is where the program wrote the text last, or -1.
func (c *console) last(text string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.LastIndex(c.raw.String(), text)
}

func (c *console) wrote(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Contains(c.raw.String(), text)
}

// press types keys.
func (c *console) press(keys string) {
	c.t.Helper()
	if _, err := c.term.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// wants waits until all these texts are on the screen, each on one line.
func (c *console) wants(texts ...string) {
	c.t.Helper()
	for _, text := range texts {
		c.waits("text "+text, func(screen string) bool { return shows(screen, text) })
	}
}

// follows is on the screen of a pane that follows: on a slow machine a stream
// is quiet before anybody has looked.
const follows = "following|quiet since"

// shows reports whether a screen has a text, or one of several.
func shows(screen, texts string) bool {
	return slices.ContainsFunc(strings.Split(texts, "|"), func(text string) bool { return strings.Contains(screen, text) })
}

// lacks waits until a text is not on the screen.
func (c *console) lacks(text string) {
	c.t.Helper()
	c.waits("no text "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

func (c *console) waits(what string, holds func(screen string) bool) {
	c.t.Helper()
	if !wait.Until(func() bool { return holds(c.vt.String()) }) {
		c.t.Fatalf("%s: waited %v:\n%s", what, wait.Limit, c.vt.String())
	}
}

// leaves waits for the client's end, which must be without an error.
func (c *console) leaves() {
	c.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- c.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			c.t.Errorf("sluice ended: %v", err)
		}
	case <-time.After(wait.Limit):
		_ = c.cmd.Process.Kill()
		<-ended
		c.t.Fatalf("sluice does not end:\n%s", c.vt.String())
	}
}

// linesTo is a running "sluice publish": lines written to it are published.
func linesTo(t *testing.T, endpoint, stream string) io.Writer {
	t.Helper()
	cmd := exec.Command("sluice", "publish", stream, "--to", endpoint, "--summary", "none")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, cmd)
	return in
}

func bunyan(level int, msg, fields string) string {
	if fields != "" {
		fields = "," + fields
	}
	return fmt.Sprintf(`{"v":0,"name":"app","hostname":"vm-1","pid":7,"level":%d,"time":%q,"msg":%q%s}`+"\n",
		level, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), msg, fields)
}

// put publishes records numbered from one number to another.
func put(t *testing.T, w io.Writer, level, from, to int, fields string) {
	t.Helper()
	for i := from; i <= to; i++ {
		if _, err := io.WriteString(w, bunyan(level, fmt.Sprintf("line %d.", i), fields)); err != nil {
			t.Fatal(err)
		}
	}
}
