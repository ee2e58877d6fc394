package blocks

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

const (
	sumEvery = 2 * time.Second // it is looked for blocks without a sum
	settled  = time.Second     // how long nobody has written a block of which a sum is made
)

// keepSums makes the sums of complete blocks, until its context ends: for a start after a kill.
func (r *Reader) keepSums(ctx context.Context) {
	look := time.NewTicker(sumEvery)
	defer look.Stop()
	var newest uint32
	var listed time.Time
	for {
		if now := time.Now(); now.Sub(listed) >= listEvery || !r.there(newest) || r.there(newest+1) {
			all, more := r.unsummed(now)
			if len(all) > 0 {
				newest = all[len(all)-1]
			}
			for _, block := range more {
				r.sum(ctx, block)
			}
			listed = now
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// unsummed is a block without a sum, as it was when that was seen.
type unsummed struct {
	block uint32
	file  identity
}

// unsummed lists the blocks, and those of them that are complete and have no sum; sums of blocks
// that are not there are removed.
func (r *Reader) unsummed(now time.Time) (all []uint32, more []unsummed) {
	all, err := list(r.config.Blocks)
	if err != nil {
		r.config.Log.Debug("archive: list blocks", "error", err)
		return nil, nil
	}
	there := make(map[uint32]bool, len(all))
	for i, b := range all {
		there[b] = true
		info, err := os.Stat(blockPath(r.config.Blocks, b))
		if err != nil {
			continue
		}
		id, err := identityOf(info)
		if i == len(all)-1 || err != nil || r.sums[b] == id {
			continue
		}
		if now.Sub(info.ModTime()) < settled {
			all = all[:i+1] // it is looked again for this one
			break
		}
		more = append(more, unsummed{b, id})
	}
	entries, _ := os.ReadDir(r.config.Index)
	for _, e := range entries {
		if b, ok := parseSum(e.Name()); ok && !there[b] {
			_ = os.Remove(filepath.Join(r.config.Index, e.Name()))
			delete(r.sums, b)
		}
	}
	return all, more
}

// sum makes the sum of a block unless it has one. Of one that only the server can judge it is
// not tried again as long as it stays as it is.
func (r *Reader) sum(ctx context.Context, u unsummed) {
	if ctx.Err() != nil {
		return
	}
	s, err := loadSum(&r.config, u.block)
	if err != nil {
		if s, err = sumFile(&r.config, u.block); err == nil {
			err = s.save(&r.config, u.block)
		}
		select {
		case <-time.After(pace):
		case <-ctx.Done():
		}
	}
	switch {
	case err == nil:
		r.sums[u.block] = s.file
		return
	case errors.Is(err, errUncertain):
		r.sums[u.block] = u.file
	}
	r.config.Log.Debug("archive: sum up a block", "block", u.block, "error", err)
}
