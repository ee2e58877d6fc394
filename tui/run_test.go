package tui_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"go.uber.org/goleak"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/internal/emulator"
	"sluice/tui"
)

// A terminal that reads nothing holds up nobody: the client goes on taking
// what comes, and when the terminal reads again it shows the newest.
func TestATerminalThatStopsReading(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet")
	term.stop()
	const records = 200_000
	for i := range 200 {
		term.feed.put(plainRecords(i*1000+1, 1000))
	}
	term.wait(func() bool { return term.feed.empty() })
	// Keys are answered, though nobody can see it.
	term.press(" ")
	for i := range 200 {
		term.feed.put(plainRecords(records+i*1000+1, 1000))
	}
	term.wait(func() bool { return term.feed.empty() })
	term.goOn()
	term.waitForText("PAUSED")
	term.press("G")
	term.waitForText("line 400000")
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}

// A client whose terminal reads nothing can be ended.
func TestEndingOnATerminalThatStopsReading(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet")
	term.stop()
	for i := range 100 {
		term.feed.put(plainRecords(i*1000+1, 1000))
	}
	term.wait(func() bool { return term.feed.empty() })
	term.cancel()
	select {
	case err := <-term.done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Run does not return")
	}
	term.goOn()
}

// A panic anywhere leaves the terminal as it was.
func TestAPanicRestoresTheTerminal(t *testing.T) {
	for _, where := range []string{"TryTake", "Status", "Ready"} {
		t.Run(where, func(t *testing.T) {
			term := start80x24(t, "system")
			term.waitForText("No records yet")
			term.feed.mu.Lock()
			term.feed.panics = where
			term.feed.mu.Unlock()
			term.feed.put(plainRecords(1, 1))
			// By the client's own way out, and not by Bubble Tea's, which prints
			// over the screen and says nothing of where it was.
			if err := term.end(); !rescue.Is(err) {
				t.Fatalf("Run returned %v, want the panic", err)
			}
		})
	}
	t.Run("command", func(t *testing.T) {
		term := startWith(t, tui.Config{Streams: []string{"system"}, Actions: []tui.Action{{Key: "x", Help: "fall", Do: func() string { panic("boom") }}}})
		term.waitForText("No records yet")
		term.press("x")
		if err := term.end(); !rescue.Is(err) {
			t.Fatalf("Run returned %v, want the panic", err)
		}
	})
}

func (term *ptyClient) wait(ok func() bool) {
	term.t.Helper()
	term.waitFor("it", func(string) bool { return ok() })
}

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
		t.Skipf("no pseudo-terminal: %v", err)
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
	deadline := time.Now().Add(time.Minute)
	for !ok(term.vt.String()) {
		if time.Now().After(deadline) {
			term.t.Fatalf("%s never came:\n%s", what, term.vt.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (term *ptyClient) waitForText(text string) {
	term.t.Helper()
	term.waitFor(text, func(screen string) bool { return strings.Contains(screen, text) })
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
	case <-time.After(time.Minute):
		term.t.Fatal("Run does not return")
		return nil
	}
}

func TestRun(t *testing.T) {
	for name, test := range map[string]struct {
		leave func(*ptyClient)
		want  error
	}{
		"q":       {func(term *ptyClient) { term.press("q") }, nil},
		"ctrl-c":  {func(term *ptyClient) { term.press("\x03") }, tui.ErrInterrupted},
		"context": {func(term *ptyClient) { term.cancel() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			ignore := goleak.IgnoreCurrent()
			term := start80x24(t, "system", "tenant/acme")
			term.waitForText("No records yet in system.")
			b := &stream.Batch{}
			for i := range 100 {
				b.Records = append(b.Records, stream.Record{Stream: "system", Source: "vm-1", Data: fmt.Appendf(nil, `{"msg":"hello %d","level":30,"name":"a"}`, i)})
			}
			term.feed.put(b)
			term.waitForText("hello 99")
			term.press(" ")
			term.waitForText("PAUSED · 0 new")
			term.press("G/hello 42\r")
			term.waitForText("/hello 42 1/1")
			test.leave(term)
			if err := term.end(); !errors.Is(err, test.want) {
				t.Fatalf("Run returned %v, want %v", err, test.want)
			}
			// Bubble Tea's ticks end by themselves, after four seconds at most.
			deadline := time.Now().Add(time.Minute)
			for err := goleak.Find(ignore); err != nil; err = goleak.Find(ignore) {
				if time.Now().After(deadline) {
					t.Fatal(err)
				}
			}
		})
	}
}

// Whoever continues a client that somebody has stopped gets its screen back,
// whatever the shell did to the terminal.
func TestContinuedAfterAStop(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet in system.")
	_, _ = term.vt.Write([]byte("\x1b[?1049l\x1b[2J[1]+ Stopped"))
	if err := syscall.Kill(os.Getpid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	term.waitForText("No records yet in system.")
	if screen := term.vt.String(); strings.Contains(screen, "Stopped") {
		t.Errorf("not all is painted:\n%s", screen)
	}
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}

// An idle client draws nothing.
func TestAnIdleClientIsIdle(t *testing.T) {
	term := start80x24(t, "system")
	term.waitForText("No records yet in system.")
	size := func() int {
		term.mu.Lock()
		defer term.mu.Unlock()
		return term.raw.Len()
	}
	last, since := size(), time.Now()
	for deadline := time.Now().Add(time.Minute); time.Since(since) < 1500*time.Millisecond; time.Sleep(10 * time.Millisecond) {
		if n := size(); n != last {
			last, since = n, time.Now()
		}
		if time.Now().After(deadline) {
			t.Fatal("it never comes to rest")
		}
	}
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}
