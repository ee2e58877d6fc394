package pipe_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"sluice/internal/wait"
	"sluice/tui/pipe"
)

// run starts a command, which is stopped at the end.
func run(t *testing.T, text string) *pipe.Command {
	t.Helper()
	c, err := pipe.Start(text, func() {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.End)
	return c
}

// output is what a command has printed when it has ended.
func output(c *pipe.Command) string {
	<-c.Done()
	var lines []string
	for i := range c.Lines() {
		lines = append(lines, c.Line(i))
	}
	return strings.Join(lines, "\n")
}

func TestWhatACommandPrints(t *testing.T) {
	for name, test := range map[string]struct{ command, input, want, outcome string }{
		"a filter":            {"sort | uniq -c | tr -s ' '", "b\na\nb\n", " 1 a\n 2 b", "exit status 0"},
		"nothing":             {"cat >/dev/null", "b\n", "", "exit status 0"},
		"a failure":           {"cat; echo no >&2; exit 3", "b\n", "b\nno", "exit status 3"},
		"no line break":       {"printf 'a\\nb'", "", "a\nb", "exit status 0"},
		"tabs and colours":    {`printf 'ab\tc\r\n\033[1;31mred\033[m\033[K\n'`, "", "ab      c\nred", "exit status 0"},
		"other sequences":     {`printf '\033]0;x\007\033[2J\302\233m\n'`, "", `␛]0;x␇␛[2J\u009bm`, "exit status 0"},
		"a signal":            {"kill -KILL $$", "", "", "signal: killed"},
		"it reads the screen": {"(: </dev/tty) 2>/dev/null || echo none", "", "none", "exit status 0"},
		"it knows no such":    {"no-such-program-at-all 2>/dev/null", "", "", "exit status 127"},
	} {
		t.Run(name, func(t *testing.T) {
			c := run(t, test.command)
			_, _ = c.Write([]byte(test.input)) // it may have ended
			c.CloseInput()
			if got := output(c); got != test.want {
				t.Errorf("it printed %q, want %q", got, test.want)
			}
			if outcome, ok := c.Outcome(); outcome != test.outcome || ok != (outcome == "exit status 0") {
				t.Errorf("it ended with %q, %v", outcome, ok)
			}
		})
	}
}

// What does not read makes the writer wait, and what has ended makes it fail.
func TestACommandThatDoesNotRead(t *testing.T) {
	c := run(t, "exec head -c 3")
	big := []byte(strings.Repeat("x", 1<<20))
	if _, err := c.Write(big); err == nil {
		t.Error("a command that has ended took all")
	}
	if got := output(c); got != "xxx" {
		t.Errorf("it printed %q", got)
	}
	stuck := run(t, "exec sleep 1000")
	failed := make(chan error)
	go func() {
		_, err := stuck.Write(big)
		failed <- err
	}()
	stuck.Stop()
	if err := <-failed; err == nil {
		t.Error("a command that was stopped took all")
	}
	<-stuck.Done()
	if outcome, _ := stuck.Outcome(); outcome != "stopped" {
		t.Errorf("it ended with %q", outcome)
	}
}

// alive reports whether a process runs, and has not only not been reaped.
func alive(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !os.IsNotExist(err)
	}
	_, state, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(state, "Z")
}

// A command that is stopped goes with all that it started, also if they do not want to.
func TestStoppingAll(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pids")
	t.Setenv("PIDS", file)
	c := run(t, `trap '' TERM; (trap '' TERM; while :; do sleep 1000; done) & echo $! >"$PIDS.new"; mv "$PIDS.new" "$PIDS"; while :; do sleep 1000; done`)
	wait.For(t, "the command's children", func() bool { _, err := os.Stat(file); return err == nil })
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	if !alive(pid) {
		t.Fatal("its child does not run")
	}
	c.End()
	wait.For(t, "its child to end", func() bool { return !alive(pid) })
}

// What a shell leaves behind, such as a program that keeps a clipboard, holds nothing up.
func TestWhatIsLeftBehind(t *testing.T) {
	file := filepath.Join(t.TempDir(), "end")
	t.Setenv("UNTIL", file)
	c := run(t, `(until [ -e "$UNTIL" ]; do sleep 0.01; done; : >"$UNTIL.seen") & echo here`)
	if got := output(c); got != "here" {
		t.Errorf("it printed %q", got)
	}
	if outcome, ok := c.Outcome(); !ok {
		t.Errorf("it ended with %q", outcome)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "what was left behind, alive", func() bool { _, err := os.Stat(file + ".seen"); return err == nil })
}

// What is printed is bounded, and the command not held up by it.
func TestMuchIsPrinted(t *testing.T) {
	var told atomic.Int64
	c, err := pipe.Start("head -c 9000000 /dev/zero | tr '\\0' x; echo; echo end", func() { told.Add(1) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.End)
	<-c.Done()
	kept := uint64(len(c.Copy()))
	if kept > pipe.MaxOutput || kept+c.Over() != 9_000_005 {
		t.Errorf("%d bytes are kept, %d not", kept, c.Over())
	}
	if n := len(c.Line(0)); c.Lines() != 1 || n != pipe.MaxLine+len("…") {
		t.Errorf("%d lines, the first of %d bytes", c.Lines(), n)
	}
	if told.Load() == 0 {
		t.Error("nobody was told")
	}
	many := run(t, "yes '' | head -n 200005")
	<-many.Done()
	if many.Lines() != pipe.MaxLines || many.Over() != 5 {
		t.Errorf("%d lines are kept, %d bytes not", many.Lines(), many.Over())
	}
	if many.Line(-1) != "" || many.Line(pipe.MaxLines) != "" {
		t.Error("there are lines that nobody printed")
	}
}
