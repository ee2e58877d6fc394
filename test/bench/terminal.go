package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
)

// terminal is the client in a pseudo-terminal of 200 by 60, and what stands on it.
type terminal struct {
	cmd   *exec.Cmd
	pty   *os.File
	begun time.Time

	mu      sync.Mutex
	vt      *screen
	changed chan struct{} // closed when something came
	last    time.Time     // when something came
	gaps    []time.Duration
	taken   int // bytes
	rate    int // bytes a second that it takes, as a slow line; 0: as many as come
	done    chan struct{}
}

const columns, rows = 200, 60

func openTerminal(sluice string, args ...string) (*terminal, error) {
	cmd := exec.Command(sluice, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "XDG_CONFIG_HOME="+filepath.Join(os.TempDir(), "sluice-bench-without-settings"))
	t := &terminal{cmd: cmd, vt: newScreen(columns, rows), changed: make(chan struct{}), done: make(chan struct{}), begun: time.Now()}
	var err error
	if t.pty, err = pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: columns}); err != nil {
		return nil, err
	}
	go t.read()
	return t, nil
}

func (t *terminal) read() {
	defer close(t.done)
	all := make([]byte, 256<<10)
	var due time.Time // when a slow line has brought what was read
	for {
		t.mu.Lock()
		b, rate := all, t.rate
		t.mu.Unlock()
		if rate > 0 {
			b = all[:max(rate/100, 1)]
		}
		n, err := t.pty.Read(b)
		now := time.Now()
		if rate > 0 && n > 0 {
			if due.Before(now.Add(-100 * time.Millisecond)) {
				due = now // nothing came
			}
			due = due.Add(time.Duration(n) * time.Second / time.Duration(rate))
			time.Sleep(time.Until(due))
			now = time.Now()
		}
		t.mu.Lock()
		t.taken += n
		if n > 0 {
			t.vt.write(b[:n])
			// What is read within a millisecond is of one frame.
			if gap := now.Sub(t.last); !t.last.IsZero() && gap > time.Millisecond {
				t.gaps = append(t.gaps, gap)
			}
			t.last = now
			close(t.changed)
			t.changed = make(chan struct{})
		}
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// close leaves the client.
func (t *terminal) close() {
	_ = t.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(5*time.Second, func() { _ = t.cmd.Process.Kill() })
	defer kill.Stop()
	_ = t.cmd.Wait()
	_ = t.pty.Close()
	<-t.done
}

func (t *terminal) press(keys string) error {
	_, err := t.pty.WriteString(keys)
	return err
}

// bottom is the last line.
func (t *terminal) bottom() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimRight(t.vt.line(rows-1), " ")
}

// slow makes it the end of a slow line, in bytes a second; 0: of none.
func (t *terminal) slow(rate int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rate = rate
}

// bytes is how many it has taken.
func (t *terminal) bytes() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken
}

var errNever = errors.New("it never came on the screen")

// wait waits until the screen is as wanted and returns how long it took.
func (t *terminal) wait(limit time.Duration, want func(screen string) bool) (time.Duration, error) {
	begun := time.Now()
	timeout := time.After(limit)
	for {
		t.mu.Lock()
		changed, screen := t.changed, t.vt.String()
		t.mu.Unlock()
		if want(screen) {
			return time.Since(begun), nil
		}
		select {
		case <-changed:
		case <-timeout:
			return 0, fmt.Errorf("%w; it is\n%s", errNever, screen)
		}
	}
}

func (t *terminal) waitFor(limit time.Duration, text string) (time.Duration, error) {
	took, err := t.wait(limit, func(screen string) bool { return strings.Contains(screen, text) })
	if err != nil {
		return 0, fmt.Errorf("wait for %q: %w", text, err)
	}
	return took, nil
}

// key opens the help or closes it, and returns how long it took until that was
// on the screen.
func (t *terminal) key() ([]time.Duration, error) {
	var all []time.Duration
	for _, open := range []bool{true, false} {
		if err := t.press("?"); err != nil {
			return nil, err
		}
		took, err := t.wait(20*time.Second, func(screen string) bool { return strings.Contains(screen, "─ Keys ─") == open })
		if err != nil {
			return nil, fmt.Errorf("the help: %w", err)
		}
		all = append(all, took)
	}
	return all, nil
}

// takeGaps returns the times between the frames since it was last called.
func (t *terminal) takeGaps() []time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	gaps := t.gaps
	t.gaps, t.last = nil, time.Time{}
	return gaps
}

var (
	droppedNumber  = regexp.MustCompile(`([\d,]+) dropped|dropped: ([\d,]+)`)
	droppedUnknown = regexp.MustCompile(`dropped: .*unknown`)
	keptNumber     = regexp.MustCompile(`([\d,]+) kept`)
)

// dropped reads how many records were, as the last line says; unknown: and a number
// that nobody knows.
func (t *terminal) dropped() (n int, unknown bool, err error) {
	unknown = droppedUnknown.MatchString(t.bottom())
	if n, err = t.number(droppedNumber); err != nil && unknown {
		return 0, true, nil
	}
	return n, unknown, err
}

// number reads a number that the last line says.
func (t *terminal) number(re *regexp.Regexp) (int, error) {
	m := re.FindStringSubmatch(t.bottom())
	if m == nil {
		return 0, fmt.Errorf("the last line has no %v: %s", re, t.bottom())
	}
	return strconv.Atoi(strings.ReplaceAll(strings.Join(m[1:], ""), ",", ""))
}
