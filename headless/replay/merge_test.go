package replay_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluice/headless/internal/packed"
	"sluice/headless/replay"
)

// Several files are merged by time; of equal times the file named first goes
// first, and the order within a file stays.
func TestMerge(t *testing.T) {
	s := time.Second
	a := file(t, "a", line(0, "a0")+line(4*s, "a4")+line(3*s, "a3 late")+"a no time\n"+line(6*s, "a6"))
	b := file(t, "b", packed.Gzip(line(s, "b1")+line(4*s, "b4")+line(5*s, "b5")))
	c := file(t, "c", packed.Zstd("c no time\n"+line(2*s, "c2")+line(7*s, "c7")))
	empty := file(t, "empty", "")
	got := replayed(t, replay.Config{Files: []string{a, b, c, empty}})
	// What stands before any time in c comes when its turn has come.
	wantRecords(t, got, "a0", "b1", "c no time", "c2", "a4", "a3 late", "a no time", "b4", "b5", "a6", "c7")
	if got.streams[0] != "a" || got.streams[1] != "b" {
		t.Errorf("streams %q", got.streams)
	}
}

// A thousand files one after the other need no thousand open files.
func TestManyFiles(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for i := range 1000 {
		path := filepath.Join(dir, fmt.Sprint("f", 999-i))
		if err := os.WriteFile(path, []byte(line(time.Duration(999-i)*time.Second, fmt.Sprint(999-i))), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	most := 0
	now := func() time.Time { // it is asked for while the replay runs
		if open, err := os.ReadDir("/proc/self/fd"); err == nil {
			most = max(most, len(open))
		}
		return time.Now()
	}
	got := replayed(t, replay.Config{Files: files, Speed: 1e9, Now: now})
	if len(got.records) != 1000 {
		t.Fatalf("%d records", len(got.records))
	}
	for i, msg := range got.records {
		if msg != fmt.Sprint(i) {
			t.Fatalf("record %d is %q", i, msg)
		}
	}
	if most > 100 {
		t.Errorf("%d files were open at once", most)
	}
}
