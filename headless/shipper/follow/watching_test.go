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
		w.rewatch()
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
	w, first := rotated(t, 1, "moved away")
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

// A file that came where a link led to before it led to another is found, though
// the system tells of it when it does not lead there any more; what came when it did
// not is none.
func TestLinkSwitchedBeforeAnybodyLooks(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	lead := func(to string) { w.Helper(); w.must(os.Symlink(to, w.at("app.log"))) }
	lead("data.1")
	w.follow()
	w.put("data.1", "first")
	w.remove("app.log")
	lead("data.2")
	w.put("data.2", "second")
	w.rewatch()
	w.follow()
	w.expect("first", "second", "EOF") // which has two entries
	w.remove("app.log")
	lead("data.3")
	w.follow()
	w.remove("app.log")
	lead("data.4")
	w.put("data.3", "which it did not lead to then")
	w.put("data.4", "fourth")
	w.rewatch()
	w.follow()
	w.expect("fourth", "EOF")
}

// A link that leads nowhere is followed until where it leads to is watched.
func TestLinkToNothing(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.must(os.Symlink("data", w.at("app.log")))
	w.apply(w.drain())
	for range 3 {
		w.judge(w.try(), nil)
	}
	w.put("data", "which was led to")
	w.remove("app.log")
	w.put("app.log", "there")
	w.follow()
	w.expect("gone 1", "there")
}
