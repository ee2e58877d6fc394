package stdio

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrStalled ends a write whose reader takes nothing, or too little, after the
// context has ended.
var ErrStalled = errors.New("whoever reads it takes nothing")

const (
	stallFor  = time.Second     // a reader may take nothing for so long, after the context has ended
	endWithin = 5 * time.Second // and all in all it has so long
)

// Writer writes to a file until a context ends, and for a while after. It is for
// one goroutine.
type Writer struct {
	file *os.File
	ctx  context.Context
	last time.Time // when nothing is waited for any more; zero until the context has ended

	stalled bool

	// One of these, unless the file is always ready.
	own  *os.File // the same file, opened again: its writes have a deadline
	raw  syscall.RawConn
	bell *bell
	stop func() bool
}

// NewWriter returns a Writer to f, which stays its user's. Close it.
func NewWriter(ctx context.Context, f *os.File) *Writer { return newWriter(ctx, f, reopen) }

func newWriter(ctx context.Context, f *os.File, reopen func(*os.File) (*os.File, error)) *Writer {
	w := &Writer{file: f, ctx: ctx, stop: func() bool { return true }}
	info, err := f.Stat()
	if err != nil || info.Mode().Type()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) == 0 {
		return w
	}
	if w.own, err = reopen(f); err == nil {
		w.stop = context.AfterFunc(ctx, func() { _ = w.own.SetWriteDeadline(time.Now().Add(stallFor)) })
		return w
	}
	if errors.Is(err, os.ErrNoDeadline) {
		return w // it is always ready, as /dev/null is
	}
	if w.raw, err = f.SyscallConn(); err == nil {
		w.bell, _ = newBell(ctx)
	}
	return w
}

// left is how long may be waited now; negative is for ever.
func (w *Writer) left() time.Duration {
	if w.ctx.Err() == nil {
		return -1
	}
	now := time.Now()
	if w.last.IsZero() {
		w.last = now.Add(endWithin)
	}
	return max(0, min(stallFor, w.last.Sub(now)))
}

// reopen opens a pipe or a terminal once more, so that its mode is not shared. A
// socket cannot be, nor what this user may not open.
func reopen(f *os.File) (own *os.File, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	fault := raw.Control(func(fd uintptr) {
		own, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_WRONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	})
	if err = errors.Join(fault, err); err != nil {
		return nil, err
	}
	if err := own.SetWriteDeadline(time.Time{}); err != nil {
		own.Close()
		return nil, err
	}
	return own, nil
}

// ownPiece is how much is written at once, in bytes: a reader that is at work
// takes it in far less than stallFor.
const ownPiece = 64 << 10

// pipePiece is what a pipe takes, in bytes, when poll reports that it can be
// written.
const pipePiece = 4 << 10

// Write writes all of p, or returns how much of it was written, and why no more
// was: [ErrStalled], after which nothing is written any more, or the file's error.
func (w *Writer) Write(p []byte) (written int, err error) {
	if w.stalled {
		return 0, ErrStalled
	}
	write, size := w.file.Write, len(p)
	switch {
	case w.own != nil:
		write, size = w.writeOwn, ownPiece
	case w.bell != nil:
		write, size = w.writeReady, pipePiece
	}
	for written < len(p) {
		n, err := write(p[written:min(len(p), written+size)])
		written += n
		if err != nil {
			w.stalled = errors.Is(err, ErrStalled)
			return written, err
		}
	}
	return written, nil
}

func (w *Writer) writeOwn(p []byte) (int, error) {
	if left := w.left(); left >= 0 {
		_ = w.own.SetWriteDeadline(time.Now().Add(left))
	}
	n, err := w.own.Write(p)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrStalled
	}
	return n, err
}

func (w *Writer) writeReady(p []byte) (int, error) {
	left := w.left()
	if left < 0 && !ready(w.raw, unix.POLLOUT, w.bell, left) {
		left = w.left() // the context has ended meanwhile
	}
	if left >= 0 && !ready(w.raw, unix.POLLOUT, nil, left) {
		return 0, ErrStalled
	}
	return w.file.Write(p)
}

// Close ends what the Writer has opened.
func (w *Writer) Close() error {
	w.stop()
	if w.bell != nil {
		w.bell.close()
	}
	if w.own != nil {
		return w.own.Close()
	}
	return nil
}
