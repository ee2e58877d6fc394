package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	pub "sluice/cluster/publish"
	"sluice/internal/wait"
)

// While nobody reads what they print, one signal ends all commands that print
// records, and each says how many were not printed, exactly.
func TestStalledOutput(t *testing.T) {
	t.Parallel()
	const records = 5000
	publish, subscribe := pump(t)
	var lines strings.Builder
	for n := range records {
		fmt.Fprintf(&lines, `{"v":0,"name":"app","hostname":"vm-1","pid":1,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"%d"}`+"\n", n)
	}
	file := filepath.Join(t.TempDir(), "recording.ndjson")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sluice", "publish", "system", file, "--to", publish).CombinedOutput(); err != nil {
		t.Fatalf("publish: %v: %s", err, out)
	}
	// A replay reads as far as it is printed: a record that a pipe cannot hold is
	// one that it is stuck in.
	var large strings.Builder
	for range 20 {
		fmt.Fprintf(&large, `{"v":0,"msg":"%0100000d"}`+"\n", 0)
	}
	largeFile := filepath.Join(t.TempDir(), "large.ndjson")
	if err := os.WriteFile(largeFile, []byte(large.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	last := fmt.Sprint(records)
	for _, tt := range []struct {
		name   string
		code   int
		signal bool
		args   []string
	}{
		{"record", 1, true, []string{"record", "system", "--out", "-", "--last", last, "--consolidator", subscribe, "--summary", "json"}},
		{"tail", 130, true, []string{"tail", "--plain", "system", "--output", "raw", "--last", last, "--consolidator", subscribe}},
		{"replay", 130, true, []string{"replay", largeFile, "--speed", "max", "--output", "raw"}},
		{"tail, for a second", 1, false, []string{"tail", "--plain", "system", "--output", "raw", "--last", last, "--for", "1s", "--consolidator", subscribe}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			cmd := exec.Command("sluice", tt.args...)
			var stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = out, &stderr
			err = cmd.Start()
			out.Close()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
			wait.For(t, "a full pipe", func() bool {
				n, err := unix.IoctlGetInt(int(in.Fd()), unix.TIOCINQ)
				return err == nil && n > 60_000
			})
			if tt.signal {
				if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
					t.Fatal(err)
				}
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != tt.code {
				t.Errorf("exit code %d, want %d: %s", code, tt.code, stderr.Bytes())
			}
			got, err := io.ReadAll(in)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(lines.String(), string(got)) && !strings.HasPrefix(large.String(), string(got)) {
				t.Error("something else was printed than what there is")
			}
			printed := bytes.Count(got, []byte{'\n'})
			var s struct{ Written, Unwritten int }
			for line := range strings.Lines(stderr.String()) {
				_, _ = fmt.Sscanf(line, "sluice: written=%d lost=0 unwritten=%d", &s.Written, &s.Unwritten)
				if strings.HasPrefix(line, "{") {
					var r struct{ Records, Unwritten int }
					if err := json.Unmarshal([]byte(line), &r); err != nil {
						t.Fatal(err)
					}
					s.Written, s.Unwritten = r.Records, r.Unwritten
				}
			}
			all := s.Written+s.Unwritten == records || tt.name == "replay"
			if s.Written != printed || !all || s.Unwritten == 0 {
				t.Errorf("%d of %d were printed: %s", printed, records, stderr.Bytes())
			}
			if !strings.Contains(stderr.String(), "takes nothing") {
				t.Errorf("it says %s", stderr.Bytes())
			}
		})
	}
}

// A list of streams that nobody reads ends by one signal, too.
func TestStalledListing(t *testing.T) {
	t.Parallel()
	publish, subscribe := pump(t)
	client, err := pub.Open(pub.Config{Endpoint: publish})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		if err := client.Publish(t.Context(), fmt.Sprintf("stream/%d", n), []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	client.Close(t.Context())
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := unix.FcntlInt(out.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sluice", "streams", "--json", "--consolidator", subscribe)
	cmd.Stdout = out
	err = cmd.Start()
	out.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	wait.For(t, "a full pipe", func() bool {
		n, err := unix.IoctlGetInt(int(in.Fd()), unix.TIOCINQ)
		return err == nil && n == 4096
	})
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
}
