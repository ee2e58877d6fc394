package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/cluster/zmtp"
	"sluice/internal/foreign"
)

// publishMany publishes records that count to a stream until the returned
// function is called, which returns how many there were. Nothing of it is lost
// before the consolidator's log: a connection that is full is waited for.
func publishMany(t *testing.T, publish, stream string) (stop func() int) {
	t.Helper()
	e, err := zmtp.ParseEndpoint(publish)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := zmtp.Dial(t.Context(), e, zmtp.Config{Type: zmtp.PUB, Peers: []string{zmtp.XSUB}, Foreign: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _, _ = io.Copy(io.Discard, conn.NetConn()) })
	n := 0
	var publishing sync.WaitGroup
	publishing.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			var b []byte
			for range 20 {
				b = zmtp.AppendMessage(b, stream, fmt.Appendf(nil, `{"v":0,"name":"app","n":%d,"msg":"%064x"}`, n, n))
				n++
			}
			if _, err := conn.Write(b); err != nil {
				t.Errorf("publish: %v", err)
				return
			}
		}
	})
	stop = func() int {
		cancel()
		publishing.Wait()
		return n
	}
	t.Cleanup(func() {
		stop()
		conn.Close()
		running.Wait()
	})
	return stop
}

// readable is what can be read of an unfinished recording: its whole lines.
func readable(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	var r io.Reader = bytes.NewReader(data)
	switch ending := strings.TrimSuffix(name, ".part"); filepath.Ext(ending) {
	case ".gz":
		r, err = gzip.NewReader(r)
	case ".zst":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		return nil // not even a first header
	}
	data, _ = io.ReadAll(r)
	end := bytes.LastIndexByte(data, '\n') + 1
	if end == 0 {
		return nil
	}
	return strings.Split(string(data[:end-1]), "\n")
}

// checkTool compares what a common tool reads of an unfinished file.
func checkTool(t *testing.T, name string, lines []string) {
	t.Helper()
	var tool string
	switch filepath.Ext(strings.TrimSuffix(name, ".part")) {
	case ".gz":
		tool = "gzip"
	case ".zst":
		there, err := foreign.Have("zstd", t.Name())
		if err != nil {
			t.Fatal(err)
		}
		if !there {
			return
		}
		tool = "zstd"
	default:
		return
	}
	data, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	cmd := exec.Command(tool, "-dc")
	cmd.Stdin = data
	out, err := cmd.Output() // it may complain of the end
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if whole := strings.Join(lines, "\n") + "\n"; !strings.HasPrefix(string(out), whole) {
		t.Errorf("%s -dc reads %d bytes, and not the %d lines that are there", tool, len(out), len(lines))
	}
}

// summaryOf ends a recording by a signal, and returns its summary.
func summaryOf(t *testing.T, cmd *exec.Cmd, stderr *bytes.Buffer) (s struct{ Records, Dropped, Unknown, Gaps int }) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("after SIGTERM: %v: %s", err, stderr)
	}
	lines := bytes.Split(bytes.TrimSpace(stderr.Bytes()), []byte("\n"))
	if err := json.Unmarshal(lines[len(lines)-1], &s); err != nil {
		t.Fatalf("the summary is %q: %v", stderr, err)
	}
	return s
}

// firstNumber is where a recording began.
func firstNumber(t *testing.T, lines []string) int {
	t.Helper()
	if len(lines) == 0 {
		return 0
	}
	var l struct{ N int }
	if err := json.Unmarshal([]byte(lines[0]), &l); err != nil {
		t.Fatalf("the first line is %q: %v", lines[0], err)
	}
	return l.N
}
