package shipper_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/cluster/publish"
	"sluice/headless/shipper"
	"sluice/internal/wait"
)

// kept runs shippers one after the other that keep their places.
type kept struct {
	t      testing.TB
	to, at string
	dir    string
	file   string
	state  string
}

func keep(t testing.TB) *kept {
	to, at := pump(t)
	dir := t.TempDir()
	return &kept{t: t, to: to, at: at, dir: dir, file: filepath.Join(dir, "app.log"), state: filepath.Join(dir, "places")}
}

// run follows until a line has arrived, and returns what became of it.
func (k *kept) run(last string) (*running, *shipper.Summary, error) {
	k.t.Helper()
	r := ship(k.t, k.to, shipper.Config{Files: []string{k.file}, Follow: true, NoJoin: true, State: k.state})
	if last != "" {
		readUntil(k.t, k.at, last)
	}
	s, err := r.stop()
	return r, s, err
}

// stands checks the stream.
func (k *kept) stands(notices int, want ...string) {
	k.t.Helper()
	if got, _ := written(k.t, k.at, len(want), notices); !slices.Equal(got, want) {
		k.t.Errorf("%q stand, expected %q", got, want)
	}
}

func (k *kept) rename(to string) {
	k.t.Helper()
	if err := os.Rename(k.file, k.file+to); err != nil {
		k.t.Fatal(err)
	}
}

// A restart neither loses nor repeats: not what was written meanwhile, nor the
// file that was renamed, nor the half line at the end.
func TestRestart(t *testing.T) {
	t.Parallel()
	k := keep(t)
	put(t, k.file, "one", "two")
	if _, s, err := k.run("two"); err != nil || s.Lines != 2 {
		t.Errorf("%v: %+v", err, s)
	}
	f, err := os.OpenFile(k.file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, _ = f.WriteString("three\nfo")
	if _, s, err := k.run("three"); err != nil || s.Lines != 1 {
		t.Errorf("%v: %+v", err, s)
	}
	_, _ = f.WriteString("ur\nfive\n")
	k.rename(".1")
	put(t, k.file, "six")
	if _, s, err := k.run("six"); err != nil || s.Lines != 3 || s.Rotations != 1 {
		t.Errorf("%v: %+v", err, s)
	}
	k.rename(".2")
	if err := os.Rename(k.file+".1", k.file); err != nil { // back
		t.Fatal(err)
	}
	_, _ = f.WriteString("seven\n")
	if _, s, err := k.run("seven"); err != nil || s.Lines != 1 {
		t.Errorf("%v: %+v", err, s)
	}
	k.stands(0, "one", "two", "three", "four", "five", "six", "seven")
}

// What is not acknowledged at the end is published by the next run.
func TestRestartUnacknowledged(t *testing.T) {
	t.Parallel()
	k := keep(t)
	put(t, k.file, numbered(0, 100)...)
	client, err := publish.Open(publish.Config{Endpoint: "ipc://" + filepath.Join(k.dir, "nobody")})
	if err != nil {
		t.Fatal(err)
	}
	r := ship(t, "ipc://"+filepath.Join(k.dir, "nobody"),
		shipper.Config{Client: client, Files: []string{k.file}, Follow: true, NoJoin: true, State: k.state}, shipper.Impatient)
	wait.For(t, "all lines to be read", func() bool { return shipper.Lines(r.ship) == 100 })
	if s, err := r.stop(); !errors.Is(err, shipper.ErrNotConnected) || s.Unsent != 100 {
		t.Errorf("%v: %+v", err, s)
	}
	if _, s, err := k.run("line 99"); err != nil || s.Lines != 100 {
		t.Errorf("%v: %+v", err, s)
	}
	k.stands(0, numbered(0, 100)...)
}

// What happened while nobody followed, and cannot be made good, is told.
func TestRestartTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	k := keep(t)
	put(t, k.file, "one", "two")
	if _, _, err := k.run("two"); err != nil {
		t.Error(err)
	}

	// Truncated, and longer than it was.
	if err := os.Truncate(k.file, 0); err != nil {
		t.Fatal(err)
	}
	put(t, k.file, "three, longer than both", "four")
	if r, s, err := k.run("four"); err != nil || s.Truncations != 1 || s.Lines != 2 || !r.said("was truncated") {
		t.Errorf("%v: %+v", err, s)
	}

	// Renamed, and a file between the two.
	k.rename(".2")
	put(t, k.file, "unseen")
	k.rename(".1")
	put(t, k.file, "five")
	if r, s, err := k.run("five"); !errors.Is(err, shipper.ErrMissing) || s.Doubts != 1 || s.Lines != 1 ||
		!r.said(`app.log.1" has come while nobody followed`) {
		t.Errorf("%v: %+v", err, s)
	}

	// Deleted.
	if err := os.Remove(k.file); err != nil {
		t.Fatal(err)
	}
	put(t, k.file, "six")
	if r, s, err := k.run("six"); !errors.Is(err, shipper.ErrMissing) || s.Doubts != 1 || s.Lines != 1 ||
		!r.said("is not to be found (it is not there under another name): what was written to it behind its first 5 bytes is unknown") {
		t.Errorf("%v: %+v", err, s)
	}
	if _, s, err := k.run(""); err != nil || s.Notices != 0 { // that was told
		t.Errorf("%v: %+v", err, s)
	}
	k.stands(3, "one", "two", "three, longer than both", "four", "five", "six")
}

// A run that is cut off repeats what was published since it saved, which the
// next one says.
func TestRestartAfterACut(t *testing.T) {
	t.Parallel()
	k := keep(t)
	put(t, k.file, "one")
	r := ship(t, k.to, shipper.Config{Files: []string{k.file}, Follow: true, NoJoin: true, State: k.state})
	r.acknowledged(1)
	var saved []byte
	wait.For(t, "the place to be saved", func() bool {
		saved, _ = os.ReadFile(k.state)
		return strings.Contains(string(saved), `"offset":4`)
	})
	put(t, k.file, "two")
	r.acknowledged(2)
	if _, err := r.stop(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(k.state, saved, 0o600); err != nil { // as if it had been killed here
		t.Fatal(err)
	}
	put(t, k.file, "three")
	began := time.Now()
	next, s, err := k.run("three")
	if err != nil || s.Lines != 2 || !next.said("the last run was cut off: what it published after "+began.UTC().Format("2006-")) {
		t.Errorf("%v: %+v", err, s)
	}
	k.stands(0, "one", "two", "two", "three")
}
