package follow

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock locks a file for this process, or says that another has it.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
