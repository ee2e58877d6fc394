package follow

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lock locks a file for this process, or says that another has it.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// unlock closes a file, and lets go of its lock at once. To close it is not enough: a
// child that this process is about to start has the same file open until it is another
// program.
func unlock(f *os.File) {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN) // closing it does the same, later
	f.Close()
}

// lockSoon locks a file, which whoever has just ended may hold for a moment.
func lockSoon(f *os.File) (err error) {
	for range 20 {
		if err = lock(f); err == nil {
			return nil
		}
		<-time.After(soon)
	}
	return err
}
