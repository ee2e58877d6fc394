package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"

	"sluice/archive/batch"
	"sluice/archive/engine"
	"sluice/internal/foreign"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// faulty is an archive in a process of its own that something happens to, beside a
// consolidator.
type faulty struct {
	t                  testing.TB
	publish, subscribe string
	store, at          string
	cmd                *exec.Cmd
	client             *engine.Client
}

func newFaulty(t *testing.T) *faulty {
	t.Helper()
	f := &faulty{t: t, store: filepath.Join(t.TempDir(), "store"), at: freePorts(t, 1)[0]}
	f.publish, f.subscribe = pump(t)
	f.start(t)
	return f
}

// args are those of an archive with the store.
func (f *faulty) args() []string {
	return []string{"archive", "--store", f.store, "--listen", f.at, "--consolidator", f.subscribe, "--publish", ""}
}

func (f *faulty) start(t *testing.T) {
	t.Helper()
	f.cmd = start(t, append(f.args(), "--admin", "")...)
	f.dial(t)
}

// dial waits until the archive can be read.
func (f *faulty) dial(t *testing.T) {
	t.Helper()
	client, err := engine.Dial(engine.DialConfig{URLs: []string{"nats://" + f.at}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	f.client = client
	ctx, cancel := context.WithTimeout(t.Context(), wait.Limit)
	defer cancel()
	for err := engine.ErrNoArchive; err != nil; err = client.Ready(ctx) {
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

// stop ends the archive as an operator does.
func (f *faulty) stop() {
	f.t.Helper()
	if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		f.t.Fatal(err)
	}
	_ = f.cmd.Wait()
}

// put appends a message as it is, and returns its sequence.
func (f *faulty) put(m batch.Message) uint64 {
	f.t.Helper()
	ack, err := f.client.JetStream().PublishMsg(f.t.Context(), &nats.Msg{Subject: m.Subject, Header: m.Header, Data: m.Payload})
	if err != nil {
		f.t.Fatal(err)
	}
	return ack.Sequence
}

// batches makes a chain of batches of ten records each, from ten minutes ago, of a consolidator
// that is there no more; meddle may change what is appended.
func (f *faulty) batches(stream string, n int, meddle func(i int, m *batch.Message)) {
	f.t.Helper()
	var links batch.Links
	for i := range n {
		var b batch.Builder
		at := time.Now().Add(-10 * time.Minute)
		for j := range 10 {
			r := logLine(at, 30, fmt.Sprint("n ", i*10+j, " of ", stream))
			if err := b.Add(r, at.UnixMilli(), at.UnixMilli()); err != nil {
				f.t.Fatal(err)
			}
		}
		h := batch.Head{Consolidator: "gone", Stream: stream, Epoch: 7, First: uint64(i * 10), Links: links}
		m := b.Encode(&h)
		if meddle != nil {
			meddle(i, &m)
		}
		links = h.After(f.put(m))
	}
}

// history reads a stream from before it was live, and returns its lines and what was said.
func (f *faulty) history(stream string) (lines []string, said string) {
	f.t.Helper()
	cmd := exec.Command("sluice", "tail", "--plain", "--since", "1h", "--to", time.Now().Add(-5*time.Minute).UTC().Format(time.RFC3339), "--output", "raw",
		"--archive", "nats://"+f.at, "--consolidator", f.subscribe, "--for", wait.Limit.String(), stream)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("read the history of %s: %v: %s", stream, err, stderr.Bytes())
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"), stderr.String()
}

// has checks that a stream's history has so many records, and that something was said.
func (f *faulty) has(stream string, records int, words ...string) {
	f.t.Helper()
	lines, said := f.history(stream)
	if len(lines) != records {
		f.t.Errorf("%s: %d records, want %d: %s", stream, len(lines), records, said)
	}
	for _, w := range words {
		if !strings.Contains(said, w) {
			f.t.Errorf("%s: it is not said that %q: %s", stream, w, said)
		}
	}
}

// refused runs sluice, and checks that it ends with a code and some words.
func refused(t *testing.T, code int, words []string, args ...string) {
	t.Helper()
	cmd := exec.Command("sluice", args...)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("%q ends with %d, want %d: %s", args, got, code, out)
	}
	for _, w := range words {
		if !bytes.Contains(out, []byte(w)) {
			t.Errorf("%q does not say %q: %s", args, w, out)
		}
	}
}

// What is wrong in an archive, or asked of it, gets a clear word; the rest of it can be read,
// it goes on archiving, and live is untouched.
func TestArchiveFaults(t *testing.T) {
	volume.Check(t)
	f := newFaulty(t)
	stop := publishMany(t, f.publish, "live/now")
	f.batches("damaged", 5, nil)
	f.batches("changed", 5, func(i int, m *batch.Message) {
		if i == 2 {
			m.Payload[len(m.Payload)/2] ^= 1
		}
	})
	f.batches("beside", 2, nil)
	for _, subject := range []string{"logs.gone.beside", "logs.x.%zz", "logs"} {
		m := nats.Msg{Subject: subject, Data: []byte("not of sluice\x1b[2J")}
		if _, err := f.client.JetStream().PublishMsg(t.Context(), &m); err != nil && subject != "logs" {
			t.Fatal(err)
		}
	}
	colliding := []string{"a/b", "a.b", "a%2Fb", "a%2eb", "A/b"}
	for _, name := range colliding {
		f.batches(name, 1, nil)
	}

	// A block is damaged while nobody has it open.
	f.stop()
	path := filepath.Join(f.store, "jetstream", "$G", "streams", engine.Logs, "msgs", "1.blk")
	block, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	third := nth(block, []byte("logs.gone.damaged"), 3)
	for i := range 40 {
		block[third+200+i] ^= 0x5a
	}
	written, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, written.ModTime(), written.ModTime()); err != nil {
		t.Fatal(err)
	}
	f.start(t)

	f.has("damaged", 40, "10 records of damaged lost at the archive gone", "damaged")
	f.has("changed", 40, "10 records of changed lost at the archive gone", "damaged in the archive")
	f.has("beside", 20)
	for _, name := range colliding {
		lines, said := f.history(name)
		if len(lines) != 10 || !strings.Contains(lines[0], "of "+name+`"`) {
			t.Errorf("%s: %q: %s", name, lines, said)
		}
	}

	listed, err := exec.Command("sluice", "archive", "status", "--archive", "nats://"+f.at).CombinedOutput()
	if err != nil || bytes.ContainsRune(listed, 0x1b) || !bytes.Contains(listed, []byte("logs.x.%zz")) {
		t.Errorf("%v: what is of nobody's is not listed: %s", err, listed)
	}
	refused(t, 2, []string{"in the future"}, "tail", "--plain", "--since", "2999-01-01T00:00:00Z", "--archive", "nats://"+f.at, "--consolidator", f.subscribe, "live/now")
	second := append(f.args(), "--admin", "")
	second[4] = "127.0.0.1:0"
	refused(t, 1, []string{"another archive, process " + fmt.Sprint(f.cmd.Process.Pid), "a store of its own"}, second...)

	// All the time live went on, and into the archive.
	tailed(t, "100", "--consolidator", f.subscribe, "live/now")
	f.accounts("live/now", stop())
	listed, err = exec.Command("sluice", "archive", "status", "--archive", "nats://"+f.at, "--consolidator", f.subscribe, "--output", "json", "live/now", "damaged").CombinedOutput()
	if err != nil || strings.Count(string(listed), `"lag":0`) != 1 || !strings.Contains(string(listed), `"lag":null`) {
		t.Errorf("%v: the lag of live/now is 0, and that of a consolidator which is gone unknown: %s", err, listed)
	}

	f.stop()
	if err := os.WriteFile(filepath.Join(f.store, "sluice.form"), []byte("99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, 1, []string{"form 99", "newer sluice: update this one"}, append(f.args(), "--admin", "")...)
}

// nth is where something stands for the nth time.
func nth(in, what []byte, n int) int {
	at := 0
	for i := range n {
		if i > 0 {
			at++
		}
		at += bytes.Index(in[at:], what)
	}
	return at
}

// accounts waits until all of a stream that was published is archived, or told as lost.
func (f *faulty) accounts(stream string, published int) {
	f.t.Helper()
	subject := ""
	wait.For(f.t, fmt.Sprint(published, " records of ", stream, " to be archived or lost"), func() bool {
		if subject == "" {
			subjects, _ := f.client.Subjects(f.t.Context(), "logs.*."+strings.ReplaceAll(stream, "/", "."))
			for subject = range subjects {
				break
			}
			return false
		}
		m, err := f.client.Last(f.t.Context(), subject)
		if err != nil {
			return false
		}
		h, err := m.Head()
		if err != nil || h.Totals().Unknown > 0 {
			f.t.Fatalf("%+v, %v", h.Totals(), err)
		}
		return h.Totals().Records+h.Totals().Lost == uint64(published)
	})
}

// An archive whose disk is full says so, and goes on when there is room: all that was published
// meanwhile is archived, or told as lost, and live does not notice.
func TestArchiveOnAFullDisk(t *testing.T) {
	volume.Check(t)
	foreign.Need(t, "a tmpfs")
	dir := t.TempDir()
	ports := freePorts(t, 2)
	f := &faulty{t: t, store: filepath.Join(dir, "store"), at: ports[0]}
	f.publish, f.subscribe = pump(t)
	args := append(f.args(), "--admin", ports[1])
	cmd := exec.Command("unshare", foreign.Unshare(append([]string{"sh", "-c", `mount -t tmpfs -o size=48m none "$1" && shift && exec sluice "$@"`, "sh", dir}, args...)...)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	run(t, cmd)
	f.dial(t)
	is := func(what string, code int) {
		t.Helper()
		wait.For(t, "an archive that is "+what, func() bool {
			r, err := http.Get("http://" + ports[1] + "/readyz")
			if err != nil {
				return false
			}
			defer func() { _ = r.Body.Close() }()
			return r.StatusCode == code
		})
	}
	is("ready", http.StatusOK)
	stop := publishMany(t, f.publish, "live/now")
	tailed(t, "100", "--consolidator", f.subscribe, "live/now")

	ballast, err := os.Create(filepath.Join("/proc", fmt.Sprint(cmd.Process.Pid), "root", dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for room := free(t, ballast) - 7<<20; room > 0; room -= 1 << 20 {
		if _, err := ballast.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	is("not ready", http.StatusServiceUnavailable)
	tailed(t, "100", "--consolidator", f.subscribe, "live/now")
	if err := errors.Join(ballast.Truncate(0), ballast.Close()); err != nil {
		t.Fatal(err)
	}
	is("ready again", http.StatusOK)
	f.accounts("live/now", stop())
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(log.String(), "make room there") {
		t.Errorf("%v: the archive did not say that the disk is full:\n%s", err, log.Bytes())
	}
}

// free is how many bytes the disk of a file has free.
func free(t testing.TB, f *os.File) int64 {
	t.Helper()
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &s); err != nil {
		t.Fatal(err)
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
