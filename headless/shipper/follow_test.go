package shipper_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluice/cluster/publish"
	"sluice/consolidator"
	"sluice/headless/shipper"
	"sluice/internal/testcluster"
	"sluice/internal/testpeer"
	"sluice/internal/wait"
)

// pump runs a consolidator, and returns its endpoints.
func pump(t testing.TB) (publishAt, subscribeAt string) {
	t.Helper()
	c, _ := testcluster.Consolidator(t, consolidator.Config{StreamBuffer: 64 << 20})
	return c.PublishAddrs()[0], c.SubscribeAddrs()[0]
}

// running is a shipper that runs.
type running struct {
	t      testing.TB
	client *publish.Client
	ship   *shipper.Shipper
	cancel context.CancelFunc
	done   chan error
	ended  bool

	mu      sync.Mutex
	notices bytes.Buffer
}

func (r *running) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.notices.Write(b)
}

func (r *running) said(text string) bool { return strings.Contains(r.words(), text) }

// words are the notices that were said.
func (r *running) words() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.notices.String()
}

// ship runs a shipper until it is ended, or the test is.
func ship(t testing.TB, to string, cfg shipper.Config, prepare ...func(*shipper.Shipper)) *running {
	t.Helper()
	var err error
	if cfg.Client == nil {
		if cfg.Client, err = publish.Open(publish.Config{Endpoint: to}); err != nil {
			t.Fatal(err)
		}
	}
	r := &running{t: t, client: cfg.Client, done: make(chan error, 1)}
	cfg.Endpoint, cfg.Stream, cfg.Notices, cfg.Grace = to, "system", r, wait.Limit
	if r.ship, err = shipper.New(cfg); err != nil {
		t.Fatal(err)
	}
	for _, p := range prepare {
		p(r.ship)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.done <- r.ship.Run(ctx) }()
	t.Cleanup(func() {
		if !r.ended {
			cancel()
			<-r.done
		}
	})
	return r
}

// end ends it as a signal does; all that was read arrives.
func (r *running) end() *shipper.Summary {
	r.t.Helper()
	s, err := r.stop()
	if err != nil {
		r.t.Errorf("Run returns %v", err)
	}
	return s
}

// stop ends it as a signal does.
func (r *running) stop() (*shipper.Summary, error) {
	r.cancel()
	r.ended = true
	err := <-r.done
	return r.ship.Summary(), err
}

func (r *running) acknowledged(n int) {
	r.t.Helper()
	wait.For(r.t, fmt.Sprintf("%d acknowledged records, of %d", n, r.client.Stats().Acknowledged), func() bool { return r.client.Stats().Acknowledged >= uint64(n) })
}

// stands returns the msg of the last n records of the stream.
func stands(t testing.TB, at string, n int) []string {
	t.Helper()
	return messages(t, testpeer.Last(t, at, "system", n))
}

// written returns the msg of the last n records of the stream that are lines, and
// what notices there are among them, which have to be so many.
func written(t testing.TB, at string, n, notices int) (lines, told []string) {
	t.Helper()
	records := testpeer.Last(t, at, "system", n+notices)
	for i, text := range messages(t, records) {
		if strings.Contains(records[i], `"name":"sluice"`) {
			told = append(told, text)
			continue
		}
		lines = append(lines, text)
	}
	if len(told) != notices {
		t.Errorf("%d notices, expected %d: %q", len(told), notices, told)
	}
	return lines, told
}

func numbered(from, to int) (lines []string) {
	for i := from; i < to; i++ {
		lines = append(lines, fmt.Sprintf("line %d", i))
	}
	return lines
}

