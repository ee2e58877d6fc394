package follow

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// watched are Names whose goroutine has ended, so that a test says when changes
// are taken.
type watched struct {
	*testing.T
	*Names
	dir, name string
}

func watch(t *testing.T, cfg Config) *watched {
	t.Helper()
	w := &watched{T: t, dir: t.TempDir()}
	w.name = filepath.Join(w.dir, "app.log")
	if cfg.Names == nil {
		cfg.Names = []string{w.name}
	}
	var err error
	if w.Names, err = Watch(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	w.Finish()
	return w
}

// rotated follows a file, of which so many may be open, that is named old since another
// one with a text took its place.
func rotated(t *testing.T, most int, text string) (w *watched, first *File) {
	t.Helper()
	w = watch(t, Config{MaxOpen: most})
	w.expect("absent")
	w.put("app.log", "first\n")
	w.follow()
	first = w.names[0].Take()[0].File
	w.move("app.log", "old")
	w.put("app.log", text)
	w.follow()
	return w, first
}

// follow takes what has changed, as the goroutine does.
func (w *watched) follow() {
	w.apply(w.drain())
	w.settle()
	for _, m := range w.names {
		if m.moved {
			w.look(m, false)
		}
	}
}

// rewatch looks at all routes again, before changes are taken that the system has told.
func (w *watched) rewatch() {
	for _, m := range w.names {
		m.stale = true
	}
	w.watchRoutes()
}

// arrivals are what arrived, in words: the text of files, and kinds.
func (w *watched) arrivals() (all []string) {
	w.Helper()
	for _, a := range w.names[0].Take() {
		switch a.Kind {
		case Opened:
			all = append(all, readAll(w.T, a.File))
		case Gone:
			all = append(all, fmt.Sprint("gone ", a.N))
		default:
			all = append(all, map[Kind]string{Absent: "absent", Refused: "refused", Overflow: "overflow", Unheard: "unheard", Unseen: "unseen", Unfound: "unfound", Lost: "lost"}[a.Kind])
		}
	}
	return all
}

func (w *watched) expect(want ...string) {
	w.Helper()
	if got := w.arrivals(); !slices.Equal(got, want) {
		w.Errorf("%q arrived, expected %q", got, want)
	}
}

// retire reads a file to its end and closes it.
func (w *watched) retire(f *File) bool {
	readAll(w.T, f)
	done, _ := w.Retire(f)
	return done
}

func readAll(t *testing.T, f *File) string {
	t.Helper()
	text := make([]byte, 1<<20)
	n, err := f.Read(text, 1<<20)
	if err != nil {
		return err.Error()
	}
	return string(text[:n])
}

func (w *watched) put(path, text string) {
	w.Helper()
	w.must(os.WriteFile(w.at(path), []byte(text), 0o600))
}

// writing opens a file that is there, to write to its end.
func (w *watched) writing(path string) *os.File {
	w.Helper()
	f, err := os.OpenFile(w.at(path), os.O_APPEND|os.O_WRONLY, 0)
	w.must(err)
	return f
}

func (w *watched) append(path, text string) {
	w.Helper()
	f := w.writing(path)
	defer f.Close()
	_, err := f.WriteString(text)
	w.must(err)
}

func (w *watched) move(from, to string) { w.Helper(); w.must(os.Rename(w.at(from), w.at(to))) }
func (w *watched) remove(path string)   { w.Helper(); w.must(os.Remove(w.at(path))) }

func (w *watched) at(path string) string { return filepath.Join(w.dir, path) }

func (w *watched) must(err error) {
	if err != nil {
		w.Helper()
		w.Fatal(err)
	}
}

// All files that had the name are opened where they are by then, in their order,
// however often they were renamed before anybody looked.
func TestRenamedBeforeAnybodyLooks(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.put("app.log.2", "some other file")
	var want []string
	for n := range 6 {
		text := fmt.Sprint("file ", n)
		want = append(want, text)
		w.put("app.log", text)
		if n == 5 {
			break
		}
		for old := n; old > 0; old-- { // as logrotate does
			w.move(fmt.Sprint("old.", old), fmt.Sprint("old.", old+1))
		}
		w.move("app.log", "old.1")
	}
	w.follow()
	w.expect(want...)
	w.move("app.log", "app.log.3")
	w.follow()
	w.move("app.log.3", "app.log")
	w.follow()
	w.expect("EOF") // it is back, and is read on
}

// What was deleted or replaced before it could be opened is counted, at its place.
func TestGoneBeforeAnybodyLooks(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.put("app.log", "deleted")
	w.remove("app.log")
	w.put("app.log", "renamed")
	w.move("app.log", "old")
	w.put("app.log", "renamed and replaced")
	w.move("app.log", "other")
	w.put("new", "another")
	w.move("new", "other")
	w.put("app.log", "moved out of the way")
	w.must(os.Rename(w.name, filepath.Join(t.TempDir(), "out")))
	w.put("app.log", "there")
	w.follow()
	<-time.After(patience)
	w.follow()
	w.expect("gone 1", "renamed", "gone 2", "there")
}

// A name that is a link follows where it leads, and where that changes.
func TestLinks(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.must(os.Mkdir(w.at("a"), 0o700))
	w.must(os.Mkdir(w.at("b"), 0o700))
	w.must(os.Symlink("current/data", w.at("app.log")))
	w.must(os.Symlink("a", w.at("current")))
	w.follow()
	w.expect()
	w.put("a/data", "first")
	w.follow()
	w.move("a/data", "a/data.1")
	w.put("a/data", "second")
	w.follow()
	w.expect("first", "second")
	w.put("b/data", "third")
	w.must(os.Symlink("b", w.at("next")))
	w.move("next", "current")
	w.follow()
	w.expect("third")
	w.remove("app.log")
	w.put("app.log", "fourth")
	w.follow()
	w.expect("fourth")
}

// The folders of a name may come, be renamed, and come again.
func TestFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := watch(t, Config{Names: []string{filepath.Join(dir, "x/y/app.log")}})
	w.dir = dir
	w.expect("absent")
	for n := range 3 {
		w.must(os.Mkdir(w.at("x"), 0o700))
		w.follow()
		w.must(os.Mkdir(w.at("x/y"), 0o700))
		w.follow()
		w.put("x/y/app.log", fmt.Sprint("file ", n))
		w.move("x/y/app.log", "x/y/app.log.1")
		w.follow()
		w.expect(fmt.Sprint("file ", n))
		w.move("x", fmt.Sprint("x.", n))
		w.follow()
		w.expect()
	}
}

