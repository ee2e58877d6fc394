package follow

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A directory is watched once, however often routes are looked at: while a watch
// is changed, also to what it was, the system loses what happens.
func TestWatchedOnce(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.put("app.log", "")
	at, ok := w.leaf(w.names[0])
	if !ok {
		t.Fatal("the directory is not watched")
	}
	w.drain()
	done := make(chan struct{})
	const renames = 1000
	go func() {
		defer close(done)
		from := w.name
		for n := range renames {
			to := fmt.Sprint(w.name, ".", n)
			if err := os.Rename(from, to); err != nil {
				t.Error(err)
				return
			}
			from = to
		}
	}()
	for renaming := true; renaming; {
		w.watchRoutes()
		select {
		case <-done:
			renaming = false
		default:
		}
	}
	told := 0
	for _, c := range w.drain() {
		if c.wd == at.dir.wd {
			told++
		}
	}
	if told != 2*renames {
		t.Errorf("of %d changes the system told %d", 2*renames, told)
	}
	if err := w.Err(); err != nil {
		t.Error(err)
	}
	if _, err := w.inotify.watchDir(at.dir.fd); !errors.Is(err, fs.ErrExist) {
		t.Errorf("to watch a directory that is watched returns %v", err)
	}
}

// A file that waits for room and is moved out of all directories that are watched
// is gone, and holds nobody up.
func TestBoundMovedAway(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{MaxOpen: 1})
	w.expect("absent")
	w.put("app.log", "first")
	w.follow()
	first := w.Take(0)[0].File
	w.move("app.log", "old")
	w.put("app.log", "moved away")
	w.follow()
	w.must(os.Rename(w.name, filepath.Join(t.TempDir(), "out")))
	w.put("app.log", "second")
	w.follow()
	w.look(w.names[0], false)
	w.retire(first)
	w.follow()
	<-time.After(patience)
	w.follow()
	w.expect("gone 1", "second")
}
