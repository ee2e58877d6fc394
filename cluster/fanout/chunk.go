package fanout

import (
	"sync/atomic"
	"time"
)

// The sizes of chunks, in bytes. A log's chunks double from the smallest to
// the largest, so that many small streams stay small. An entry that is larger
// than the largest gets a chunk of its own size.
const (
	minChunk = 512
	maxChunk = 64 << 10
)

// chunk is a piece of a log: entries back to back.
//
// Bytes below len(buf) never change while anybody holds the chunk, so a reader
// that holds it reads them without a lock.
type chunk struct {
	buf   []byte // owned by the log; append only
	first uint64 // sequence number of its first entry
	count uint64 // sequence numbers in it, refused ones too
	holds atomic.Int32

	refused []refusal // in order; nil for nearly all chunks

	stamped uint64    // sequence number of the entry
	at      time.Time // that was appended then; zero for none
}

// stamp notes when the entry that comes next is appended. One in many is
// stamped: the first of a chunk, and the first of a log in each tick of the
// hub's clock; only the last of them is kept.
func (c *chunk) stamp() { c.stamped, c.at = c.end(), time.Now() }

func (c *chunk) end() uint64 { return c.first + c.count }
