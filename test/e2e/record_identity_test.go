package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"sluice/internal/numbered"
	"sluice/internal/wait"
)

// A proxy is killed and comes back while a recording reads through it: what is
// recorded and what is told as lost is what was published.
func TestRecordThroughKilledProxy(t *testing.T) {
	t.Parallel()
	publish, subscribe := pump(t)
	listen := freePorts(t, 1)[0]
	proxy := func() *exec.Cmd {
		p := start(t, "proxy", "--listen", listen, "--consolidator", subscribe)
		awaitListener(t, listen)
		return p
	}
	p := proxy()
	stop := publishMany(t, publish, "tenant/acme")
	out := filepath.Join(t.TempDir(), "out.ndjson")
	cmd := exec.Command("sluice", "record", "tenant/acme", "--last", "1000000", "--proxy", "http://"+listen, "--out", out, "--summary", "json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	run(t, cmd)
	grown := func() int { return len(readable(t, out+".part")) }
	for range 3 {
		had := grown()
		wait.For(t, "records", func() bool { return grown() > had+500 })
		_ = p.Process.Kill()
		_ = p.Wait()
		p = proxy()
	}
	had := grown()
	wait.For(t, "records after the last restart", func() bool { return grown() > had+500 })
	published := stop()
	var next, lost, from int
	wait.For(t, "all to be accounted for", func() bool {
		lines := readable(t, out+".part")
		from = firstNumber(t, lines)
		next, lost = numbered.Account(t, lines, from)
		return next == published
	})
	s := summaryOf(t, cmd, &stderr)
	if s.Records != published-from-lost || s.Dropped != lost || s.Unknown != 0 {
		t.Errorf("%d published, from %d on; the summary is %+v", published, from, s)
	}
	t.Logf("%d published, from %d on; %d recorded, %d lost in %d gaps", published, from, s.Records, s.Dropped, s.Gaps)
}

// A reader of standard output that stalls costs the recording records, and they
// are told where they are missing.
func TestRecordToStalledReader(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	publish, subscribe := "tcp://"+ports[0], "tcp://"+ports[1]
	start(t, "consolidator", "--publish", publish, "--subscribe", subscribe, "--stream-buffer", "256KiB")
	for _, p := range ports {
		awaitListener(t, p)
	}
	stop := publishMany(t, publish, "tenant/acme")
	cmd := exec.Command("sluice", "record", "tenant/acme", "--consolidator", subscribe, "--out", "-", "--summary", "json", "--queue", "64KiB")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	in := bufio.NewScanner(stdout)
	var lines []string
	if !in.Scan() {
		t.Fatalf("nothing came: %s", stderr.Bytes())
	}
	lines = append(lines, in.Text())
	from := firstNumber(t, lines)

	// It stalls until far more is published than all buffers on the way hold.
	other := newReader()
	other.tail(t, "--consolidator", subscribe, "tenant/acme")
	begun := 0
	wait.For(t, "a reader beside it", func() bool { begun = other.newest(""); return begun > 0 })
	wait.For(t, "many records", func() bool { return other.newest("") > begun+40_000 })

	published := -1
	next, lost := numbered.Account(t, lines, from)
	for next != published {
		if !in.Scan() {
			t.Fatalf("it ended: %v: %s", in.Err(), stderr.Bytes())
		}
		n, l := numbered.Account(t, []string{in.Text()}, next)
		next, lost = n, lost+l
		lines = append(lines, in.Text())
		if lost > 0 && published < 0 {
			published = stop()
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for in.Scan() {
		t.Errorf("then came %s", in.Text())
	}
	_ = cmd.Wait()
	var s struct{ Records, Dropped, Unknown int }
	if err := json.Unmarshal(bytes.TrimSpace(stderr.Bytes()), &s); err != nil {
		t.Fatalf("the summary is %q: %v", stderr.Bytes(), err)
	}
	if s.Records != published-from-lost || s.Dropped != lost || s.Unknown != 0 || lost == 0 {
		t.Errorf("%d published, from %d on, %d lost; the summary is %+v", published, from, lost, s)
	}
	t.Logf("%d published, from %d on; %d recorded, %d lost", published, from, s.Records, s.Dropped)
}
