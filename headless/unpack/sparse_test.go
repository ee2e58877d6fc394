package unpack_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"sluice/headless/unpack"
)

// sparse is a file with a line, a hole of a GiB, a line, and a hole behind it. Where the
// system does not know holes they are small, and known is false.
func sparse(t *testing.T) (f *os.File, second, size int64, known bool) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	second, size = 8<<20, 16<<20
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	if known = unpack.NextData(f, second, size) == size; known {
		second, size = 1<<30, 2<<30
	}
	_, err1 := f.WriteAt([]byte("first\n"), 0)
	_, err2 := f.WriteAt([]byte("second\n"), second)
	if err := errors.Join(err1, err2, f.Truncate(size)); err != nil {
		t.Fatal(err)
	}
	return f, second, size, known
}

// A file is read from where there is something.
func TestNextData(t *testing.T) {
	t.Parallel()
	f, second, size, known := sparse(t)
	for _, c := range []struct{ from, end, want int64 }{
		{3, size, 3},
		{1 << 20, size, second},
		{1 << 20, 2 << 20, 2 << 20},
		{second + 3, size, second + 3},
		{second + 1<<20, size, size},
		{size, size, size},
		{size + 5, size, size + 5},
	} {
		if !known {
			c.want = c.from
		}
		if got := unpack.NextData(f, c.from, c.end); got != c.want {
			t.Errorf("from %d to %d there is something at %d, expected %d", c.from, c.end, got, c.want)
		}
	}
}

// seeking is a file that passes over its holes.
type seeking struct{ *os.File }

func (s seeking) SkipHole() int64 { return unpack.SkipHole(s.File) }

// Of a hole that nobody reads the bytes are counted as of one that is read.
func TestReaderSkipsHoles(t *testing.T) {
	t.Parallel()
	f, second, size, known := sparse(t)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	r, err := unpack.Open(seeking{f})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var holes unpack.Holes
	var text []byte
	buf := make([]byte, 1<<20)
	reads := 0
	for ; err == nil; reads++ {
		if holes.InHole() {
			holes.Skip(r.SkipHole())
		}
		var n int
		n, err = r.Read(buf)
		text = holes.Append(text, buf[:n])
	}
	holes.End()
	if want := "first\nsecond\n"; string(text) != want || err != io.EOF {
		t.Errorf("%q, %v", text, err)
	}
	if want := (unpack.Skipped{Holes: 2, Bytes: size - int64(len("first\nsecond\n"))}); holes.Skipped != want {
		t.Errorf("%+v, expected %+v", holes.Skipped, want)
	}
	if known && reads > 20 {
		t.Errorf("it was read %d times, and the second line is at %d", reads, second)
	}
	plain, err := unpack.Open(io.LimitReader(f, 0))
	if err != nil || plain.SkipHole() != 0 {
		t.Errorf("an input without holes has one: %v", err)
	}
}
