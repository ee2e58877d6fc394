package proxied

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
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

	buf   []byte
	off   int // handed on so far
	whole int // end of the last whole event
}

func newEventBody(body io.ReadCloser, limit int, idle time.Duration) *eventBody {
	b := &eventBody{body: body, limit: limit, idle: idle, buf: make([]byte, 0, 64<<10)}
	b.timer = time.AfterFunc(idle, func() {
		b.slept.Store(true)
		_ = body.Close() // wakes Read
	})
	b.timer.Stop()
	return b
}

func (b *eventBody) Read(p []byte) (int, error) {
	for b.off == b.whole {
		if err := b.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.buf[b.off:b.whole])
	b.off += n
	return n, nil
}

// next returns all whole events that are there, at least one byte, and waits
// for them. They are valid until it is called again.
func (b *eventBody) next() ([]byte, error) {
	for b.off == b.whole {
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
	events := b.buf[b.off:b.whole]
	b.off = b.whole
	return events, nil
}

// fill reads once. The timer runs only here: who reads slowly is not idle.
func (b *eventBody) fill() error {
	rest := copy(b.buf, b.buf[b.whole:])
	b.buf = b.buf[:rest]
	b.off, b.whole = 0, 0
	if rest >= b.limit {
		return fmt.Errorf("read an event: it is larger than %d bytes", b.limit)
	}
	if rest == cap(b.buf) {
		b.buf = append(make([]byte, 0, 2*rest), b.buf...)
	}
	b.timer.Reset(b.idle)
	n, err := b.body.Read(b.buf[rest:cap(b.buf)])
	b.timer.Stop()
	b.buf = b.buf[:rest+n]
	b.whole = lastEvent(b.buf, rest)
	switch {
	case b.whole > 0 || err == nil:
		return nil
	case b.slept.Load():
		return errIdle
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errResponse
	}
	return err
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
	return b.body.Close()
}
