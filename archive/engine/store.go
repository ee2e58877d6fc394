package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lock is what one process at a time holds on a store.
type lock struct{ file *os.File }

const (
	lockName = "sluice.lock" // the pid of who has the store, locked by flock
	formName = "sluice.form" // the version of the store's form
)

// storeForm is the version of the form in which stores are kept.
const storeForm = 1

// take takes the lock on a store.
func take(store string) (*lock, error) {
	f, err := os.OpenFile(filepath.Join(store, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer func() { _ = f.Close() }()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock it: %w", err)
		}
		pid, _ := os.ReadFile(f.Name())
		return nil, fmt.Errorf("another archive, process %s, has it: end that one, or give this one a store of its own", ownerText(pid))
	}
	if err := f.Truncate(0); err == nil {
		_, err = f.WriteAt(strconv.AppendInt(nil, int64(os.Getpid()), 10), 0)
		if err != nil && !errors.Is(err, unix.ENOSPC) {
			_ = f.Close()
			return nil, err
		}
	}
	return &lock{f}, nil
}

// ownerText is a pid out of a lock file, which may hold anything.
func ownerText(pid []byte) string {
	n, err := strconv.ParseUint(strings.TrimSpace(string(pid[:min(len(pid), 20)])), 10, 31)
	if err != nil {
		return "of an unknown number"
	}
	return strconv.FormatUint(n, 10)
}

func (l *lock) release() error { return l.file.Close() }

// checkForm refuses a store of a newer form, and notes the form in a new one.
func checkForm(store string) error {
	name := filepath.Join(store, formName)
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return os.WriteFile(name, []byte(strconv.Itoa(storeForm)+"\n"), 0o600)
	}
	if err != nil {
		return err
	}
	switch form, err := strconv.Atoi(strings.TrimSpace(string(text[:min(len(text), 20)]))); {
	case err != nil:
		return fmt.Errorf("its %s says no version: it is no store of an archive, or a damaged one", formName)
	case form > storeForm:
		return fmt.Errorf("of form %d: %w", form, ErrNewer)
	}
	return nil
}

// roomFor is how many bytes a store may take: those that it has, and those that its disk
// has free.
func roomFor(store string) (int64, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(store, &disk); err != nil {
		return 0, err
	}
	room := int64(disk.Bavail) * int64(disk.Bsize) // of another type on each system
	err := filepath.WalkDir(store, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			room += info.Size()
		}
		return err
	})
	return room, err
}
