package follow

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// inotify is where the system tells of changes. One goroutine reads it.
type inotify struct {
	file *os.File
	raw  syscall.RawConn
	buf  [64 << 10]byte
}

func newInotify() (*inotify, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init", err)
	}
	n := &inotify{file: os.NewFile(uintptr(fd), "inotify")}
	if n.raw, err = n.file.SyscallConn(); err != nil {
		n.file.Close()
		return nil, err
	}
	return n, nil
}

// watchDir tells of names that come and go in a directory, and when it goes
// itself. It must not be called for one that is watched: while the system changes
// a watch, also to what it was, it loses what happens meanwhile.
func (n *inotify) watchDir(dir *os.File) (int, error) {
	const mask = unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVED_FROM | unix.IN_MOVED_TO |
		unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR | unix.IN_MASK_CREATE
	wd, err := n.watchOpen(dir, mask)
	if errors.Is(err, fs.ErrNotExist) { // there is no /proc
		wd, err = n.watch(dir.Name(), mask)
	}
	return wd, err
}

// watchFile tells when something is written to an open file, or it is truncated,
// and when it is opened, and closed by who could write.
func (n *inotify) watchFile(f *File) (int, error) {
	return n.watchOpen(f.file, unix.IN_MODIFY|unix.IN_OPEN|unix.IN_CLOSE_WRITE)
}

// watchOpen watches what is open.
func (n *inotify) watchOpen(file *os.File, mask uint32) (wd int, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	outer := raw.Control(func(fd uintptr) {
		wd, err = n.watch(fmt.Sprintf("/proc/self/fd/%d", fd), mask)
	})
	return wd, errors.Join(outer, err)
}

func (n *inotify) watch(path string, mask uint32) (wd int, err error) {
	outer := n.raw.Control(func(fd uintptr) {
		err = again(func() (err error) {
			wd, err = unix.InotifyAddWatch(int(fd), path, mask)
			return err
		})
	})
	if err = errors.Join(outer, err); err != nil {
		return 0, os.NewSyscallError("inotify_add_watch", err)
	}
	return wd, nil
}

func (n *inotify) unwatch(wd int) {
	_ = n.raw.Control(func(fd uintptr) { _, _ = unix.InotifyRmWatch(int(fd), uint32(wd)) }) // it may be gone
}

// errStopped ends the waiting.
var errStopped = errors.New("stopped")

// wait waits for changes, at most until a time, and until it is closed or stop
// is, which interrupt tells of: that is an error.
func (n *inotify) wait(until time.Time, stop <-chan struct{}) ([]change, error) {
	if err := n.file.SetReadDeadline(until); err != nil {
		return nil, err
	}
	select {
	case <-stop:
		return nil, errStopped
	default:
	}
	changes, err := n.read(true)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, nil
	}
	return changes, err
}

// drain takes the changes that are there.
func (n *inotify) drain() (all []change, err error) {
	if err := n.file.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	for {
		some, err := n.read(false)
		if err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
}

func (n *inotify) read(wait bool) ([]change, error) {
	var size int
	var err error
	outer := n.raw.Read(func(fd uintptr) bool {
		err = again(func() (err error) {
			size, err = unix.Read(int(fd), n.buf[:])
			return err
		})
		return !wait || !errors.Is(err, unix.EAGAIN)
	})
	switch {
	case outer != nil:
		return nil, outer
	case errors.Is(err, unix.EAGAIN):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return parseChanges(n.buf[:size]), nil
}

// interrupt ends a wait whose stop was closed.
func (n *inotify) interrupt() { _ = n.file.SetReadDeadline(time.Unix(1, 0)) }

func (n *inotify) close() { n.file.Close() }

func parseChanges(data []byte) (changes []change) {
	for len(data) >= unix.SizeofInotifyEvent {
		wd := int(int32(binary.NativeEndian.Uint32(data)))
		mask := binary.NativeEndian.Uint32(data[4:])
		cookie := binary.NativeEndian.Uint32(data[8:])
		size := min(int(binary.NativeEndian.Uint32(data[12:])), len(data)-unix.SizeofInotifyEvent)
		data = data[unix.SizeofInotifyEvent:]
		entry, _, _ := bytes.Cut(data[:size], []byte{0})
		data = data[size:]
		c := change{wd: wd, cookie: cookie, entry: string(entry), isDir: mask&unix.IN_ISDIR != 0}
		switch {
		case mask&unix.IN_Q_OVERFLOW != 0:
			c.kind = changeOverflow
		case mask&(unix.IN_IGNORED|unix.IN_UNMOUNT) != 0:
			c.kind = changeUnwatched
		case mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF) != 0:
			c.kind = changeDirectory
		case mask&unix.IN_CREATE != 0:
			c.kind = changeCreated
		case mask&unix.IN_MOVED_TO != 0:
			c.kind = changeMovedTo
		case mask&unix.IN_MOVED_FROM != 0:
			c.kind = changeMovedFrom
		case mask&unix.IN_DELETE != 0:
			c.kind = changeDeleted
		case mask&unix.IN_MODIFY != 0:
			c.kind = changeWritten
		case mask&unix.IN_OPEN != 0:
			c.kind = changeOpened
		case mask&unix.IN_CLOSE_WRITE != 0:
			c.kind = changeClosed
		default:
			continue
		}
		changes = append(changes, c)
	}
	return changes
}
