package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/cluster/zmtp"
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
	running.Go(func() { _, _ = io.Copy(io.Discard, conn) })
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

// accountedFrom holds that lines are records from a number on, in order, but for what is
// told as lost where it is missing, and returns the number after the last.
func accountedFrom(t *testing.T, lines []string, next int) (after, lost int) {
	t.Helper()
	for i, line := range lines {
		var l struct {
			Name    string
			N       int
			Dropped int
			Unknown bool
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("line %d is %q: %v", i, line, err)
		}
		switch {
		case l.Name == "sluice" && l.Unknown:
			t.Fatalf("line %d is of unknown size: %s", i, line)
		case l.Name == "sluice":
			next += l.Dropped
			lost += l.Dropped
		case l.N != next:
			t.Fatalf("line %d is %q, want number %d", i, line, next)
		default:
			next++
		}
	}
	return next, lost
}

// A recording that is killed at any moment leaves whole lines up to the end of
// what it had written, also for the tools that everybody has; its file does not
// get its name.
func TestRecordKilled(t *testing.T) {
	t.Parallel()
	publish, subscribe := pump(t)
	publishMany(t, publish, "tenant/acme")
	for _, ending := range []string{".ndjson", ".ndjson.gz", ".ndjson.zst"} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(ending, seed), func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(seed, uint64(len(ending))))
				out := filepath.Join(t.TempDir(), "out"+ending)
				args := []string{"record", "tenant/acme", "--consolidator", subscribe, "--out", out, "--summary", "none"}
				if seed%2 == 0 {
					args = append(args, "--fsync", "always")
				}
				cmd := exec.Command("sluice", args...)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
				before, enough := 0, 1+rng.IntN(20_000)
				await(t, "some records", func() bool {
					before = len(readable(t, out+".part"))
					return before >= enough
				})
				time.Sleep(time.Duration(rng.IntN(50)) * time.Millisecond) // any moment
				_ = cmd.Process.Kill()
				_ = cmd.Wait()

				lines := readable(t, out+".part")
				if len(lines) < before {
					t.Errorf("%d lines can be read, and %d could before the kill", len(lines), before)
				}
				var first struct{ N int }
				if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
					t.Fatal(err)
				}
				for i, line := range lines {
					var l struct{ N int }
					if err := json.Unmarshal([]byte(line), &l); err != nil || l.N != first.N+i {
						t.Fatalf("line %d is %q, want number %d", i, line, first.N+i)
					}
				}
				if _, err := os.Stat(out); err == nil {
					t.Errorf("%s has its name", out)
				}
				checkTool(t, out+".part", lines)
			})
		}
	}
}

// checkTool compares what a common tool reads of an unfinished file.
func checkTool(t *testing.T, name string, lines []string) {
	t.Helper()
	var tool string
	switch filepath.Ext(strings.TrimSuffix(name, ".part")) {
	case ".gz":
		tool = "gzip"
	case ".zst":
		tool = "zstd"
	default:
		return
	}
	needPeer(t, tool, tool, "--version")
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

// A small disk that is full ends the recording with 1 and a clear word. The
// file has its name, whole lines, and as many as the summary says.
func TestRecordFullDisk(t *testing.T) {
	t.Parallel()
	unshare := []string{"unshare", "--mount"}
	if os.Geteuid() != 0 {
		unshare = append(unshare, "--map-root-user")
	}
	dir := t.TempDir()
	mount := `mount -t tmpfs -o size=1m none "$1" || exit 99; `
	needPeer(t, "a tmpfs", append(unshare, "sh", "-c", mount, "sh", dir)...)
	publish, subscribe := pump(t)
	publishMany(t, publish, "tenant/acme")
	for _, ending := range []string{".ndjson", ".ndjson.gz", ".ndjson.zst"} {
		t.Run(ending, func(t *testing.T) {
			kept := filepath.Join(t.TempDir(), "out"+ending)
			script := mount + `cd "$1" && head -c 960K /dev/zero >.filler && sluice record tenant/acme --consolidator "$2" --out "out$3" --for 50s --summary json; code=$?; ls; cp "out$3" "$4"; exit $code`
			cmd := exec.Command(unshare[0], append(unshare[1:], "sh", "-c", script, "sh", dir, subscribe, ending, kept)...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			names, err := cmd.Output()
			if cmd.ProcessState.ExitCode() != 1 || !strings.Contains(stderr.String(), "no space left on device: make room") {
				t.Fatalf("%v: %s", err, stderr.Bytes())
			}
			if want := "out" + ending + "\n"; string(names) != want {
				t.Errorf("the files are %q, want %q", names, want)
			}
			data, err := os.ReadFile(kept)
			if err != nil {
				t.Fatal(err)
			}
			if ending == ".ndjson" && data[len(data)-1] != '\n' {
				t.Errorf("the file ends in half a line: %q", data[len(data)-50:])
			}
			lines := readable(t, kept)
			var summary struct{ Records, Unwritten, Dropped int }
			text, _, _ := strings.Cut(stderr.String(), "\n")
			if err := json.Unmarshal([]byte(text), &summary); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if len(lines) == 0 || summary.Records != len(lines) || summary.Unwritten == 0 {
				t.Errorf("there are %d lines; the summary is %+v", len(lines), summary)
			}
			checkTool(t, kept, lines)
		})
	}
}
