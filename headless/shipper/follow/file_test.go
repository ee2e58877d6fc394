package follow

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// written is a file that is followed and written to.
func written(t *testing.T, text string) (*watched, *File) {
	t.Helper()
	w := watch(t, Config{})
	w.put("app.log", text)
	w.follow()
	a := w.names[0].Take()
	return w, a[len(a)-1].File
}

func (w *watched) add(flags int, at int64, text string) {
	w.Helper()
	f, err := os.OpenFile(w.name, os.O_WRONLY|flags, 0)
	w.must(err)
	defer f.Close()
	if flags&os.O_APPEND == 0 {
		_, err = f.Seek(at, io.SeekStart)
		w.must(err)
	}
	_, err = f.WriteString(text)
	w.must(err)
}

// cut reads, which finds that the file was truncated.
func cut(t *testing.T, f *File) *Truncated {
	t.Helper()
	n, err := f.Read(make([]byte, 100), 1<<20)
	var truncated *Truncated
	if !errors.As(err, &truncated) {
		t.Fatalf("read %d bytes, and %v", n, err)
	}
	return truncated
}

// A truncation is noticed by size and by content, with what it took as far as is
// known.
func TestTruncated(t *testing.T) {
	t.Parallel()
	w, f := written(t, "one\ntwo\n")
	if text := readAll(t, f); text != "one\ntwo\n" {
		t.Fatalf("read %q", text)
	}
	w.must(os.Truncate(w.name, 0))
	if c := cut(t, f); c.Lost != 0 || !c.Anew || c.Times != 1 {
		t.Errorf("all was read: %+v", c)
	}

	w.add(os.O_APPEND, 0, "three, longer than it was before\n")
	if text := readAll(t, f); !strings.HasPrefix(text, "three") {
		t.Errorf("read %q", text)
	}
	w.add(os.O_APPEND, 0, "not read\n")
	_, err := f.Size() // somebody looks
	w.must(err)
	w.must(os.Truncate(w.name, 0))
	w.add(os.O_APPEND, 0, strings.Repeat("x", 200)+"\n") // it grows again at once
	if c := cut(t, f); c.Lost != int64(len("not read\n")) || !c.Anew {
		t.Errorf("9 bytes were not read: %+v", c)
	}
	if text := readAll(t, f); len(text) != 201 {
		t.Errorf("read %q", text)
	}
	w.must(os.WriteFile(w.name, []byte(strings.Repeat("y", 200)+"\n"), 0)) // of the same size
	if c := cut(t, f); c.Lost != 0 || !c.Anew {
		t.Errorf("all was read: %+v", c)
	}
	if text := readAll(t, f); text != strings.Repeat("y", 200)+"\n" {
		t.Errorf("read %q", text)
	}
}

// A file of which nothing was read is not taken for what it was before it was
// truncated, either.
func TestTruncatedUnread(t *testing.T) {
	t.Parallel()
	w, f := written(t, "first\nsecond\n")
	_, err := f.Size()
	w.must(err)
	w.must(os.Truncate(w.name, 0))
	w.add(os.O_APPEND, 0, "third, and it is longer now\n")
	if c := cut(t, f); c.Lost != int64(len("first\nsecond\n")) || c.Times != 1 {
		t.Errorf("two lines were not read: %+v", c)
	}
	if text := readAll(t, f); !strings.HasPrefix(text, "third") {
		t.Errorf("read %q", text)
	}
}

// When only the end is cut off, what was read is not read again.
func TestTruncatedEnd(t *testing.T) {
	t.Parallel()
	w, f := written(t, "one\ntwo\nthree\n")
	if _, err := f.Read(make([]byte, 4), 4); err != nil {
		t.Fatal(err)
	}
	w.must(os.Truncate(w.name, 8))
	if c := cut(t, f); c.Lost != int64(len("three\n")) || c.Anew {
		t.Errorf("one line was cut off: %+v", c)
	}
	if text := readAll(t, f); text != "two\n" {
		t.Errorf("read %q", text)
	}
}

// A hole that a writer leaves, which goes on where it was, is no loss.
func TestHole(t *testing.T) {
	t.Parallel()
	w, f := written(t, strings.Repeat("x", 1<<20))
	if text := readAll(t, f); len(text) != 1<<20 {
		t.Fatalf("read %d bytes", len(text))
	}
	w.must(os.Truncate(w.name, 0))
	w.add(0, 1<<20, "behind a hole\n")
	if c := cut(t, f); c.Lost != 0 {
		t.Errorf("all was read: %+v", c)
	}
	w.must(os.Truncate(w.name, 0))
	if c := cut(t, f); c.Lost > 4096 {
		t.Errorf("%d bytes of a hole are said to be lost", c.Lost)
	}
}

// Reading stops at the limit, and at the end.
func TestLimit(t *testing.T) {
	t.Parallel()
	w, f := written(t, "one\ntwo\n")
	buf := make([]byte, 100)
	if n, err := f.Read(buf, 4); n != 4 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	if _, err := f.Read(buf, 4); !errors.Is(err, io.EOF) {
		t.Errorf("at the limit: %v", err)
	}
	if n := w.Standing().Behind; n != 4 {
		t.Errorf("%d bytes are behind", n)
	}
	f.SkipToEnd()
	if _, err := f.Read(buf, 100); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}
