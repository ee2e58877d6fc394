package engine

import (
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// lookEvery is how often it is looked how much is free.
const lookEvery = 250 * time.Millisecond

// disk is where a store is. Nothing is appended when there is little room: the server does
// not survive a file that cannot be written.
type disk struct {
	store   string
	reserve atomic.Int64 // bytes that are left free
	room    atomic.Int64 // bytes that may be appended before it is looked again
}

// A reserve is a fiftieth of the disk, within these bounds.
const (
	leastReserve = 8 << 20
	mostReserve  = 1 << 30
)

func newDisk(store string) (*disk, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(store, &s); err != nil {
		return nil, err
	}
	d := &disk{store: store}
	d.reserve.Store(min(max(int64(s.Blocks)*int64(s.Bsize)/50, leastReserve), mostReserve))
	d.look()
	return d, nil
}

// look looks how much is free. What cannot be found out is no reason to take nothing.
func (d *disk) look() {
	var s unix.Statfs_t
	if unix.Statfs(d.store, &s) == nil {
		d.room.Store(int64(s.Bavail)*int64(s.Bsize) - d.reserve.Load())
	}
}

// take takes room for so many bytes, or says that there is none.
func (d *disk) take(bytes int) error {
	if d.room.Add(-int64(bytes)) >= 0 {
		return nil
	}
	return fmt.Errorf("%w: the disk of %q has less than %d MiB free, which are kept: make room there; --max-bytes keeps it from growing so far", ErrFull, d.store, d.reserve.Load()>>20)
}

// full reports that there is no room.
func (d *disk) full() bool { return d.room.Load() <= 0 }
