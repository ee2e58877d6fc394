package unpack

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// NextData is where a file has data, from a place on, or the end that is given:
// what stands before it is zero bytes that take no room, and need not be read. It moves
// the file's offset.
func NextData(f *os.File, from, end int64) int64 {
	switch to, err := f.Seek(from, unix.SEEK_DATA); {
	case errors.Is(err, unix.ENXIO): // there is no more
		return max(from, end)
	case err == nil:
		return max(from, min(to, end))
	}
	return from // the system does not know
}
