package stdio_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"sluice/cluster/stdio"
)

// A queue before a pipe that nobody reads takes lines up to its limit, and never waits.
// Once somebody reads, all lines come in order, and how many were left out stands where
// they are missing.
func TestQueueBeforeWhatNobodyReads(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	const limit, size = 1000, 10
	q := stdio.NewQueue(out, limit, func(n uint64) { fmt.Fprintf(out, "%d missing\n", n) })
	line := func(i int) []byte { return fmt.Appendf(nil, "line %04d\n", i) }
	taken, refused := 0, 0
	write := func() {
		switch n, err := q.Write(line(taken + refused)); {
		case err == nil && n == size:
			taken++
		case errors.Is(err, stdio.ErrFull):
			refused++
		default:
			t.Fatal(n, err)
		}
	}
	for refused < 500 {
		write()
	}
	if taken > limit/size+1 { // one may be being written
		t.Errorf("%d lines of %d bytes were taken", taken, size)
	}
	lines := bufio.NewScanner(in)
	next := 0
	missing := 0
	read := func() {
		if !lines.Scan() {
			t.Fatal("no more lines")
		}
		var n int
		switch s := lines.Text(); {
		case s == strings.TrimSpace(string(line(next))):
			next++
		case strings.HasSuffix(s, " missing"):
			fmt.Sscan(s, &n)
			next += n
			missing += n
		default:
			t.Fatalf("%q instead of line %d", s, next)
		}
	}
	for range 50 { // now there is room again, while some still wait
		read()
	}
	write()
	for next < taken+refused {
		read()
	}
	if missing != refused {
		t.Errorf("%d were said to be missing of %d", missing, refused)
	}
	q.Close()
	if _, err := q.Write(line(0)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a closed queue takes more: %v", err)
	}
}

// Closing a queue writes what waits, if that can be written; otherwise it gives up.
func TestQueueEnds(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	q := stdio.NewQueue(out, 1000, nil)
	var got []byte
	var reading sync.WaitGroup
	for range 3 {
		_, _ = q.Write([]byte("x"))
	}
	reading.Go(func() { got, _ = io.ReadAll(in) })
	q.Close()
	out.Close()
	reading.Wait()
	if string(got) != "xxx" {
		t.Errorf("%q was written", got)
	}
	in, out = io.Pipe()
	q = stdio.NewQueue(out, 1000, nil)
	_, _ = q.Write([]byte("x"))
	q.Close() // which returns, although nobody reads
	in.Close()
}
