package shipper_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/publish"
	"sluice/consolidator"
	"sluice/headless/shipper"
	"sluice/internal/foreign"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

// A file is renamed three times while no consolidator is there, with more in it
// each time than the buffer holds: everything arrives once there is one, in
// order.
func TestFollowWhileNobodyTakes(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "/proc")
	dir := t.TempDir()
	to, at := "ipc://"+filepath.Join(dir, "pub"), "ipc://"+filepath.Join(dir, "sub")
	client, err := publish.Open(publish.Config{Endpoint: to, Buffer: publish.MinBuffer})
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{t: t, name: filepath.Join(dir, "app.log")}
	put(t, w.name, "")
	r := ship(t, to, shipper.Config{Client: client, Files: []string{w.name}, Follow: true, NoJoin: true})
	const each = 8000
	pad := strings.Repeat("x", 200)
	var want []string
	for round := range 4 {
		var lines []string
		for n := range each {
			lines = append(lines, fmt.Sprint("round ", round, " line ", n, " ", pad))
		}
		put(t, w.name, lines...)
		want = append(want, lines...)
		info, err := os.Stat(w.name)
		if err != nil {
			t.Fatal(err)
		}
		wait.For(t, "the file to be opened", func() bool { return opened(info) > 0 })
		if round == 3 {
			break
		}
		if round == 0 {
			wait.For(t, "a full buffer", func() bool { return client.Stats().Bytes > publish.MinBuffer/2 })
		}
		if err := os.Rename(w.name, w.old()); err != nil {
			t.Fatal(err)
		}
	}
	testcluster.Consolidator(t, consolidator.Config{Publish: []string{to}, Subscribe: []string{at}, StreamBuffer: 64 << 20})
	r.acknowledged(len(want))
	s := r.end()
	if got := stands(t, at, len(want)); !slices.Equal(got, want) {
		t.Errorf("the lines do not stand as they were written")
	}
	if s.Rotations != 3 || s.Missed+s.LostBytes+s.Doubts+s.Unread+s.Notices != 0 {
		t.Errorf("summary %+v", *s)
	}
}

// However fast names change, all lines arrive.
func TestFollowFast(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	w := &writer{t: t, name: filepath.Join(t.TempDir(), "app.log")}
	put(t, w.name, "line 0")
	r := ship(t, to, shipper.Config{Files: []string{w.name}, Follow: true, NoJoin: true})
	r.acknowledged(1)
	const rounds = 200
	for n := range rounds {
		if err := os.Rename(w.name, w.old()); err != nil {
			t.Fatal(err)
		}
		put(t, w.name, fmt.Sprint("line ", n+1))
	}
	r.acknowledged(rounds + 1)
	if s := r.end(); s.Rotations != rounds || s.Notices != 0 {
		t.Errorf("summary %+v", *s)
	}
	if got := stands(t, at, rounds+1); !slices.Equal(got, numbered(0, rounds+1)) {
		t.Errorf("got %q", got)
	}
}

// A writer that never stops writing to the renamed file holds the new one up by
// nothing, and is read as long as it writes.
func TestFollowWriterThatNeverNotices(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	file := filepath.Join(t.TempDir(), "app.log")
	put(t, file, "old")
	r := ship(t, to, shipper.Config{Files: []string{file}, Follow: true, NoJoin: true})
	r.acknowledged(1)
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		f, err := os.OpenFile(file+".1", os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Error(err)
		}
		defer f.Close()
		text := strings.Repeat("old\n", 10)
		n := 0
		for ; ; n += 10 {
			select {
			case <-stop:
				stopped <- n
				return
			default:
				_, _ = f.WriteString(text)
			}
		}
	}()
	put(t, file, "new")
	r.acknowledged(2)
	wait.For(t, "the new file to be read", func() bool { return r.ship.Rotations() == 1 })
	close(stop)
	n := <-stopped
	r.acknowledged(n + 2)
	if s := r.end(); s.Lines != uint64(n+2) {
		t.Errorf("%d lines were written: %+v", n+2, *s)
	}
}

