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
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluice/internal/volume"
	"sluice/internal/wait"
)

// shipped is what `sluice publish --summary json` says at the end.
type shipped struct {
	Lines, Records, Acknowledged, Uncertain, Refused, Unsent, Repeated, Unended uint64
}

// publishing is `sluice publish` as a process that is written to.
type publishing struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	wrote  atomic.Int64 // bytes that it took
	stderr bytes.Buffer
}

func startPublishing(t *testing.T, args ...string) *publishing {
	t.Helper()
	p := &publishing{t: t, cmd: exec.Command("sluice", append([]string{"publish", "system", "--summary", "json"}, args...)...)}
	p.cmd.Stderr = &p.stderr
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	return p
}

// wait waits for its end, and wants that its account adds up.
func (p *publishing) wait(code int) (s shipped) {
	p.t.Helper()
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Errorf("exit code %d, want %d: %s", got, code, p.stderr.String())
	}
	for line := range strings.Lines(p.stderr.String()) {
		if strings.HasPrefix(line, "{") {
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	if s.Records == 0 || s.Records != s.Acknowledged+s.Uncertain+s.Refused+s.Unsent {
		p.t.Errorf("the account does not add up: %+v: %s", s, p.stderr.String())
	}
	return s
}

// numbersIn counts how often each number stands in a stream of a consolidator
// that is told to end after it: what it holds is all that is read.
func numbersIn(t *testing.T, subscribe string, last string) map[int]int {
	t.Helper()
	out, err := exec.Command("sluice", "tail", "--plain", "--output", "raw", "--consolidator", subscribe, "--last", "1000000",
		"--until", last, "--for", wait.Limit.String(), "system").Output()
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	counts := make(map[int]int)
	for line := range bytes.Lines(out) {
		var r struct{ N *int }
		if err := json.Unmarshal(line, &r); err == nil && r.N != nil {
			counts[*r.N]++
		}
	}
	return counts
}

// writeNumbers writes bunyan lines that count, until the process is gone.
func (p *publishing) writeNumbers(from, to int) {
	var b bytes.Buffer
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, `{"v":0,"name":"app","hostname":"vm-1","pid":1,"level":30,"time":"2026-03-01T12:00:00.000Z","msg":"","n":%d}`+"\n", n)
		if b.Len() > 32<<10 || n == to-1 {
			n, err := p.in.Write(b.Bytes())
			p.wrote.Add(int64(n))
			if err != nil {
				return
			}
			b.Reset()
		}
	}
}

// The consolidator is killed while lines are published, and comes back with
// nothing: what was acknowledged by then stood there, and all that was not
// stands in the new one; with --once, all that was not sent.
func TestPublishKillNine(t *testing.T) {
	volume.Check(t)
	t.Parallel()
	for _, once := range []bool{false, true} {
		t.Run(fmt.Sprintf("once=%t", once), func(t *testing.T) {
			t.Parallel()
			publishKillNine(t, once)
		})
	}
}

func publishKillNine(t *testing.T, once bool) {
	ports := freePorts(t, 2)
	publishAt, subscribe := "tcp://"+ports[0], "tcp://"+ports[1]
	first := start(t, "consolidator", "--publish", publishAt, "--subscribe", subscribe, "--stream-buffer", "64MiB")
	for _, port := range ports {
		awaitListener(t, port)
	}
	p := startPublishing(t, "--to", publishAt, fmt.Sprintf("--once=%t", once))
	reader := newReader() // what stood in the first, as far as it could be read
	const before, records = 5_000, 60_000
	reader.tail(t, "--consolidator", subscribe, "--last", fmt.Sprint(records), "system")
	var writing sync.WaitGroup
	goOn := make(chan struct{})
	writing.Go(func() {
		p.writeNumbers(0, before)
		<-goOn
		p.writeNumbers(before, records)
		p.in.Close()
	})
	wait.For(t, "records in the first consolidator", func() bool { return reader.counted("") > 0 })
	// It is killed while others are on their way: it acknowledges nothing any more, and
	// more than a pipe holds of them was read.
	if err := first.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	more := p.wrote.Load() + 128<<10
	close(goOn)
	wait.For(t, "the others on their way", func() bool { return p.wrote.Load() >= more })
	_ = first.Process.Kill()
	_ = first.Wait()
	start(t, "consolidator", "--publish", publishAt, "--subscribe", subscribe, "--stream-buffer", "64MiB")
	awaitListener(t, ports[1])
	writing.Wait()
	code := 0
	if once {
		code = 1 // what was on its way is uncertain
	}
	s := p.wait(code)
	if s.Records != records || s.Unsent != 0 || s.Refused != 0 || (s.Uncertain > 0) != once || (once && s.Repeated > 0) {
		t.Errorf("summary %+v", s)
	}
	after := numbersIn(t, subscribe, fmt.Sprintf(`"n":%d}`, records-1))
	begins := records // the second consolidator
	for n := range after {
		begins = min(begins, n)
	}
	// From the first that was not acknowledged on, all stand, and once; and that
	// is no more than was repeated after what had not been sent at all.
	for n := begins; n < records; n++ {
		if after[n] != 1 {
			t.Fatalf("%d stands %d times, behind %d", n, after[n], begins)
		}
	}
	// What does not stand in it was acknowledged by the first one, which had read
	// it in order: nobody can have read anything else there.
	if seen := reader.newest(""); begins > 0 && seen == 0 {
		t.Errorf("the second consolidator begins at %d, and the first had nothing", begins)
	}
	if once && uint64(begins) < s.Uncertain {
		t.Errorf("the second consolidator begins at %d, but %d are uncertain", begins, s.Uncertain)
	}
}

