package main

import (
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"sluice/internal/emulator"
)

// On a terminal a recording shows how it goes, on one row however narrow, and
// takes it away at the end. No name can act on the terminal.
func TestRecordOnATerminal(t *testing.T) {
	publish, subscribe := pump(t)
	publishMany(t, publish, "tenant/acme")
	out := filepath.Join(t.TempDir(), "\x1b[2J\x1b[31mout.ndjson.zst")
	cmd := exec.Command("sluice", "record", "tenant/acme", "--consolidator", subscribe, "--out", out)
	term, err := pty.StartWithAttrs(cmd, &pty.Winsize{Rows: 10, Cols: 60}, &syscall.SysProcAttr{Setsid: true, Setctty: true})
	if err != nil {
		t.Fatal(err)
	}
	defer term.Close()
	screen := emulator.New(60, 10)
	var raw strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(io.MultiWriter(screen, &raw), term)
	}()
	await(t, "the progress", func() bool { return strings.HasPrefix(screen.String(), "recording to ") })
	_ = pty.Setsize(term, &pty.Winsize{Rows: 10, Cols: 200})
	screen.Resize(200, 10)
	await(t, "how it goes", func() bool {
		first, rest, _ := strings.Cut(screen.String(), "\n")
		return strings.Contains(first, " records, ") && strings.Contains(first, "MiB (") && strings.Contains(first, ", 0 lost") && strings.TrimSpace(rest) == ""
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	<-read
	if text := screen.String(); strings.Contains(text, "recording to") || !strings.HasPrefix(text, "sluice: records=") {
		t.Errorf("the screen is\n%s", text)
	}
	if strings.Contains(raw.String(), "\x1b[2J") || strings.Contains(raw.String(), "\x1b[31m") {
		t.Error("a name acted on the terminal")
	}
}
