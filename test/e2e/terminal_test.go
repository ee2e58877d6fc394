package e2e_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"sluice/internal/emulator"
	"sluice/internal/wait"
)

// terminal is a command whose standard error, and all else that is not set, is a
// terminal.
type terminal struct {
	*emulator.Terminal
	t    *testing.T
	cmd  *exec.Cmd
	pty  *os.File
	raw  strings.Builder // what was written to it; to be read after wait
	read chan struct{}   // closed when nothing more comes
}

func onTerminal(t *testing.T, cmd *exec.Cmd, columns int) *terminal {
	t.Helper()
	term, err := pty.StartWithAttrs(cmd, &pty.Winsize{Rows: 10, Cols: uint16(columns)}, &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); term.Close() })
	s := &terminal{Terminal: emulator.New(columns, 10), t: t, cmd: cmd, pty: term, read: make(chan struct{})}
	go func() {
		defer close(s.read)
		_, _ = io.Copy(io.MultiWriter(s.Terminal, &s.raw), term)
	}()
	return s
}

func (s *terminal) resize(columns int) {
	_ = pty.Setsize(s.pty, &pty.Winsize{Rows: 10, Cols: uint16(columns)})
	s.Resize(columns, 10)
}

// rows is what is on the screen, up to the last row that is not empty.
func (s *terminal) rows() []string {
	rows := strings.Split(strings.TrimRight(s.String(), " \n"), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows
}

// wait waits for its end.
func (s *terminal) wait() {
	s.t.Helper()
	if err := s.cmd.Wait(); err != nil {
		s.t.Error(err)
	}
	<-s.read
}

// On a terminal a recording shows how it goes, on one row however narrow, and
// takes it away at the end. No name can act on the terminal.
func TestRecordOnATerminal(t *testing.T) {
	t.Parallel()
	publish, subscribe := pump(t)
	publishMany(t, publish, "tenant/acme")
	out := filepath.Join(t.TempDir(), "\x1b[2J\x1b[31mout.ndjson.zst")
	screen := onTerminal(t, exec.Command("sluice", "record", "tenant/acme", "--consolidator", subscribe, "--out", out), 60)
	wait.For(t, "the progress", func() bool { return strings.HasPrefix(screen.String(), "recording: ") })
	screen.resize(200)
	wait.For(t, "how it goes", func() bool {
		first, rest, _ := strings.Cut(screen.String(), "\n")
		return strings.Contains(first, " records, ") && strings.Contains(first, "MiB (") && strings.Contains(first, ", 0 lost") && strings.TrimSpace(rest) == ""
	})
	if err := screen.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	screen.wait()
	if text := screen.String(); strings.Contains(text, "recording:") || !strings.HasPrefix(text, "sluice: records=") {
		t.Errorf("the screen is\n%s", text)
	}
	if raw := screen.raw.String(); strings.Contains(raw, "\x1b[2J") || strings.Contains(raw, "\x1b[31m") {
		t.Error("a name acted on the terminal")
	}
}

// So does publishing.
func TestPublishOnATerminal(t *testing.T) {
	t.Parallel()
	publish, _ := pump(t)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	cmd := exec.Command("sluice", "publish", "tenant/acme", "--to", publish)
	cmd.Stdin = in
	screen := onTerminal(t, cmd, 40)
	if _, err := io.WriteString(out, "first\nsecond\n"); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "how it goes, cut", func() bool {
		rows := screen.rows()
		return len(rows) == 1 && strings.HasPrefix(rows[0], "publishing: 2 lines, 0/s, ") && strings.HasSuffix(rows[0], "…")
	})
	screen.resize(200)
	wait.For(t, "how it goes", func() bool {
		rows := screen.rows()
		return len(rows) == 1 && strings.HasSuffix(rows[0], " MiB, 0 waiting, to tenant/acme")
	})
	out.Close()
	screen.wait()
	if rows := screen.rows(); len(rows) != 1 || !strings.HasPrefix(rows[0], "sluice: lines=2 records=2 acknowledged=2 ") {
		t.Errorf("the screen is\n%s", screen)
	}
}
