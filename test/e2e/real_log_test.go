package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"sluice/internal/emulator"
	"sluice/internal/foreign"
	"sluice/internal/wait"
)

// realLog is a log that nobody here wrote.
const realLog = "/var/log/dpkg.log"

// A real log, published line by line by a plain ZeroMQ script, comes out whole
// at every door: directly, through the proxy, as curl reads it, and on the
// screen of the full-screen client.
func TestRealLog(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "python3-zmq")
	foreign.Need(t, realLog)
	publish, subscribe := pump(t)
	listen := freePorts(t, 1)[0]
	start(t, "proxy", "--listen", listen, "--consolidator", subscribe)
	awaitListener(t, listen)

	const script = `
import sys, zmq
pub = zmq.Context().socket(zmq.XPUB)
pub.sndhwm = 0
pub.connect(sys.argv[1])
pub.recv()  # the subscription
for line in open(sys.argv[2], "rb").read().splitlines()[:1000]:
    pub.send_multipart([b"system/dpkg", line])
`
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, foreign.Python, "-c", script, publish, realLog).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole, err := os.ReadFile(realLog)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(whole)), "\n")
	lines = lines[:min(1000, len(lines))]
	n := strconv.Itoa(len(lines))

	direct := strings.Split(strings.TrimSpace(tailed(t, n, "--consolidator", subscribe, "system/dpkg")), "\n")
	if len(direct) != len(lines) {
		t.Fatalf("directly there are %d records, want %d", len(direct), len(lines))
	}
	for i := range lines {
		if direct[i] != lines[i] {
			t.Fatalf("directly record %d is %q, want %q", i, direct[i], lines[i])
		}
	}
	// Through the proxy each is a bunyan record with the line in msg.
	proxied := tailed(t, n, "--proxy", "http://"+listen, "system/dpkg")
	messages := decoded(t, strings.NewReader(proxied), len(lines))
	for i := range lines {
		if messages[i] != lines[i] {
			t.Fatalf("through the proxy record %d is %q, want %q", i, messages[i], lines[i])
		}
	}
	body := get(t, "http://"+listen+"/api/logs/system/dpkg?last="+n)
	for i, msg := range decoded(t, body, len(lines)) {
		if msg != lines[i] {
			t.Fatalf("over HTTP record %d is %q, want %q", i, msg, lines[i])
		}
	}

	onScreen(t, lines, "tail", "--consolidator", subscribe, "system/dpkg")
	onScreen(t, lines, "tail", "--proxy", "http://"+listen, "system/dpkg")
}

// onScreen runs the client in a terminal of 140×40, wants the last of the lines
// on its last rows, and leaves it with q.
func onScreen(t *testing.T, lines []string, args ...string) {
	t.Helper()
	cmd := exec.Command("sluice", args...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "HOME="+t.TempDir())
	term, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 140})
	if err != nil {
		t.Fatal(err)
	}
	defer term.Close()
	screen := emulator.New(140, 40)
	go func() { _, _ = io.Copy(screen, term) }()
	shows := func(line string) bool {
		line = line[:min(80, len(line))] // the row may be cut
		return strings.Contains(screen.String(), line)
	}
	wait.For(t, "the newest lines on the screen", func() bool {
		for _, line := range lines[max(0, len(lines)-20):] {
			if !shows(line) {
				return false
			}
		}
		return true
	})
	if _, err := term.WriteString("q"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%q ended with q: %v", args, err)
	}
}

// get opens a long response.
func get(t *testing.T, url string) io.Reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait.Limit)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp.Body
}

// decoded returns the messages of the first n records of r.
func decoded(t *testing.T, r io.Reader, n int) (messages []string) {
	t.Helper()
	for records := json.NewDecoder(r); len(messages) < n; {
		var record struct {
			Level int
			Msg   string
		}
		if err := records.Decode(&record); err != nil {
			t.Fatalf("record %d: %v", len(messages), err)
		}
		if record.Level != 30 {
			t.Fatalf("record %d has level %d: %q", len(messages), record.Level, record.Msg)
		}
		messages = append(messages, record.Msg)
	}
	return messages
}
