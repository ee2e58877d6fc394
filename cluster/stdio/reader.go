package stdio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Reader reads from a file until a context ends. It is for one goroutine.
type Reader struct {
	ctx  context.Context
	file *os.File
	raw  syscall.RawConn
	bell *bell
}

// NewReader returns a Reader of f, which stays its user's. Close it.
func NewReader(ctx context.Context, f *os.File) (*Reader, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("wait for %q: %w", f.Name(), err)
	}
	b, err := newBell(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait for %q: %w", f.Name(), err)
	}
	return &Reader{ctx: ctx, file: f, raw: raw, bell: b}, nil
}

// Read reads as the file does. After the context has ended it returns the
// context's error, and has read nothing.
func (r *Reader) Read(p []byte) (int, error) {
	if !r.Wait(-1) {
		return 0, cmp.Or(r.ctx.Err(), os.ErrClosed)
	}
	return r.file.Read(p)
}

// Wait waits until a read of the file does not block: there is something, its
// end, or an error. It returns false when the context has ended, or after most;
// a negative time is for ever.
func (r *Reader) Wait(most time.Duration) bool {
	return ready(r.raw, unix.POLLIN, r.bell, most)
}

// Close ends what the Reader has opened.
func (r *Reader) Close() error {
	r.bell.close()
	return nil
}

// ready waits until a file is ready for events, the bell rings, if it is not nil,
// or the time is over, and reports whether the file is ready and the bell has not
// rung. A negative time is for ever.
func ready(file syscall.RawConn, events int16, b *bell, most time.Duration) (yes bool) {
	began := time.Now()
	fds := []unix.PollFd{{Events: events}, {Fd: -1, Events: unix.POLLIN}}
	if b != nil {
		fds[1].Fd = b.fd
	}
	err := file.Control(func(fd uintptr) {
		fds[0].Fd = int32(fd)
		for {
			left := -1
			if most >= 0 {
				left = int(max(0, most-time.Since(began)+time.Millisecond-1) / time.Millisecond)
			}
			_, err := unix.Poll(fds, left)
			if errors.Is(err, unix.EINTR) {
				continue
			}
			// What cannot be asked is left to the operation itself.
			yes = (err != nil || fds[0].Revents != 0) && fds[1].Revents == 0
			return
		}
	})
	return yes || err != nil && fds[1].Revents == 0
}

// bell is a pipe that can be read from the end of a context on.
type bell struct {
	in, out *os.File
	fd      int32 // of in
	stop    func() bool
}

func newBell(ctx context.Context) (*bell, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	b := &bell{in: in, out: out, fd: int32(in.Fd())}
	b.stop = context.AfterFunc(ctx, func() { out.Close() })
	return b, nil
}

func (b *bell) close() {
	b.stop()
	b.out.Close()
	b.in.Close()
}
