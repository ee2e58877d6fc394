package blocks_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/highwayhash"

	"sluice/archive/engine/blocks"
)

const stream = "LOGS"

// sealed is a block of messages whose checksums are those of the server.
func sealed(t testing.TB, block int, sequences ...uint64) (b []byte) {
	t.Helper()
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, block))
	for _, s := range sequences {
		m := message(nil, s, fmt.Sprint("message ", s))
		hash, err := highwayhash.NewDigest64(key[:])
		if err != nil {
			t.Fatal(err)
		}
		subject := int(binary.LittleEndian.Uint16(m[20:]))
		_, _ = hash.Write(m[4:20])
		_, _ = hash.Write(m[22 : 22+subject])
		_, _ = hash.Write(m[22+subject+4 : len(m)-8])
		b = append(append(b, m[:len(m)-8]...), hash.Sum(nil)...)
	}
	return b
}

func newSums(t testing.TB) files {
	f := newFiles(t)
	f.config.Stream = stream
	return f
}

// age makes a block one that was written so long ago.
func (f files) age(block int, ago time.Duration) {
	f.t.Helper()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(filepath.Join(f.config.Blocks, fmt.Sprintf("%d.blk", block)), at, at); err != nil {
		f.t.Fatal(err)
	}
}

// sums are those that are kept.
func (f files) sums() string {
	all, err := filepath.Glob(filepath.Join(f.config.Index, "*.sum"))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	return strings.Join(all, " ")
}

// Blocks are summed up once they are complete and at rest; sums of those that are gone, go.
func TestCompleteBlocksAreSummedUp(t *testing.T) {
	f := newSums(t)
	running(t, f, func(_ *blocks.Reader, after func(time.Duration)) {
		want := func(what, want string) {
			t.Helper()
			if got := f.sums(); got != want {
				t.Errorf("%s: %q are summed up, want %q", what, got, want)
			}
		}
		after(0) // it has looked, and looks again when the clock goes on
		for block := 1; block <= 3; block++ {
			f.write(block, sealed(t, block, uint64(block)))
			f.age(block, time.Hour)
		}
		f.age(2, -3*time.Second) // it is written for three seconds more
		after(3 * time.Second)
		want("one is being written, one is the newest", "1.sum")
		after(6 * time.Second)
		want("it is at rest", "1.sum 2.sum")
		if err := os.Remove(filepath.Join(f.config.Blocks, "1.blk")); err != nil {
			t.Fatal(err)
		}
		f.write(4, sealed(t, 4, 4))
		f.age(4, time.Hour)
		after(3 * time.Second)
		want("the oldest is gone, and there is one more", "2.sum 3.sum")
	})
}

// What has a sum is not read again, as long as it is as it was.
func TestSumsSpareReading(t *testing.T) {
	f := newSums(t)
	restored := func(what string, want int) {
		t.Helper()
		read, err := blocks.Restore(t.Context(), f.config)
		if err != nil || read != int64(want) {
			t.Errorf("%s: %d bytes were read, want %d, %v", what, read, want, err)
		}
	}
	one, two := sealed(t, 1, 1, 2, 5), sealed(t, 2, 6, 7)
	f.write(1, one)
	f.write(2, two)
	restored("at first", len(one)+len(two))
	restored("again", 0)
	more := sealed(t, 2, 6, 7, 9)
	f.write(2, more)
	restored("one has grown", len(more))
	f.age(1, time.Minute)
	restored("one was written, with the same length", len(one))
	for _, change := range []func([]byte) []byte{
		func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		func(b []byte) []byte { return b[:len(b)-1] },
		func([]byte) []byte { return nil },
	} {
		path := filepath.Join(f.config.Index, "1.sum")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change(text), 0o600); err != nil {
			t.Fatal(err)
		}
		restored("a damaged sum", len(one))
	}
}

// What is no stream's blocks in their order is not restored.
func TestWhatIsNotRestored(t *testing.T) {
	for _, c := range []struct {
		what   string
		blocks [][]byte
		want   string
	}{
		{"nothing", nil, "there is no block"},
		{"blocks that overlap", [][]byte{sealed(t, 1, 1, 2, 3), sealed(t, 2, 3, 4)}, "block 2 begins with message 3"},
		{"a block of another number", [][]byte{sealed(t, 2, 1)}, "a wrong checksum"},
		{"sequences far apart", [][]byte{sealed(t, 1, 1, 1<<40)}, "too many sequences"},
		{"an empty block", [][]byte{sealed(t, 1, 1), {}}, "it is empty"},
	} {
		f := newSums(t)
		for i, b := range c.blocks {
			f.write(i+1, b)
		}
		_, err := blocks.Restore(t.Context(), f.config)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
		if _, err := os.Stat(filepath.Join(f.config.Blocks, "index.db")); err == nil {
			t.Errorf("%s: an index was written", c.what)
		}
	}
	f := newSums(t)
	f.write(1, sealed(t, 1, 1))
	ctx, end := context.WithCancel(t.Context())
	end()
	if _, err := blocks.Restore(ctx, f.config); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

// Whatever stands in a block: its sum is read as it was written, or there is none.
func FuzzSums(f *testing.F) {
	f.Add(sealed(f, 1, 1, 2, 3))
	f.Add(sealed(f, 1, 7, 9, 1000))
	f.Add(sealed(f, 1, 7)[:40])
	f.Add(tombstone(nil, 8))
	f.Fuzz(func(t *testing.T, block []byte) {
		text, err := blocks.Sum(stream, 1, block)
		if err != nil {
			return
		}
		if again, err := blocks.SumAgain(text); err != nil || !bytes.Equal(again, text) {
			t.Errorf("%x, again %x, %v", text, again, err)
		}
	})
}

// Whatever stands in a sum: it is no sum, or one whose parts fit.
func FuzzKeptSums(f *testing.F) {
	for _, sequences := range [][]uint64{{1, 2, 3}, {7, 9, 1000}} {
		text, err := blocks.Sum(stream, 1, sealed(f, 1, sequences...))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:len(text)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		hash := sha256.Sum256(text)
		again, err := blocks.SumAgain(append(bytes.Clone(text), hash[:]...))
		if err != nil {
			return
		}
		if third, err := blocks.SumAgain(again); err != nil || !bytes.Equal(third, again) {
			t.Errorf("%x, then %x, %v", again, third, err)
		}
	})
}
