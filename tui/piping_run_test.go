package tui_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"sluice/internal/wait"
)

// A command that runs goes with the client, with all that it has started.
func TestACommandGoesWithTheClient(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	file := filepath.Join(folder(t), "pid")
	t.Setenv("PID", file)
	term := start80x24(t, "system")
	term.waitForText("No records yet in system.")
	term.feed.put(plainRecords(1, 1000))
	term.waitForText("line 1000")
	term.press("|")
	term.waitForText("pipe into")
	term.press(`(sleep 1000; echo) & echo $! >"$PID.new"; mv "$PID.new" "$PID"; wait; sleep 1000` + "\r")
	term.wait(func() bool { _, err := os.Stat(file); return err == nil })
	term.press("\x03")
	_ = term.end() // interrupted
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	wait.For(t, "its child to end", func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		_, state, _ := strings.Cut(string(stat), ") ")
		return syscall.Kill(pid, 0) != nil || err == nil && strings.HasPrefix(state, "Z")
	})
	wait.For(t, "all goroutines to end", func() bool { return goleak.Find(ignore) == nil }) // Bubble Tea's ticks in a second
}
