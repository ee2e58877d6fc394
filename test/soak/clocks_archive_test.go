//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/zmtp"
	"sluice/internal/testpeer"
	"sluice/internal/volume"
	"sluice/internal/wait"
)

// timed is an archive whose clock is set, beside a consolidator and a publisher whose
// clocks are right.
type timed struct {
	t                     *testing.T
	dir, binary           string
	subscribe, at         string
	consolidator, archive *server
	publisher             *testpeer.Peer
	times                 []time.Time // of what was published, by number
}

func newTimed(t *testing.T, binary string, flags ...string) *timed {
	t.Helper()
	w := &timed{t: t, dir: t.TempDir(), binary: binary}
	var ports []string
	for range 3 {
		port, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, port)
	}
	publish, store := "tcp://"+ports[0], filepath.Join(w.dir, "store")
	w.subscribe, w.at = "tcp://"+ports[1], "nats://"+ports[2]
	o := options{sluice: binary}
	w.consolidator = newServer(o, w.dir, "vm-1", ports[0], "consolidator", "--name", "vm-1", "--publish", publish, "--subscribe", w.subscribe, "--admin", "")
	w.archive = newServer(o, w.dir, "archive", ports[2],
		append([]string{"archive", "tenant/*", "--store", store, "--listen", ports[2], "--consolidator", w.subscribe, "--publish", "", "--admin", ""}, flags...)...)
	w.archive.enter = []string{"env", clockEnv + "=" + filepath.Join(w.dir, "clock")}
	for _, s := range []*server{w.consolidator, w.archive} {
		if err := s.start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = s.stop(true)
			if text, err := os.ReadFile(s.log); err == nil && t.Failed() {
				t.Logf("%s said:\n%s", s.name, text)
			}
		})
	}
	w.publisher = testpeer.Dial(t, publish, testpeer.AsForeignPublisher)
	w.publisher.Drain()
	return w
}

// clock sets the archive's clock to a time; 0 is the right one.
func (w *timed) clock(at int64) {
	w.t.Helper()
	off := int64(0)
	if at != 0 {
		off = at - time.Now().Unix()
	}
	file := filepath.Join(w.dir, "clock")
	if err := os.WriteFile(file, fmt.Append(nil, off), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := clockIs(w.t.Context(), w.archive, file, off); err != nil {
		w.t.Fatal(err)
	}
}

// publish publishes so many records, a millisecond apart, and waits until they are archived.
func (w *timed) publish(n int) {
	w.t.Helper()
	var b []byte
	at := time.Now().Truncate(time.Millisecond)
	for i := range n {
		own := at.Add(time.Duration(i) * time.Millisecond)
		b = zmtp.AppendMessage(b, "tenant/acme", fmt.Appendf(nil, `{"v":0,"name":"app","hostname":"vm-1","pid":1,"level":30,"time":%q,"msg":"","n":%d}`,
			own.UTC().Format("2006-01-02T15:04:05.000Z"), len(w.times)))
		w.times = append(w.times, own)
	}
	if _, err := w.publisher.Conn.Write(b); err != nil {
		w.t.Fatal(err)
	}
	wait.For(w.t, fmt.Sprint(len(w.times), " records to be archived"), func() bool { return w.held() == len(w.times) })
}

// held is how many records the archive says that it holds, and has lost.
func (w *timed) held() int {
	out, err := exec.Command(w.binary, "archive", "status", "--archive", w.at, "--consolidator", w.subscribe, "--output", "json").Output()
	if err != nil {
		return -1
	}
	for line := range bytes.Lines(out) {
		var s struct {
			Type, Stream  string
			Records, Lost int
		}
		if json.Unmarshal(line, &s) == nil && s.Type == "stream" && s.Stream == "tenant/acme" {
			return s.Records + s.Lost
		}
	}
	return 0
}

// tail reads so many records, and returns their numbers and what was said.
func (w *timed) tail(count int, flags ...string) (numbers []int, said string) {
	w.t.Helper()
	cmd := exec.Command(w.binary, append([]string{
		"tail", "--plain", "--output", "raw", "--archive", w.at, "--consolidator", w.subscribe,
		"--count", fmt.Sprint(count), "--for", wait.Limit.String(), "tenant/acme",
	}, flags...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%q: %v: %s", cmd.Args, err, errs.Bytes())
	}
	for line := range bytes.Lines(out) {
		var r struct{ N int }
		if err := json.Unmarshal(line, &r); err != nil {
			w.t.Fatalf("%v: %q", err, line)
		}
		numbers = append(numbers, r.N)
	}
	return numbers, errs.String()
}

// reads checks what is read of a time.
func (w *timed) reads(from, to time.Time) {
	w.t.Helper()
	var want []int
	for n, at := range w.times {
		if !at.Before(from) && !at.After(to) {
			want = append(want, n)
		}
	}
	const form = "2006-01-02T15:04:05.000Z"
	got, said := w.tail(len(want), "--since", from.UTC().Format(form), "--to", to.UTC().Format(form))
	if !slices.Equal(got, want) || !strings.Contains(said, "lost=0") {
		w.t.Errorf("of %s to %s, these are read: %v, want %v: %s", from.UTC().Format(form), to.UTC().Format(form), got, want, said)
	}
}

// The clock of an archive is set far forward and far back, and it is started anew by a wrong
// one: what it holds is complete and in order, and is found by the records' own times.
func TestArchiveByItsClock(t *testing.T) {
	volume.Long(t)
	w := newTimed(t, withClock(t))
	w.publish(20)
	for _, at := range settings {
		w.clock(at)
		w.publish(20)
		w.publish(20)
	}
	w.reads(w.times[0], w.times[len(w.times)-1])
	for i := 0; i+60 <= len(w.times); i += 20 {
		w.reads(w.times[i+10], w.times[i+45])
		w.reads(w.times[i], w.times[i+19])
	}
	// The consolidator has nothing of it any more.
	if err := w.consolidator.stop(true); err != nil {
		t.Fatal(err)
	}
	if err := w.consolidator.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.reads(w.times[5], w.times[len(w.times)-5])
	got, said := w.tail(50, "--last", "50")
	if want := len(w.times) - 50; len(got) != 50 || got[0] != want || got[49] != len(w.times)-1 {
		t.Errorf("the last 50 are %v, want from %d on: %s", got, want, said)
	}
	if held := w.held(); held != len(w.times) {
		t.Errorf("it says that it holds %d, want %d", held, len(w.times))
	}
}
