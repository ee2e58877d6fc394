package stdio

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// ErrFull means that something was left out, since too much waits to be written.
var ErrFull = errors.New("too much waits to be written")

// queueLinger is how long closing a Queue waits for what it holds to be written.
const queueLinger = time.Second

// Queue is a writer that never waits: what it is given is written by a goroutine of its
// own, one Write each, in order. What there is no room for, while nobody reads, is left
// out and counted. It is for logs: whoever logs may hold locks that others need. Its methods
// may be called from any goroutine.
type Queue struct {
	to      io.Writer
	limit   int
	leftOut func(n uint64)
	ended   chan struct{}

	mu     sync.Mutex
	more   sync.Cond // something waits, or it was closed; of mu
	lines  []queued
	size   int    // bytes of lines
	missed uint64 // left out since the last of lines
	closed bool
}

// queued is what waits: a line, and how many were left out right before it.
type queued struct {
	line   []byte
	missed uint64
}

// NewQueue returns a queue that holds at most limit bytes for to. Where some was left out,
// leftOut is called, in its turn, with the number of Writes that were; it may write to to,
// and nobody else may. Close the queue.
func NewQueue(to io.Writer, limit int, leftOut func(n uint64)) *Queue {
	q := &Queue{to: to, limit: limit, leftOut: leftOut, ended: make(chan struct{})}
	q.more.L = &q.mu
	go q.run()
	return q
}

// Write takes a copy of p. It returns [ErrFull] when p was left out, and [os.ErrClosed]
// after Close.
func (q *Queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, os.ErrClosed
	}
	if q.size+len(p) > q.limit {
		q.missed++
		return 0, ErrFull
	}
	q.lines = append(q.lines, queued{append([]byte(nil), p...), q.missed})
	q.missed = 0
	q.size += len(p)
	q.more.Signal()
	return len(p), nil
}

// Close writes what waits, for a second at most: what cannot be written by then is given
// up, together with the goroutine that still tries.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	q.more.Signal()
	q.mu.Unlock()
	late := time.NewTimer(queueLinger)
	defer late.Stop()
	select {
	case <-q.ended:
	case <-late.C:
	}
}

func (q *Queue) run() {
	defer close(q.ended)
	for {
		next, ok := q.next()
		if !ok {
			return
		}
		if next.missed > 0 {
			q.leftOut(next.missed)
		}
		if len(next.line) > 0 {
			_, _ = q.to.Write(next.line) // there is nobody to be told of an error
		}
	}
}

// next waits for what is to be written next. It reports false when the queue was closed,
// and nothing waits.
func (q *Queue) next() (next queued, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.lines) == 0 && q.missed == 0 {
		if q.closed {
			return queued{}, false
		}
		q.more.Wait()
	}
	if len(q.lines) == 0 {
		next.missed, q.missed = q.missed, 0
		return next, true
	}
	next = q.lines[0]
	q.lines[0] = queued{}
	if q.lines = q.lines[1:]; len(q.lines) == 0 {
		q.lines = nil
	}
	q.size -= len(next.line)
	return next, true
}
