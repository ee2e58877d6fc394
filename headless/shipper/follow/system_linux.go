package follow

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// statFile asks for the status of an open file.
func statFile(f *os.File) (s status, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return s, err
	}
	if outer := raw.Control(func(fd uintptr) { s, err = statAt(int(fd), "") }); outer != nil {
		return s, outer
	}
	return s, err
}

// statPath asks for the status of what a path leads to.
func statPath(path string) (status, error) { return statAt(unix.AT_FDCWD, path) }

// statIn asks for the status of what an entry of a directory leads to.
func statIn(dir *os.File, entry string) (status, error) { return statAt(int(dir.Fd()), entry) }

func statAt(fd int, path string) (status, error) {
	flags := 0
	if path == "" {
		flags = unix.AT_EMPTY_PATH
	}
	var x unix.Statx_t
	err := again(func() error {
		return unix.Statx(fd, path, flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &x)
	})
	if err != nil {
		return status{}, err
	}
	s := status{
		ID:   ID{Dev: unix.Mkdev(x.Dev_major, x.Dev_minor), Ino: x.Ino},
		size: int64(x.Size), backed: int64(x.Blocks) * 512, links: uint64(x.Nlink),
		stamp: x.Mtime.Sec*1e9 + int64(x.Mtime.Nsec),
	}
	if x.Mask&unix.STATX_BTIME != 0 {
		s.Born = x.Btime.Sec*1e9 + int64(x.Btime.Nsec)
	}
	if x.Mode&unix.S_IFMT != unix.S_IFREG {
		s.mode = fs.ModeIrregular
	}
	return s, nil
}

// openDir opens a directory, to open what is in it even when it was renamed.
func openDir(path string) (*os.File, error) {
	fd, err := openAt(unix.AT_FDCWD, path, unix.O_PATH|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// openIn opens an entry of a directory, without waiting for the writer of a pipe.
func openIn(dir *os.File, entry string) (*os.File, error) {
	fd, err := openAt(int(dir.Fd()), entry, unix.O_NONBLOCK|unix.O_NOCTTY)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), filepath.Join(dir.Name(), entry)), nil
}

// isLink reports whether an entry of a directory is a symbolic link.
func isLink(dir *os.File, entry string) bool {
	var st unix.Stat_t
	err := again(func() error { return unix.Fstatat(int(dir.Fd()), entry, &st, unix.AT_SYMLINK_NOFOLLOW) })
	return err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK
}

func openAt(dir int, path string, flags int) (fd int, err error) {
	err = again(func() (err error) {
		fd, err = unix.Openat(dir, path, unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
		return err
	})
	return fd, err
}

// again repeats what a signal has interrupted.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
