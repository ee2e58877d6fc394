package recorder

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// disk is where files are. Tests have one that is slow, that is full, or that
// forgets what was not synced.
type disk interface {
	// Create makes the unfinished file of a name, and the directories above it
	// when dirs is set. Its error is fs.ErrExist when there is a file of that
	// name or an unfinished one, unless force is set, errIsDir when the name is a
	// directory's, errNoFile when it is that of a device, a pipe or the like, and
	// errInUse when another recording writes it. What is written goes to the file's end.
	Create(name string, dirs, force bool) (file, error)
	// Publish gives an unfinished file its name. Its error is fs.ErrExist when
	// that is taken, unless force is set. With durable the name is on disk when
	// it returns.
	Publish(name string, force, durable bool) error
	// Remove takes a file away; errInUse means that another recording writes it.
	Remove(path string) error
	// List returns the names of the files in a directory.
	List(dir string) ([]string, error)
}

// file is a file that is written.
type file interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

var (
	errInUse  = errors.New("another recording writes it")
	errIsDir  = errors.New("it is a directory")
	errNoFile = errors.New("it is no regular file")
)

const (
	fileMode = 0o666 // less the umask, as for any program's output
	dirMode  = 0o777
)

// osDisk is the operating system's.
type osDisk struct{}

func (osDisk) Create(name string, dirs, force bool) (file, error) {
	path := name + partEnding
	if dirs {
		if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
			return nil, err
		}
	}
	// The name would be taken from what is there, be it /dev/null.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: notRegular(info)}
	}
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: notRegular(info)}
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if !force {
		if _, err := os.Lstat(name); err == nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
		}
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(path, flags, fileMode)
	if err != nil {
		return nil, err
	}
	// The lock distinguishes a recording at work from one that was killed.
	for tries := 0; !lock(f); tries++ {
		if force || tries == lockTries {
			f.Close()
			return nil, &fs.PathError{Op: "open", Path: path, Err: errInUse}
		}
		time.Sleep(time.Millisecond) // another process checks whether it is in use
	}
	made := &osFile{File: f, dirs: dirs}
	if force {
		if err := f.Truncate(0); err != nil {
			f.Close()
			return nil, err
		}
		return made, nil
	}
	if _, err := os.Lstat(name); err == nil { // of another recording, which has finished it just now
		f.Close()
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}, os.Remove(path))
	}
	return made, nil
}

// osFile is a file that is there after a loss of power once it was synced: a
// name is in a directory, which is synced with it the first time.
type osFile struct {
	*os.File
	dirs  bool // its directory may be new, too
	named bool
}

func (f *osFile) Sync() error {
	if err := f.File.Sync(); err != nil || f.named {
		return err
	}
	f.named = true
	dir := filepath.Dir(f.Name())
	if f.dirs {
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

// syncDir brings the names in a directory to the disk.
func syncDir(name string) error {
	dir, err := os.Open(name)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
		return nil // one that may be written to, but not read; one that is gone
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) { // some file systems cannot
		return err
	}
	return nil
}

// inUse reports whether a recording writes a file.
func inUse(path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0) // it may be a pipe without a reader
	if err != nil {
		return false
	}
	defer f.Close()
	return !lock(f)
}

// lockTries is how often a file that was made just now is tried to be locked.
const lockTries = 100

// lock locks a file, and reports false when it is locked already. Where there are no
// locks everybody has.
func lock(f *os.File) bool {
	return !errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// notRegular names what is there in place of a file.
func notRegular(info fs.FileInfo) error {
	if info.IsDir() {
		return errIsDir
	}
	return errNoFile
}

func (osDisk) Publish(name string, force, durable bool) error {
	rename := renameNew
	if force {
		rename = os.Rename
	}
	if err := rename(name+partEnding, name); err != nil {
		return err
	}
	if !durable {
		return nil
	}
	if err := syncDir(filepath.Dir(name)); err != nil {
		return &unsyncedName{err}
	}
	return nil
}

// unsyncedName means that a file has its name, but perhaps not after a loss of
// power.
type unsyncedName struct{ err error }

func (e *unsyncedName) Error() string { return "sync its directory: " + e.err.Error() }
func (e *unsyncedName) Unwrap() error { return e.err }

// renameNew renames, but never onto a file that is there: a link is made for a
// new name or not at all.
func renameNew(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist):
		return err
	}
	// A file system without links.
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

func (osDisk) Remove(path string) error {
	if inUse(path) {
		return &fs.PathError{Op: "remove", Path: path, Err: errInUse}
	}
	return os.Remove(path)
}

func (osDisk) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// standard is standard output as a file: it is not cut or closed.
type standard struct{ io.Writer }

func (standard) Close() error         { return nil }
func (standard) Sync() error          { return nil }
func (standard) Truncate(int64) error { return nil }

// createError explains what to do about a file that cannot be made.
func createError(name string, err error) error {
	switch {
	case errors.Is(err, errInUse):
		return fmt.Errorf("create %q: %w: choose another name", name, errInUse)
	case errors.Is(err, fs.ErrExist):
		var path *fs.PathError
		if errors.As(err, &path) && path.Path != name && inUse(path.Path) {
			return fmt.Errorf("create %q: %w: choose another name", name, errInUse)
		}
		if path != nil && path.Path != name {
			return fmt.Errorf("create %q: there is an unfinished %q, of a recording that was killed: move it away, or give --force to overwrite it", name, path.Path)
		}
		return fmt.Errorf("create %q: %w: choose another name, or give --force to overwrite it", name, fs.ErrExist)
	case errors.Is(err, errNoFile):
		return fmt.Errorf("create %q: %w: name another, or give --out - and send standard output there", name, err)
	case errors.Is(err, errIsDir):
		return fmt.Errorf("create %q: %w: name a file in it, such as %q", name, errIsDir, filepath.Join(name, "recording.ndjson"))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("create %q: %w: name a file in a directory that you may write to", name, fs.ErrPermission)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("create %q: too many files are open: raise the limit (ulimit -n), or record fewer streams", name)
	}
	if _, missing := os.Stat(filepath.Dir(name)); errors.Is(missing, fs.ErrNotExist) {
		return fmt.Errorf("create %q: there is no directory %q: make it", name, filepath.Dir(name))
	}
	return fmt.Errorf("create %q: %w: name a file in another directory", name, err)
}

// writeError explains what to do when a file takes no more.
func writeError(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("write %q: %w: make room, or bound what is kept with --rotate-size and --keep", name, err)
	}
	return fmt.Errorf("write %q: %w", name, err)
}
