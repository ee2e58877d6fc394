package consolidator_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/cluster/stdio"
	"sluice/consolidator"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// fullPipe is a pipe that nobody reads, and that takes nothing any more.
func fullPipe(t *testing.T) (in, out *os.File) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	if err := out.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; {
		_, err = out.WriteString(strings.Repeat("x", 99) + "\n")
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return in, out
}

// A consolidator whose standard error is not read works like any other, and ends when it
// is told to. Its log comes when somebody reads.
func TestUnreadStandardError(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	in, out := fullPipe(t)
	dir := t.TempDir()
	publish, subscribe := "ipc://"+dir+"/p", "ipc://"+dir+"/s"
	cmd := exec.Command(path, "consolidator", "--name", "vm-1", "--admin", "", "--grace", "1ms", "--publish", publish, "--subscribe", subscribe)
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	wait.For(t, "it to listen", func() bool {
		conn, err := testpeer.Connect(subscribe, testpeer.AsReader)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	for range 20 { // each is logged
		p := testpeer.Dial(t, publish, testpeer.AsPublisher)
		p.Send(frame(flagCommand, 1<<62))
		p.Ends()
	}
	p := testpeer.Dial(t, publish, testpeer.AsPublisher)
	p.Settle(message("system", 1)...)
	if records := testpeer.Last(t, subscribe, "system", 1); len(records) != 1 {
		t.Errorf("got %q", records)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-exited:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(wait.Limit):
		t.Fatal("it does not exit")
	}
	in.Close()
}

// What a log that nobody reads has no room for is counted, where all see it, and said in
// the log once somebody reads.
func TestUnreadLogIsCounted(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	q := stdio.NewQueue(out, 1<<10, func(n uint64) { fmt.Fprintf(out, "%d left out\n", n) })
	c, stop := start(t, consolidator.Config{Admin: anyPort, Logger: slog.New(slog.NewTextHandler(q, nil))},
		func(c *consolidator.Consolidator) { c.ReportEvery(50 * time.Millisecond) })
	left := func() float64 { return scrape(t, c)["log_lines_left_out_total"] }
	wait.For(t, "a line to be left out of a log that takes few", func() bool {
		p := testpeer.Dial(t, c.PublishAddrs()[0], testpeer.AsPublisher)
		p.Send(frame(flagCommand, 1<<62))
		p.Ends()
		return left() > 0
	})
	var got []byte
	var reading sync.WaitGroup
	reading.Go(func() { got, _ = io.ReadAll(in) })
	stop()
	q.Close()
	out.Close()
	reading.Wait()
	if !strings.Contains(string(got), "consolidator ready") || !strings.Contains(string(got), " left out") {
		t.Errorf("logged:\n%s", got)
	}
}
