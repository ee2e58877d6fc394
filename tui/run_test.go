package tui_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/cluster/rescue"
	"sluice/cluster/stream"
	"sluice/internal/volume"
	"sluice/internal/wait"
	"sluice/tui"
)

// A terminal that reads nothing holds up nobody: the client goes on taking
// what comes, and when the terminal reads again it shows the newest.
func TestATerminalThatStopsReading(t *testing.T) {
	volume.Check(t)
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
	case <-time.After(wait.Limit):
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
			wait.For(t, "all goroutines to end", func() bool { return goleak.Find(ignore) == nil })
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
	wait.For(t, "the client to rest", func() bool {
		if n := size(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) >= 1500*time.Millisecond
	})
	term.press("q")
	if err := term.end(); err != nil {
		t.Fatal(err)
	}
}
