package blocks

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

const (
	aheadBytes = 256 << 20 // that the system reads before the server does
	aheadLook  = 5 * time.Millisecond
	readings   = 2 // of each block by the server: what it holds, and then of which subjects
)

// Unclean is how many bytes a server that begins with the blocks of a directory reads, since
// its last end was not clean; 0 after a clean one, and when there are none.
func Unclean(dir string) (bytes int64) {
	all, err := list(dir)
	if err != nil || len(all) == 0 {
		return 0
	}
	for _, b := range all {
		if info, err := os.Stat(blockPath(dir, b)); err == nil {
			bytes += info.Size()
		}
	}
	written, err1 := os.Stat(filepath.Join(dir, serverIndex))
	newest, err2 := os.Stat(blockPath(dir, all[len(all)-1]))
	if err1 == nil && err2 == nil && !written.ModTime().Before(newest.ModTime()) {
		return 0
	}
	return bytes
}

// ReadAhead has the system read all blocks of a directory, 256 MiB before the server of this
// process does that reads them, until ctx ends. It reads one after the other, and checks each
// before it asks for the next: the disk would stand still meanwhile. Elsewhere than on Linux
// nothing is done.
func ReadAhead(ctx context.Context, dir string) { readAhead(ctx, dir, aheadBytes) }

// readAhead returns how much was to be read.
func readAhead(ctx context.Context, dir string, most int64) (asked int64) {
	all, err := list(dir)
	if err != nil {
		return 0
	}
	began := bytesRead()
	for _, block := range all {
		for asked-(bytesRead()-began)/readings > most {
			select {
			case <-time.After(aheadLook):
			case <-ctx.Done():
				return asked
			}
		}
		if ctx.Err() != nil {
			return asked
		}
		asked += willNeed(blockPath(dir, block))
	}
	return asked
}
