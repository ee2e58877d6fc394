package blocks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// serverIndex is the file in which a server that ends cleanly leaves what its blocks hold.
const serverIndex = "index.db"

// Restore writes the index that a server would have left with a clean end, out of the sums that
// are kept and of the blocks that have none, which it reads and checks as the server would, but
// each once, and on all cores. So the server need not read all of them. It is to be called
// while no server runs.
//
// It returns how many bytes it read. With an error nothing was changed: then something is not
// as simple as it can judge (a removal within, half a record, a wrong checksum), and the server
// is to read all by itself.
func Restore(ctx context.Context, c Config) (read int64, err error) {
	all, err := list(c.Blocks)
	if err != nil {
		return 0, err
	}
	if len(all) == 0 {
		return 0, fmt.Errorf("there is no block: %w", errUncertain)
	}
	if err := plain(c.Blocks); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(c.Index, 0o700); err != nil {
		return 0, err
	}
	h, read, err := collect(ctx, &c, all)
	if err != nil {
		return read, err
	}
	text, err := h.encode(c.Stream)
	if err != nil {
		return read, err
	}
	made := filepath.Join(c.Index, serverIndex+".new")
	if err := os.WriteFile(made, text, 0o600); err != nil {
		return read, errors.Join(err, os.Remove(made))
	}
	return read, os.Rename(made, filepath.Join(c.Blocks, serverIndex))
}

// plain refuses a directory with what is no block of messages as they came: keys of those that are
// encrypted, a block or a purge that was being written.
func plain(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".key") || strings.HasSuffix(e.Name(), ".new") {
			return fmt.Errorf("there is %s: %w", e.Name(), errUncertain)
		}
	}
	for _, name := range []string{"meta.key", "__new_msgs__"} {
		if _, err := os.Lstat(filepath.Join(filepath.Dir(dir), name)); !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("there is %s: %w", name, errors.Join(errUncertain, err))
		}
	}
	return nil
}

// collect is the sums of blocks, those that are kept or else made now. The newest comes first:
// it is the one that a server may have left half written.
func collect(ctx context.Context, c *Config, all []uint32) (h *holding, read int64, err error) {
	h = &holding{all: all, sums: make([]*sum, len(all)), subjects: make(map[string]*placed)}
	var next, bytes atomic.Int64
	var failed atomic.Pointer[error]
	var done sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		done.Go(func() {
			for failed.Load() == nil && ctx.Err() == nil {
				n := len(all) - int(next.Add(1))
				if n < 0 {
					return
				}
				s, err := loadSum(c, all[n])
				if err != nil {
					s, err = sumFile(c, all[n])
					if err == nil {
						bytes.Add(s.file.size)
						_ = s.save(c, all[n]) // or it is made again at the next start
					}
				}
				if err != nil {
					failed.CompareAndSwap(nil, &err)
					return
				}
				h.take(n, s)
			}
		})
	}
	done.Wait()
	if err := failed.Load(); err != nil {
		return nil, bytes.Load(), *err
	}
	if err := ctx.Err(); err != nil {
		return nil, bytes.Load(), err
	}
	return h, bytes.Load(), nil
}
