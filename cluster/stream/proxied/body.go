package proxied

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"sluice/cluster/block"
)

var (
	errIdle     = errors.New("the proxy sent nothing, not even a heartbeat")
	errResponse = errors.New("the proxy ended the response")
)

// eventBody hands on whole events only, so that half an event at the end of a
// response is never taken for one; it ends when nothing comes for too long; and
// its end is always an error.
type eventBody struct {
	body  io.ReadCloser
	limit int // bytes of one event
	idle  time.Duration
	timer *time.Timer
	slept atomic.Bool

	in    *block.Block // what buf is of; nil when buf is its own, for an event that is larger
	buf   []byte
	begin int // of what was not handed on yet
	whole int // end of the last whole event
	end   int // of what was read
}

const (
	blockSize = 64 << 10
	minRoom   = 16 << 10 // in a block that others hold, to read on there
)

var blocks = block.NewPool(blockSize)

func newEventBody(body io.ReadCloser, limit int, idle time.Duration) *eventBody {
	b := &eventBody{body: body, limit: limit, idle: idle}
	b.timer = time.AfterFunc(idle, func() {
		b.slept.Store(true)
		_ = body.Close() // wakes Read
	})
	b.timer.Stop()
	return b
}

// next returns all whole events that are there, at least one byte, and waits
// for them. They are valid until it is called again, or as long as their block is
// held.
func (b *eventBody) next() ([]byte, error) {
	for b.begin == b.whole {
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
	events := b.buf[b.begin:b.whole:b.whole]
	b.begin = b.whole
	return events, nil
}

// fill reads once. The timer runs only here: who reads slowly is not idle.
func (b *eventBody) fill() error {
	had := b.end - b.begin
	if had >= b.limit {
		return fmt.Errorf("read an event: it is larger than %d bytes", b.limit)
	}
	b.makeRoom()
	b.timer.Reset(b.idle)
	n, err := b.body.Read(b.buf[b.end:])
	b.timer.Stop()
	b.end += n
	b.whole = b.begin + lastEvent(b.buf[b.begin:b.end], had)
	switch {
	case b.whole > b.begin || err == nil:
		return nil
	case b.slept.Load():
		return errIdle
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errResponse
	}
	return err
}

// makeRoom makes room to read into, right behind what was not handed on yet.
// Where others hold something, nothing is written.
func (b *eventBody) makeRoom() {
	rest, old := b.buf[b.begin:b.end], b.in
	shared := old != nil && old.Shared()
	switch {
	case shared && len(b.buf)-b.end >= minRoom:
		return
	case len(rest)+minRoom <= blockSize && (old == nil || shared):
		b.in = blocks.Get()
		b.buf = b.in.Bytes
	case len(rest)+minRoom <= blockSize:
	case old != nil || len(rest)+minRoom > len(b.buf):
		b.in, b.buf = nil, make([]byte, 2*len(rest))
	}
	b.end = copy(b.buf, rest)
	b.begin, b.whole = 0, 0
	if old != nil && old != b.in {
		old.Release()
	}
}

// lastEvent returns the end of the last event that ends at or after from, 0 when
// none does. An event ends with an empty line.
func lastEvent(b []byte, from int) int {
	for end := len(b); ; {
		end = from + bytes.LastIndexByte(b[from:end], '\n')
		if end < from {
			return 0
		}
		if before := bytes.TrimSuffix(b[:end], []byte("\r")); len(before) > 0 && before[len(before)-1] == '\n' {
			return end + 1
		}
	}
}

func (b *eventBody) Close() error {
	b.timer.Stop()
	if b.in != nil {
		b.in.Release()
		b.in, b.buf, b.begin, b.whole, b.end = nil, nil, 0, 0, 0
	}
	return b.body.Close()
}
