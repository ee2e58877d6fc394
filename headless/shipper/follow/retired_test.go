package follow

import (
	"os"
	"testing"

	"sluice/internal/wait"
)

// revived opens what was closed and written to, once the system has told of it.
func (w *watched) revived() {
	w.Helper()
	wait.For(w, "word of what was written", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, r := range w.retired {
			if r.touched {
				return true
			}
		}
		return false
	})
	w.revive()
}

// retiring follows a file that was read to its end and closed, and is named old.
func retiring(t *testing.T, most int) (w *watched, second *File) {
	w, first := rotated(t, most, "second\n")
	w.look(w.names[0], false)
	if done, _ := w.Retire(first); done {
		t.Error("a file was closed that is not read")
	}
	readAll(t, first)
	done, watched := w.Retire(first)
	if !done || !watched {
		t.Fatalf("closed %v, watched %v", done, watched)
	}
	w.follow()
	if most > 1 {
		return w, first
	}
	second = w.names[0].Take()[0].File
	readAll(t, second)
	return w, second
}

// What is written to a file that was closed for another is read when there is
// room, under whatever name it has then.
func TestRetiredIsWrittenTo(t *testing.T) {
	t.Parallel()
	w, second := retiring(t, 1)
	w.move("old", "older")
	w.append("older", "more\n")
	w.revived()
	if w.expect(); w.Wanted() != 1 {
		t.Errorf("%d wait", w.Wanted())
	}
	w.move("older", "oldest")
	w.move("app.log", "old")
	w.follow()
	w.look(w.names[0], false)
	if !w.retire(second) {
		t.Error("a file that lost its name was not closed")
	}
	w.follow()
	w.expect("more\n")
}

// A file that was closed is not opened again for a new time or owner, and once
// for whatever is written to it.
func TestRetiredIsTouched(t *testing.T) {
	t.Parallel()
	w, _ := retiring(t, 2)
	w.arrivals()
	w.must(os.Truncate(w.at("old"), 6))
	w.revived()
	w.expect()
	w.append("old", "more\n")
	w.revived()
	w.append("old", "and more\n")
	w.revive()
	w.expect("more\nand more\n")
}

// What was written to a file that was closed, and is nowhere to be found, is
// unknown; what nobody writes to may go.
func TestRetiredIsMovedAway(t *testing.T) {
	t.Parallel()
	w, _ := retiring(t, 2)
	w.arrivals()
	f := w.writing("old")
	defer f.Close()
	w.remove("old")
	w.revive()
	w.expect()
	_, err := f.WriteString("more\n")
	w.must(err)
	w.revived()
	w.expect("lost")
}

// A file is not closed when it is back and its reader does not know yet.
func TestRetiredWhenItIsBack(t *testing.T) {
	t.Parallel()
	w := watch(t, Config{})
	w.expect("absent")
	w.put("app.log", "a file")
	w.follow()
	w.expect("a file")
	file := w.names[0].current
	away := func() { w.move("app.log", "old"); w.follow(); w.look(w.names[0], false) }
	away()
	w.move("old", "app.log")
	w.follow()
	away()
	if done, _ := w.Retire(file); done {
		t.Error("it was closed")
	}
	if a := w.names[0].Take(); len(a) != 1 || a[0].File != file {
		t.Errorf("%+v arrived", a)
	}
	if done, _ := w.Retire(file); !done {
		t.Error("it was not closed")
	}
}
