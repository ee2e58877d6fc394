package blocks

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	lookEvery = 200 * time.Millisecond // for blocks that are complete
	listEvery = 5 * time.Minute        // for what else has become of them
	pace      = 5 * time.Millisecond   // between two blocks that are indexed
)

// Run makes indexes and sums, until its context ends.
func (r *Reader) Run(ctx context.Context) {
	if r.config.Stream != "" {
		var summing sync.WaitGroup
		summing.Go(func() { r.keepSums(ctx) })
		defer summing.Wait()
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var newest uint32
	var listed time.Time
	for {
		if now := time.Now(); now.Sub(listed) >= listEvery || !r.there(newest) {
			listed = now
			newest = r.list(ctx)
		}
		for ; r.there(newest + 1); newest++ {
			r.index(ctx, newest)
		}
		for _, b := range r.rewritten() {
			r.index(ctx, b)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *Reader) there(block uint32) bool {
	_, err := os.Lstat(blockPath(r.config.Blocks, block))
	return err == nil
}

func (r *Reader) rewritten() []uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.again
	r.again = nil
	return all
}

// list indexes all complete blocks that are not, lets go of the indexes of those that are
// not there any more, and returns the newest block.
func (r *Reader) list(ctx context.Context) uint32 {
	all, err := list(r.config.Blocks)
	if err != nil {
		r.config.Log.Debug("archive: list blocks", "error", err)
	}
	if len(all) == 0 {
		return 0
	}
	r.mu.Lock()
	missing := make(map[uint32]bool, len(all))
	for _, b := range all[:len(all)-1] {
		missing[b] = b >= r.trusted
	}
	r.indexes = slices.DeleteFunc(r.indexes, func(i index) bool {
		needed := missing[i.block]
		missing[i.block] = false
		if !needed {
			_ = os.Remove(filepath.Join(r.config.Index, i.name()))
		}
		return !needed
	})
	r.mu.Unlock()
	for _, b := range slices.Backward(all) {
		if missing[b] {
			r.index(ctx, b)
		}
	}
	return all[len(all)-1]
}

// index indexes a complete block.
func (r *Reader) index(ctx context.Context, block uint32) {
	r.mu.RLock()
	trusted := r.trusted
	r.mu.RUnlock()
	if ctx.Err() != nil || block == 0 || block < trusted {
		return
	}
	i, err := makeIndex(r.config.Blocks, r.config.Index, block)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.config.Log.Debug("archive: index a block", "block", block, "error", err)
		}
		return
	}
	r.add(i)
	select {
	case <-time.After(pace):
	case <-ctx.Done():
	}
}

// add takes an index up, unless its block is not trusted any more.
func (r *Reader) add(i index) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, found := slices.BinarySearchFunc(r.indexes, i, byFirst)
	switch {
	case i.block < r.trusted:
		_ = os.Remove(filepath.Join(r.config.Index, i.name()))
	case !found:
		r.indexes = slices.Insert(r.indexes, at, i)
	case r.indexes[at] != i: // of a block that is not as it was
		_ = os.Remove(filepath.Join(r.config.Index, r.indexes[at].name()))
		r.indexes[at] = i
	}
}