// Killed, and not coming back: what was sent and not acknowledged is uncertain,
// the rest unsent, and the exit code says that there is no consolidator.
func TestPublishLost(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	publishAt, subscribe := "tcp://"+ports[0], "tcp://"+ports[1]
	pump := start(t, "consolidator", "--publish", publishAt, "--subscribe", subscribe)
	awaitListener(t, ports[0])
	awaitListener(t, ports[1])
	p := startPublishing(t, "--to", publishAt, "--wait", "1s", "--once")
	reader := newReader()
	reader.tail(t, "--consolidator", subscribe, "system")
	var writing sync.WaitGroup
	writing.Go(func() {
		p.writeNumbers(0, 1_000_000) // more than the buffer holds
		p.in.Close()
	})
	wait.For(t, "records", func() bool { return reader.counted("") > 10_000 })
	_ = pump.Process.Kill()
	_ = pump.Wait()
	s := p.wait(3)
	writing.Wait()
	if s.Acknowledged == 0 || s.Unsent == 0 {
		t.Errorf("summary %+v", s)
	}
	if !strings.Contains(p.stderr.String(), "no consolidator is connected: "+publishAt+" was lost") {
		t.Errorf("it says %s", p.stderr.String())
	}
}

// A consolidator that is stopped for a while holds publishing up, and nothing is
// sent again.
func TestPublishStalled(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	publishAt, subscribe := "tcp://"+ports[0], "tcp://"+ports[1]
	pump := start(t, "consolidator", "--publish", publishAt, "--subscribe", subscribe, "--stream-buffer", "64MiB")
	awaitListener(t, ports[0])
	p := startPublishing(t, "--to", publishAt, "--buffer", "1MiB")
	p.writeNumbers(0, 1000)
	wait.For(t, "the connection", func() bool {
		return len(numbersIn(t, subscribe, `"n":999}`)) == 1000
	})
	if err := pump.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	const before, records = 5_000, 60_000
	written := make(chan struct{})
	go func() {
		defer close(written)
		p.writeNumbers(1000, records)
		p.in.Close()
	}()
	// Its buffer, and the pipe, are too small for all of it: it takes no more. What
	// the buffer holds is more than the lines, by what frames them.
	const bound = 4 << 20
	var took int64
	since := time.Now()
	wait.For(t, "publishing to be held up", func() bool {
		now := p.wrote.Load()
		if now != took {
			took, since = now, time.Now()
		}
		return took > bound || took > 1<<19 && time.Since(since) > time.Second
	})
	if took > bound {
		t.Errorf("%d bytes were taken while the consolidator was stopped", took)
	}
	if err := pump.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	<-written
	if s := p.wait(0); s.Acknowledged != records || s.Repeated != 0 {
		t.Errorf("summary %+v", s)
	}
	all := numbersIn(t, subscribe, fmt.Sprintf(`"n":%d}`, records-1))
	if len(all) != records {
		t.Errorf("%d of %d stand", len(all), records)
	}
}

// A signal ends following: what was read is acknowledged, and the exit code is
// 0. A line whose end is not there yet is not published, and that is told.
func TestPublishInterrupted(t *testing.T) {
	t.Parallel()
	ports := freePorts(t, 2)
	publishAt, subscribe := "tcp://"+ports[0], "tcp://"+ports[1]
	start(t, "consolidator", "--publish", publishAt, "--subscribe", subscribe)
	awaitListener(t, ports[0])
	awaitListener(t, ports[1])
	file := filepath.Join(t.TempDir(), "app.log")
	if err := os.WriteFile(file, []byte("first\nsecond\nno end"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := startPublishing(t, file, "--follow", "--to", publishAt)
	tailed(t, "2", "--consolidator", subscribe, "system")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if s := p.wait(0); s.Lines != 2 || s.Acknowledged != 2 || s.Unended != 1 {
		t.Errorf("summary %+v", s)
	}
}