// When notifications were lost, nothing is taken for what it may not be any more.
func TestLostNotifications(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.put("app.log", "renamed")
	w.move("app.log", "old")
	w.put("app.log", "there")
	w.apply(w.drain())
	w.apply([]change{{kind: changeOverflow}})
	w.follow()
	w.expect("overflow", "gone 1", "there")
}

// When the system loses notifications, that is said, and the file that has the
// name is opened.
func TestOverflow(t *testing.T) {
	t.Parallel()
	// A system that keeps more than the bound is told for: what it would have kept is
	// cut there, as it cuts it.
	const bound = 1 << 17
	most := bound
	if text, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events"); err == nil {
		_, err := fmt.Sscan(string(text), &most)
		if most = min(most, bound); err != nil {
			t.Fatalf("the system keeps %q notifications: %v", text, err)
		}
	}
	w := watch(t, Config{})
	w.expect("absent")
	w.put("noise", "")
	for range most/4 + 1 { // of each renaming it tells twice
		w.move("noise", "other")
		w.move("other", "noise")
	}
	w.put("app.log", "there")
	changes := w.drain()
	if most == bound && len(changes) > most {
		changes = append(changes[:most], change{kind: changeOverflow})
	}
	w.apply(changes)
	w.follow()
	w.expect("overflow", "there")
}

