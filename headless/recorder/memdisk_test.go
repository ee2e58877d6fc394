package recorder_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sluice/cluster/record"
	"sluice/headless/recorder"
)

// memDisk is a disk in memory that can be full, slow and broken, and that knows
// what would be left of it without power.
type memDisk struct {
	mu    sync.Mutex
	files map[string]*memFile
	dirs  map[string]bool  // nil: all are there
	room  int              // bytes that are still free; negative: no end of it
	fault error            // of the next sync
	stuck map[string]error // of removing a file
	gate  chan struct{}    // when not nil, a write waits for it to be closed

	synced  func() // called after each sync
	removed []string
}

type memFile struct {
	disk *memDisk
	data []byte
	safe int // bytes that are synced
}

func newMemDisk() *memDisk { return &memDisk{files: make(map[string]*memFile), room: -1} }

func (d *memDisk) Create(name string, _, force bool) (recorder.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range []string{name, name + recorder.PartEnding} {
		if d.files[n] != nil && !force {
			return nil, &fs.PathError{Op: "open", Path: n, Err: fs.ErrExist}
		}
	}
	f := &memFile{disk: d}
	d.files[name+recorder.PartEnding] = f
	return f, nil
}

func (d *memDisk) Publish(name string, force, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[name] != nil && !force {
		return fs.ErrExist
	}
	d.files[name] = d.files[name+recorder.PartEnding]
	delete(d.files, name+recorder.PartEnding)
	return nil
}

func (d *memDisk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.stuck[name]; err != nil {
		return err
	}
	f := d.files[name]
	if f == nil {
		return fs.ErrNotExist
	}
	if d.room >= 0 {
		d.room += len(f.data)
	}
	delete(d.files, name)
	d.removed = append(d.removed, name)
	return nil
}

func (d *memDisk) List(dir string) (names []string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dirs != nil && !d.dirs[dir] {
		return nil, fs.ErrNotExist
	}
	for name := range d.files {
		if path.Dir(name) == path.Clean(dir) {
			names = append(names, path.Base(name))
		}
	}
	return names, nil
}

func (f *memFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	gate := f.disk.gate
	f.disk.mu.Unlock()
	if gate != nil {
		<-gate
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	n := len(p)
	if f.disk.room >= 0 {
		n = min(n, f.disk.room)
		f.disk.room -= n
	}
	f.data = append(f.data, p[:n]...)
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func (f *memFile) Sync() error {
	f.disk.mu.Lock()
	err := f.disk.fault
	f.disk.fault = nil
	if err == nil {
		f.safe = len(f.data)
	}
	synced := f.disk.synced
	f.disk.mu.Unlock()
	if synced != nil {
		synced()
	}
	return err
}

func (f *memFile) Truncate(size int64) error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.room >= 0 {
		f.disk.room += len(f.data) - int(size)
	}
	f.data = f.data[:size]
	return nil
}

func (*memFile) Close() error { return nil }

// names are the files, sorted by test where it matters.
func (d *memDisk) names() (names []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.files {
		names = append(names, name)
	}
	return names
}

// lines are the lines in a file; t fails unless it is whole.
func (d *memDisk) lines(t *testing.T, name string) []string {
	t.Helper()
	d.mu.Lock()
	f := d.files[name]
	d.mu.Unlock()
	if f == nil {
		t.Fatalf("there is no file %q, but %q", name, d.names())
	}
	return wholeLines(t, name, f.data)
}

// unmarked are the lines but those that say of which stream the others are.
func (d *memDisk) unmarked(t *testing.T, name string) []string {
	t.Helper()
	return slices.DeleteFunc(d.lines(t, name), func(line string) bool { return record.IsStreamMark([]byte(line)) })
}

func wholeLines(t *testing.T, name string, data []byte) []string {
	t.Helper()
	data, err := unpack(name, data)
	if err != nil {
		t.Fatalf("%s does not unpack: %v", name, err)
	}
	if len(data) == 0 {
		return nil
	}
	if data[len(data)-1] != '\n' {
		t.Fatalf("%s ends in half a line: %q", name, data[max(0, len(data)-100):])
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// unpack is what gzip -dc and zstd -dc do: what could be read, and the error
// that ended it.
func unpack(name string, data []byte) ([]byte, error) {
	name = strings.TrimSuffix(name, recorder.PartEnding)
	switch path.Ext(name) {
	case ".gz":
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case ".zst":
		r, err := zstd.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(r)
	}
	return data, nil
}

var errBroken = errors.New("disk is broken")
