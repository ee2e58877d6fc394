package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// logFileLimit bounds the log file of one process, in bytes. At the limit it
// is emptied.
const logFileLimit = 4 << 20

// logFile is where logs go while the full-screen client has the terminal.
type logFile struct {
	path   string
	file   *os.File
	errors atomic.Int64 // warnings and errors logged

	mu   sync.Mutex
	size int
}

// openLogFile opens the log file of a command in the state directory. Where
// that fails, logs are thrown away: a client without logs is better than none.
func openLogFile(command string) *logFile {
	l := &logFile{}
	dir, err := stateDir()
	if err != nil {
		return l
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return l
	}
	path := filepath.Join(dir, command+".log")
	if file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err == nil {
		l.path, l.file = path, file
	}
	return l
}

// stateDir is $XDG_STATE_HOME/sluice, ~/.local/state/sluice by default.
func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "sluice"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "state", "sluice"), nil
}

// logger logs into the file and counts warnings and errors.
func (l *logFile) logger() *slog.Logger {
	return slog.New(counting{slog.NewTextHandler(l, nil), &l.errors})
}

// Write appends one log line.
func (l *logFile) Write(p []byte) (int, error) {
	if l.file == nil {
		return len(p), nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size += len(p); l.size > logFileLimit {
		if err := l.file.Truncate(0); err != nil {
			return 0, err
		}
		if _, err := l.file.Seek(0, io.SeekStart); err != nil {
			return 0, err
		}
		l.size = len(p)
	}
	return l.file.Write(p)
}

// close closes the file, and writes to w where it is if there are warnings or
// errors in it.
func (l *logFile) close(w io.Writer) {
	if l.file == nil {
		return
	}
	l.file.Close()
	if n := l.errors.Load(); n > 0 {
		fmt.Fprintf(w, "sluice: %d warnings and errors were logged: %s\n", n, l.path)
	}
}

// counting counts warnings and errors on their way to another handler.
type counting struct {
	slog.Handler
	count *atomic.Int64
}

func (c counting) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		c.count.Add(1)
	}
	return c.Handler.Handle(ctx, r)
}

func (c counting) WithAttrs(attrs []slog.Attr) slog.Handler {
	return counting{c.Handler.WithAttrs(attrs), c.count}
}

func (c counting) WithGroup(name string) slog.Handler {
	return counting{c.Handler.WithGroup(name), c.count}
}
