package tui_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"

	"sluice/internal/emulator"
	"sluice/internal/wait"
	"sluice/tui"
)

// ptyClient is a client in a pseudo-terminal, whose bytes go through an
// emulator.
type ptyClient struct {
	t      *testing.T
	feed   *fakeFeed
	pty    *os.File
	theirs *os.File
	vt     *emulator.Terminal
	cancel context.CancelFunc
	done   chan error
	read   sync.WaitGroup

	mu  sync.Mutex
	raw strings.Builder

	reading sync.RWMutex // held by who wants the terminal to stop reading
}

func start80x24(t *testing.T, streams ...string) *ptyClient {
	t.Helper()
	return startWith(t, tui.Config{Streams: streams})
}

// startWith starts a client of 80 by 24 cells in its own terminal.
func startWith(t *testing.T, config tui.Config) *ptyClient {
	t.Helper()
	t.Setenv("TERM", "xterm-256color")
	ours, theirs, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(ours, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	term := &ptyClient{t: t, feed: newFeed(), pty: ours, theirs: theirs, vt: emulator.New(80, 24), done: make(chan error, 1)}
	config.Feed, config.Location, config.Input, config.Output = term.feed, time.UTC, theirs, theirs
	client, err := tui.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	term.cancel = cancel
	term.read.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			term.reading.RLock()
			n, err := ours.Read(buf)
			term.reading.RUnlock()
			if n > 0 {
				term.mu.Lock()
				term.raw.Write(buf[:n])
				term.mu.Unlock()
				_, _ = term.vt.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	})
	go func() { term.done <- client.Run(ctx) }()
	t.Cleanup(term.close)
	return term
}

// stop lets the terminal read nothing more, until goOn.
func (term *ptyClient) stop() {
	// The reader stands in a read until something comes.
	locked := make(chan struct{})
	go func() { term.reading.Lock(); close(locked) }()
	for {
		select {
		case <-locked:
			return
		case <-time.After(10 * time.Millisecond):
			term.feed.put(plainRecords(1, 1))
		}
	}
}

func (term *ptyClient) goOn() { term.reading.Unlock() }

// close ends the terminal; the reader ends when nobody holds the other side.
func (term *ptyClient) close() {
	term.cancel()
	_ = term.theirs.Close()
	term.read.Wait()
	_ = term.pty.Close()
}

func (term *ptyClient) waitFor(what string, ok func(screen string) bool) {
	term.t.Helper()
	if !wait.Until(func() bool { return ok(term.vt.String()) }) {
		term.t.Fatalf("%s never came:\n%s", what, term.vt.String())
	}
}

func (term *ptyClient) waitForText(text string) {
	term.t.Helper()
	term.waitFor(text, func(screen string) bool { return strings.Contains(screen, text) })
}

func (term *ptyClient) wait(ok func() bool) {
	term.t.Helper()
	term.waitFor("it", func(string) bool { return ok() })
}

func (term *ptyClient) press(keys string) {
	term.t.Helper()
	if _, err := term.pty.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// end waits for Run, and checks that the terminal is as it was.
func (term *ptyClient) end() error {
	term.t.Helper()
	select {
	case err := <-term.done:
		term.close()
		term.mu.Lock()
		defer term.mu.Unlock()
		out := term.raw.String()
		for on, off := range map[string]string{
			"\x1b[?1049h": "\x1b[?1049l", "\x1b[?25l": "\x1b[?25h", "\x1b[?1002h": "\x1b[?1002l", "\x1b[?1006h": "\x1b[?1006l",
			"\x1b[?2004h": "\x1b[?2004l", "\x1b[?7l": "\x1b[?7h", "\x1b[>4;2m": "\x1b[>4m", "\x1b[>1u": "\x1b[<1u", "\x1b[?2027h": "\x1b[?2027l",
		} {
			if i := strings.LastIndex(out, on); i >= 0 && strings.LastIndex(out, off) < i {
				term.t.Errorf("%q was not undone", on)
			}
		}
		return err
	case <-time.After(wait.Limit):
		term.t.Fatal("Run does not return")
		return nil
	}
}
