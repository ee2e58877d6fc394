package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/relay"
	"sluice/internal/wait"
)

// The Go client of docs/http.md, which uses somebody else's library for
// server-sent events, prints every record once, in order, while its connection
// is cut again and again: it resumes by Last-Event-ID.
func TestGoEventSourceClient(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("sseclient/main.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(source), "// ----\n")
	if len(parts) != 3 || !strings.Contains(string(doc), "```go\npackage main\n\n"+strings.TrimSpace(parts[1])+"\n```") {
		t.Fatal("docs/http.md does not show what sseclient/main.go is")
	}
	client := filepath.Join(t.TempDir(), "sseclient")
	if out, err := exec.Command("go", "build", "-o", client, "./sseclient").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}

	publish, subscribe := pump(t)
	listen := freePorts(t, 1)[0]
	start(t, "proxy", "--listen", listen, "--consolidator", subscribe)
	awaitListener(t, listen)
	between := relay.New(t, listen)

	cmd := exec.Command(client, "http://"+between.Addr()+"/api/logs/system")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer // to be read when it has ended
	cmd.Stderr = &stderr
	run(t, cmd)
	got := newReader()
	go got.lines(stdout)

	publishNumbers(t, strings.TrimPrefix(publish, "tcp://"), "vm-1", 1)
	for range 5 {
		had := got.counted("vm-1")
		wait.For(t, "records after a cut", func() bool { return got.counted("vm-1") >= had+50 })
		between.Cut()
	}
	had := got.counted("vm-1")
	wait.For(t, "records after the last cut", func() bool { return got.counted("vm-1") >= had+50 })
	_ = cmd.Process.Kill()
	_ = cmd.Wait()

	got.mu.Lock()
	defer got.mu.Unlock()
	if len(got.wrong) > 0 || len(got.notices) > 0 {
		t.Errorf("the client printed %q and notices %q; on standard error:\n%s", got.wrong, got.notices, stderr.Bytes())
	}
	if n := bytes.Count(stderr.Bytes(), []byte("connecting again")); n < 5 {
		t.Errorf("the client connected again %d times, want one for each of 5 cuts:\n%s", n, stderr.Bytes())
	}
	if bytes.Contains(stderr.Bytes(), []byte("dropped: ")) {
		t.Errorf("the client was told of losses:\n%s", stderr.Bytes())
	}
}