// Files beyond the bound wait, are tracked, and are opened when there is room.
func TestBound(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{MaxOpen: 2})
	w.expect("absent")
	for n := range 5 {
		w.put("app.log", fmt.Sprint("file ", n))
		w.move("app.log", fmt.Sprint("app.log.", n))
	}
	w.put("app.log", "file 5")
	w.follow()
	files := w.names[0].Take()
	if len(files) != 2 || w.Wanted() != 4 {
		t.Fatalf("%d files arrived, and %d wait", len(files), w.Wanted())
	}
	if places, all := w.names[0].Waiting(); len(places) != 4 || all != 4 {
		t.Errorf("%d of %d files that wait are known", len(places), all)
	}
	w.move("app.log.2", "later")
	w.remove("app.log.3")
	w.follow()
	w.expect()
	for n, a := range files {
		if text := readAll(t, a.File); text != fmt.Sprint("file ", n) {
			t.Errorf("file %d is %q", n, text)
		}
		if !w.retire(a.File) {
			t.Errorf("file %d has its name", n)
		}
	}
	w.follow()
	w.expect("file 2", "gone 1", "file 4")
	if w.Wanted() != 1 {
		t.Errorf("%d wait", w.Wanted())
	}
}

// A file that waits keeps its place when it loses the name to a link.
func TestBoundLinks(t *testing.T) {
	t.Parallel()
	w, first := rotated(t, 1, "linked")
	w.must(os.Link(w.at("app.log"), w.at("old.2")))
	w.remove("app.log")
	w.follow()
	w.put("data", "led to")
	w.must(os.Symlink("data", w.at("app.log")))
	w.follow()
	w.remove("app.log")
	w.put("app.log", "deleted")
	w.follow()
	w.remove("app.log")
	w.follow()
	var a []Arrival
	for _, want := range []string{"linked", "led to"} {
		w.retire(first)
		w.follow()
		a = w.names[0].Take()
		first = a[0].File
		if text := readAll(t, first); text != want {
			t.Errorf("%q arrived, expected %q", text, want)
		}
	}
	if last := a[len(a)-1]; last.Kind != Gone || last.N != 1 {
		t.Errorf("then %+v arrived", last)
	}
}

// A file whose name comes back after it was retired is read on where it ended; a
// new file with its inode number is another.
func TestRetired(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.put("app.log", "once\n")
	w.follow()
	file := w.names[0].Take()[0].File
	readAll(t, file)
	if w.retire(file) {
		t.Error("a file that has its name was closed")
	}
	w.move("app.log", "old")
	w.put("app.log", "second\n")
	w.follow()
	w.expect("second\n")
	if !w.retire(file) {
		t.Error("a file that lost its name was not closed")
	}
	w.append("old", "more\n")
	w.move("old", "app.log")
	w.follow()
	w.expect("more\n")
}

// A file that may not be read, and a folder, are told, and what comes after them
// is followed.
func TestRefused(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.must(os.Mkdir(w.at("app.log"), 0o700))
	w.follow()
	w.expect("refused")
	w.look(w.names[0], false)
	w.expect() // that is said once
	w.remove("app.log")
	w.put("app.log", "a file")
	w.follow()
	w.expect("a file")
	w.Refuse(w.names[0].current)
	w.look(w.names[0], false)
	w.expect()
}

// Without notifications names are looked at.
func TestLook(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{Look: true, MaxOpen: 1})
	w.expect("absent")
	if w.Err() == nil {
		t.Error("it does not say that it only looks")
	}
	w.put("app.log", "first")
	w.look(w.names[0], false)
	file := w.names[0].Take()[0].File
	w.move("app.log", "old")
	w.put("app.log", "second, for which there is no room")
	w.look(w.names[0], false)
	if w.Wanted() != 1 {
		t.Errorf("%d wait", w.Wanted())
	}
	w.move("app.log", "older")
	w.put("app.log", "third")
	w.look(w.names[0], false)
	w.expect("gone 1")
	w.retire(file)
	w.look(w.names[0], false)
	w.expect("third")
}