// Two names that lead to one file, one after the other or at once, publish its
// lines once.
func TestFollowOneFileOfTwoNames(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	dir := t.TempDir()
	file, old, link := filepath.Join(dir, "app.log"), filepath.Join(dir, "app.log.1"), filepath.Join(dir, "current")
	put(t, file, "line 0")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	r := ship(t, to, shipper.Config{Files: []string{file, old, link}, Follow: true, NoJoin: true})
	r.acknowledged(1)
	if err := os.Rename(file, old); err != nil {
		t.Fatal(err)
	}
	put(t, old, "line 1")
	r.acknowledged(2)
	put(t, file, "line 2")
	r.acknowledged(3)
	put(t, old, "line 3")
	r.acknowledged(4)
	if s := r.end(); s.Lines != 4 {
		t.Errorf("summary %+v", *s)
	}
	if got := stands(t, at, 4); !slices.Equal(got, numbered(0, 4)) {
		t.Errorf("got %q", got)
	}
}

// What is missing is told in the stream, in the summary and by the error.
func TestFollowTellsWhatIsMissing(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "/proc")
	dir := t.TempDir()
	to, at := "ipc://"+filepath.Join(dir, "pub"), "ipc://"+filepath.Join(dir, "sub")
	file := filepath.Join(dir, "app.log")
	client, err := publish.Open(publish.Config{Endpoint: to, Buffer: publish.MinBuffer})
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 2<<20)
	put(t, file, big[:1000], big)
	r := ship(t, to, shipper.Config{Client: client, Files: []string{file}, Follow: true, NoJoin: true, OpenFiles: 2})
	var lines []string
	for range 1000 {
		lines = append(lines, big[:10_000])
	}
	put(t, file, lines...)
	wait.For(t, "a line that waits for room", func() bool {
		stats := client.Stats()
		return stats.Bytes > publish.MinBuffer-12_000 && shipper.Lines(r.ship) == int(stats.Published)+1
	})
	wait.For(t, "all of it to be seen", func() bool { return shipper.Behind(r.ship) > 5_000_000 })
	if err := os.Truncate(file, 0); err != nil { // unread
		t.Fatal(err)
	}
	put(t, file, "behind the truncation")
	for n := range 3 { // one is open besides, the others wait
		if err := os.Rename(file, fmt.Sprint(file, ".", n)); err != nil {
			t.Fatal(err)
		}
		put(t, file, fmt.Sprint("file ", n+1))
	}
	wait.For(t, "two files to wait", func() bool { return shipper.Wanted(r.ship) == 2 })
	if err := os.Remove(file + ".2"); err != nil {
		t.Fatal(err)
	}
	wait.For(t, "one of them to be gone", func() bool { return shipper.Wanted(r.ship) == 1 })
	testcluster.Consolidator(t, consolidator.Config{Publish: []string{to}, Subscribe: []string{at}, StreamBuffer: 64 << 20})
	got, told := readUntil(t, at, "file 3")
	s, err := r.stop()
	if !errors.Is(err, shipper.ErrMissing) || s.Missed != 1 || s.Truncations != 1 || s.LostBytes < 5_000_000 || s.Notices != 2 {
		t.Errorf("Run returns %v: %+v", err, *s)
	}
	if want := []string{"behind the truncation", "file 1"}; !slices.Equal(got[len(got)-2:], want) {
		t.Errorf("got %.100q", got[len(got)-2:])
	}
	want := []string{
		fmt.Sprintf("%q was truncated: beginning again; at least %d bytes that were not read are lost", file, s.LostBytes),
		fmt.Sprintf("a file that was %q was gone before it could be opened: what was in it is unknown", file),
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, expected %q", told, want)
	}
	for _, text := range want {
		if !r.said(text) {
			t.Errorf("nobody said %s", text)
		}
	}
}