func put(t testing.TB, file string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err == nil {
		_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A writer writes and rotates by renaming, and notices its own rotation late:
// every line is published, once, and in order.
func TestFollowRenames(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	file := filepath.Join(t.TempDir(), "app.log")
	r := ship(t, to, shipper.Config{Files: []string{file}, Follow: true})
	wait.For(t, "its word that there is no file", func() bool { return r.said("is not there yet") })
	const rounds, each = 3, 5000
	var f *os.File
	reopen := func() {
		t.Helper()
		if f != nil {
			f.Close()
		}
		var err error
		if f, err = os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reopen()
	n := 0
	write := func(lines int) {
		for range lines {
			fmt.Fprintf(f, "line %d\n", n)
			n++
		}
	}
	for round := range rounds {
		write(each)
		r.acknowledged(n - each + 1) // it is open, or it could not be known of
		if err := os.Rename(file, fmt.Sprintf("%s.%d", file, rounds-round)); err != nil {
			t.Fatal(err)
		}
		write(each) // to the old one
		reopen()
		write(10)
		r.acknowledged(n) // or the next rotation hides a whole file
	}
	f.Close()
	s := r.end()
	if got := stands(t, at, n); !slices.Equal(got, numbered(0, n)) {
		t.Errorf("%d of %d lines stand as they were written", len(got), n)
	}
	if s.Lines != uint64(n) || s.Acknowledged != uint64(n) || s.Rotations != rounds || s.Truncations != 0 {
		t.Errorf("summary %+v", s)
	}
}

// What is written to the old file after the new one was begun is read, too.
func TestFollowLate(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	file := filepath.Join(t.TempDir(), "app.log")
	put(t, file, "old 1")
	r := ship(t, to, shipper.Config{Files: []string{file}, Follow: true, NoJoin: true})
	r.acknowledged(1)
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	put(t, file, "new 1")
	r.acknowledged(2)
	put(t, file+".1", "old 2")
	put(t, file, "new 2")
	r.acknowledged(4)
	r.end()
	got := stands(t, at, 4)
	slices.Sort(got)
	if want := []string{"new 1", "new 2", "old 1", "old 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// copytruncate, with a writer that appends, and with one that goes on where it
// was; and a file that has grown beyond what it was before anybody looked.
func TestFollowTruncates(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "app.log")
	put(t, file, numbered(0, 3000)...)
	r := ship(t, to, shipper.Config{Files: []string{file}, Follow: true, NoJoin: true})
	n := 3000
	for round := range 5 {
		r.acknowledged(n + round) // and what was told
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file+".1", data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(file, 0); err != nil {
			t.Fatal(err)
		}
		put(t, file, numbered(n, n+3000)...) // longer than it was
		n += 3000
	}
	r.acknowledged(n + 5)

	// A hole, as a writer without O_APPEND leaves it.
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "line %d\n", n)
	n++
	r.acknowledged(n + 6)
	s := r.end()
	if got, _ := written(t, at, n, 6); !slices.Equal(got, numbered(0, n)) {
		t.Errorf("the lines do not stand as they were written")
	}
	if s.LostBytes != 0 || s.Notices != 6 || s.Lines != uint64(n) || s.Truncations != 6 || s.Rotations != 0 {
		t.Errorf("summary %+v", s)
	}
}

// Where the system does not notify of changes, files are looked at: what comes, is
// renamed or truncated is found, also in a directory that was not there yet.
func TestFollowByLooking(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	dir := filepath.Join(t.TempDir(), "later")
	file := filepath.Join(dir, "app.log")
	r := ship(t, to, shipper.Config{Files: []string{file}, Follow: true, NoJoin: true}, shipper.Look)
	wait.For(t, "the notice that it has to look", func() bool { return r.said("looking at the files every ") })
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, file, numbered(0, 10)...)
	r.acknowledged(10)
	put(t, file, numbered(10, 20)...)
	r.acknowledged(20)
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	put(t, file, numbered(20, 30)...)
	r.acknowledged(30)
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	put(t, file, numbered(30, 31)...)
	r.acknowledged(32)
	if s := r.end(); s.Lines != 31 || s.Rotations != 1 || s.Truncations != 1 {
		t.Errorf("summary %+v", *s)
	}
	if got, _ := written(t, at, 31, 1); !slices.Equal(got, numbered(0, 31)) {
		t.Errorf("got %q", got)
	}
}

// Several files, written to at the same time; lines that come in pieces; the end
// of what is there when it begins.
func TestFollowSeveral(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	dir := t.TempDir()
	var files []string
	for i := range 4 {
		files = append(files, filepath.Join(dir, fmt.Sprintf("%d.log", i)))
	}
	put(t, files[0], "not this")
	r := ship(t, to, shipper.Config{Files: files, Follow: true, New: true})
	wait.For(t, "the others to be missed", func() bool { return r.said("3.log\" is not there yet") })
	wait.For(t, "the first", func() bool { return r.client.Status().Connected })
	const each = 500
	var writing sync.WaitGroup
	for i, file := range files {
		writing.Go(func() {
			f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			for n := range each {
				line := fmt.Sprintf("%d %d\n", i, n)
				_, _ = f.WriteString(line[:2])
				_, _ = f.WriteString(line[2:])
			}
		})
	}
	writing.Wait()
	r.acknowledged(4 * each)
	if s := r.end(); s.Lines != 4*each || s.Records != 4*each {
		t.Errorf("summary %+v", s)
	}
	next := make([]int, 4)
	for _, line := range stands(t, at, 4*each) {
		var i, n int
		if _, err := fmt.Sscanf(line, "%d %d", &i, &n); err != nil || n != next[i] {
			t.Fatalf("line %q, expected number %v", line, next)
		}
		next[i]++
	}
}

// A record that may be continued does not wait for ever, and a last line without
// an end is a line when everything ends.
func TestIdle(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	r := ship(t, to, shipper.Config{Stdin: in})
	_, _ = io.WriteString(out, "Error\n  at f\n")
	r.acknowledged(1)
	_, _ = io.WriteString(out, "last")
	wait.For(t, "the piece", func() bool { return r.client.Status().Connected })
	_, _ = io.WriteString(out, " line")
	out.Close()
	r.ended = true
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if got, want := stands(t, at, 2), []string{"Error\n  at f", "last line"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	r.cancel()
}
