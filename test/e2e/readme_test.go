package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"sluice/internal/emulator"
)

// python is Debian's, for which Debian has pyzmq.
const python = "/usr/bin/python3"

// needPeer skips the test when a program does not succeed, which a foreign
// peer is told by; where all peers are to be installed it fails instead.
func needPeer(t *testing.T, what string, args ...string) {
	t.Helper()
	if err := exec.Command(args[0], args[1:]...).Run(); err == nil {
		return
	}
	if os.Getenv("SLUICE_CI") != "" {
		t.Fatalf("%s is not installed", what)
	}
	t.Skipf("%s is not installed", what)
}

// snippets returns the README's code in a language.
func snippets(t *testing.T, language string) (code []string) {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "\n```")
	for _, b := range blocks {
		if body, ok := strings.CutPrefix(b, language+"\n"); ok {
			code = append(code, body+"\n")
		}
	}
	return code
}

// pump starts a consolidator for a test, and returns its two endpoints.
func pump(t *testing.T) (publish, subscribe string) {
	t.Helper()
	ports := freePorts(t, 2)
	publish, subscribe = "tcp://"+ports[0], "tcp://"+ports[1]
	start(t, "consolidator", "--publish", publish, "--subscribe", subscribe)
	for _, p := range ports {
		awaitListener(t, p)
	}
	return publish, subscribe
}

// tailed runs tail until it has n records, and returns them.
func tailed(t *testing.T, n string, args ...string) string {
	t.Helper()
	cmd := exec.Command("sluice", append([]string{"tail", "--plain", "--last", n, "--count", n, "--for", patience.String(), "--output", "raw"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.Bytes())
	}
	return string(out)
}

// moved is code with the endpoints of this test for the usual ones.
func moved(code, publish, subscribe string) string {
	return strings.NewReplacer("tcp://127.0.0.1:5551", publish, "tcp://127.0.0.1:5552", subscribe).Replace(code)
}

func TestREADMEPython(t *testing.T) {
	t.Parallel()
	needPeer(t, "python3-zmq", python, "-c", "import zmq")
	code := snippets(t, "python")
	if len(code) != 2 {
		t.Fatalf("the README has %d Python snippets, want a publisher and a reader", len(code))
	}
	publish, subscribe := pump(t)

	reader := exec.Command(python, "-u", "-c", moved(code[1], publish, subscribe))
	stdout, err := reader.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, reader)
	run(t, exec.Command(python, "-c", moved(code[0], publish, subscribe)))
	if out := tailed(t, "5", "--consolidator", subscribe, "tenant/acme"); strings.Count(out, `"msg": "hello`) != 5 {
		t.Errorf("tail printed %q", out)
	}
	buf := make([]byte, len("tenant/acme {"))
	if _, err := stdout.Read(buf); err != nil || string(buf) != "tenant/acme {" {
		t.Errorf("the reader printed %q, %v", buf, err)
	}
}

func TestREADMEGo(t *testing.T) {
	t.Parallel()
	code := snippets(t, "go")
	if len(code) != 2 {
		t.Fatalf("the README has %d Go snippets, want 2", len(code))
	}
	for i, code := range code {
		publish, subscribe := pump(t)
		// The first one goes to the usual endpoint without naming it.
		code = strings.Replace(code, "publish.Config{", `publish.Config{Endpoint: "tcp://127.0.0.1:5551", `, 1)
		dir := t.TempDir()
		source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "publisher")
		if err := os.WriteFile(source, []byte(moved(code, publish, subscribe)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		run(t, exec.Command(binary))
		if out := tailed(t, "5", "--consolidator", subscribe, "tenant/acme"); strings.Count(out, `"msg":"hello`) != 5 {
			t.Errorf("with snippet %d tail printed %q", i, out)
		}
	}
}

// What docs/publishing.md says to a Go service works, in a module of its own,
// with nothing to download.
func TestGoService(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/publishing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(doc), "```go\n")
	code, _, ok := strings.Cut(code, "```")
	_, commands, found := strings.Cut(string(doc), "In the directory of the service:\n\n")
	commands, _, _ = strings.Cut(commands, "\n\n")
	if !ok || !found {
		t.Fatal("docs/publishing.md has no service, or no commands for it")
	}
	here, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	publish, subscribe := pump(t)
	beside := t.TempDir()
	dir := filepath.Join(beside, "service")
	if err := errors.Join(os.Symlink(here, filepath.Join(beside, "sluice")), os.Mkdir(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/service\n\ngo 1.24\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "main.go"), []byte(strings.Replace(code, "Config{", fmt.Sprintf("Config{Endpoint: %q, ", publish), 1)), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("sh", "-ec", commands)
	build.Dir, build.Env = dir, append(os.Environ(), "GOPROXY=off", "GONOSUMDB=*", "GOWORK=off", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v: %s", commands, err, out)
	}
	run(t, exec.Command(filepath.Join(dir, "service")))
	if out := tailed(t, "1", "--consolidator", subscribe, "tenant/acme"); !strings.Contains(out, `"name":"service"`) || !strings.Contains(out, `"msg":"started","port":8080`) {
		t.Errorf("tail printed %q", out)
	}
}

// run runs a command until the test ends.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// realLog is a log that nobody here wrote.
const realLog = "/var/log/dpkg.log"

// A real log, published line by line by a plain ZeroMQ script, comes out whole
// at every door: directly, through the proxy, as curl reads it, and on the
// screen of the full-screen client.
func TestRealLog(t *testing.T) {
	t.Parallel()
	needPeer(t, "python3-zmq", python, "-c", "import zmq")
	needPeer(t, realLog, "test", "-s", realLog)
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
	if out, err := exec.CommandContext(ctx, python, "-c", script, publish, realLog).CombinedOutput(); err != nil {
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
	await(t, "the newest lines on the screen", func() bool {
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
	ctx, cancel := context.WithTimeout(context.Background(), patience)
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
