package unpack

import (
	"io"
	"os"
)

// SkipHole passes over zero bytes that come next in a file and take no room, and
// returns how many: 0 when there are none, or the system does not know, and of all that
// is no regular file.
func SkipHole(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	to := NextData(f, at, info.Size())
	if _, err := f.Seek(to, io.SeekStart); err != nil {
		return 0
	}
	return to - at
}
