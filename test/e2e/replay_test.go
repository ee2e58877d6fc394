package e2e_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"sluice/internal/emulator"
	"sluice/internal/wait"
)

// On a terminal a replay opens the full-screen client: its records merged, its
// losses as rows, a note of where it is, and keys that act on it.
func TestReplayOnScreen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC)
	write("vm-1.log", string(logLine(at, 30, "the first"))+"\n"+
		`{"v":0,"name":"sluice","hostname":"h","pid":1,"level":40,"time":"2026-03-01T14:00:00.500Z","msg":"lost","stream":"vm-1","dropped":1203,"unknown":false,"source":"vm-1","hop":"consolidator","cause":"reader too slow","sluice":"dropped"}`+"\n"+
		string(logLine(at.Add(time.Hour), 30, "an hour later"))+"\n")
	write("vm-2.log", string(logLine(at.Add(time.Second), 50, "the second"))+"\n"+string(logLine(at.Add(2*time.Hour), 30, "the last"))+"\n")

	cmd := exec.Command("sluice", "replay", "--speed", "100", "vm-1.log", "vm-2.log")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "HOME="+dir, "TZ=UTC")
	term, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 60, Cols: 140})
	if err != nil {
		t.Fatal(err)
	}
	defer term.Close()
	screen := emulator.New(140, 60)
	go func() { _, _ = io.Copy(screen, term) }()
	shows := func(texts ...string) func() bool {
		return func() bool {
			now := screen.String()
			for _, text := range texts {
				if !strings.Contains(now, text) {
					return false
				}
			}
			return true
		}
	}
	press := func(key string) {
		if _, err := term.WriteString(key); err != nil {
			t.Fatal(err)
		}
	}
	wait.For(t, "the first records", shows("sluice replay", "the first", "the second", "1,203", "reader too slow", "replay 100×", "at 2026-03-01 14:00:01", "next at 15:00:00"))
	if shows("an hour later")() {
		t.Fatal("what comes an hour later is there at once")
	}
	press("P")
	wait.For(t, "the pause", shows("replay 100× paused"))
	press("P")
	wait.For(t, "its end", shows("replay 100× · at"))
	press(">")
	wait.For(t, "another speed", shows("replay 200×"))
	press(".")
	wait.For(t, "the next record", shows("an hour later", "next at 16:00:00"))
	press("?")
	wait.For(t, "the help", shows("stop the replay", "replay twice as fast"))
	press("x")
	press(".")
	wait.For(t, "the end", shows("the last", "replay ended"))
	press("q")
	if err := cmd.Wait(); err != nil {
		t.Errorf("left with q: %v", err)
	}
}

// An interrupted replay ends with 130, and at once.
func TestReplayInterrupted(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "hours.log")
	at := time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC)
	if err := os.WriteFile(name, fmt.Appendf(nil, "%s\n%s\n", logLine(at, 30, "one"), logLine(at.Add(time.Hour), 30, "two")), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sluice", "replay", name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1)
	if _, err := out.Read(buf); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || strings.Contains(string(rest), "two") {
		t.Errorf("exit code %d, output %q", code, rest)
	}
}
