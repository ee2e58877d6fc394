package e2e_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"sluice/internal/emulator"
	"sluice/internal/wait"
)

// A newcomer breaks a machine by three keys, sees what the client shows then, and brings
// it back.
func TestDevenvBreaksAndMends(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("sluice", "devenv")
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "HOME="+dir, "XDG_STATE_HOME="+dir, "TZ=UTC")
	term, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 140})
	if err != nil {
		t.Fatal(err)
	}
	defer term.Close()
	screen := emulator.New(140, 40)
	go func() { _, _ = io.Copy(screen, term) }()
	shows := func(text string) func() bool {
		return func() bool { return strings.Contains(screen.String(), text) }
	}
	press := func(key string) {
		if _, err := term.WriteString(key); err != nil {
			t.Fatal(err)
		}
	}
	wait.For(t, "records of all machines", func() bool {
		now := screen.String()
		return strings.Contains(now, " vm-1 ") && strings.Contains(now, " vm-2 ") && strings.Contains(now, " vm-3 ")
	})
	for _, fault := range []struct{ key, word string }{{"k", "killed"}, {"h", "hung"}, {"s", "slow"}, {"c", "cut off"}} {
		press("x")
		wait.For(t, "the parts", shows("break something"))
		press("2")
		wait.For(t, "what can be done", shows("kill vm-2"))
		press(fault.key)
		wait.For(t, "the title to say it", shows("sluice devenv  vm-2 "+fault.word))
		if fault.word == "killed" {
			wait.For(t, "the loss", shows("vm-2 lost"))
		}
		press("x")
		wait.For(t, "the parts", shows("break something"))
		press("2")
		wait.For(t, "the way back", shows("bring back vm-2"))
		press("b")
		wait.For(t, "the title to say nothing", func() bool { return !shows("vm-2 " + fault.word)() })
	}
	press("q")
	if err := cmd.Wait(); err != nil {
		t.Errorf("left with q: %v", err)
	}
}

var processID = regexp.MustCompile(`process (\d+):`)

// However devenv ends, none of its parts outlives it.
func TestDevenvLeavesNoProcess(t *testing.T) {
	for _, end := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		cmd := exec.Command("sluice", "devenv", "--headless", "--rate", "5")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var parts []int
		for lines := bufio.NewScanner(out); len(parts) < 4 && lines.Scan(); {
			if m := processID.FindStringSubmatch(lines.Text()); m != nil {
				pid, _ := strconv.Atoi(m[1])
				parts = append(parts, pid)
			}
		}
		if len(parts) != 4 {
			t.Fatalf("it printed the processes %v, want four", parts)
		}
		if err := syscall.Kill(parts[0], syscall.SIGSTOP); err != nil { // one that does nothing by itself
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(end); err != nil {
			t.Fatal(err)
		}
		for _, pid := range parts {
			wait.For(t, "process "+strconv.Itoa(pid)+" to end", func() bool { return syscall.Kill(pid, 0) != nil || isZombie(pid) })
		}
		_ = cmd.Wait()
	}
}

// isZombie reports whether a process has ended, and nobody has asked how.
func isZombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(stat), ") Z ")
}
