package replay

import (
	"context"
	"io"

	"sluice/cluster/rescue"
)

// interruptible reads from what may block for ever, as a pipe does, until a
// context ends. A read that blocks goes on in a goroutine of its own.
type interruptible struct {
	ctx  context.Context
	open func() (io.Reader, error)
	in   io.Reader

	want chan struct{}
	got  chan piece
	rest []byte
	err  error
}

// piece is what one read brought. It belongs to whoever has received it until
// the next read is asked for.
type piece struct {
	data []byte
	err  error
}

// newInterruptible returns a reader of what open opens at the first read.
func newInterruptible(ctx context.Context, open func() (io.Reader, error)) *interruptible {
	i := &interruptible{ctx: ctx, open: open, want: make(chan struct{}), got: make(chan piece, 1)}
	go func() {
		err := rescue.Call("read a recording", func() error { i.pump(); return nil })
		if err != nil {
			select {
			case i.got <- piece{err: err}:
			default: // it was the last, and is there already
			}
		}
	}()
	return i
}

// pump reads when it is asked to.
func (i *interruptible) pump() {
	buf := make([]byte, 64<<10)
	for {
		select {
		case <-i.ctx.Done():
			i.done()
			return
		case <-i.want:
		}
		if i.in == nil {
			in, err := i.open()
			if err != nil {
				i.got <- piece{err: plainError(err)}
				return
			}
			i.in = in
		}
		n, err := i.in.Read(buf)
		i.got <- piece{buf[:n], err}
		if err != nil {
			i.done()
			return
		}
	}
}

// done closes what was opened, if that can be closed.
func (i *interruptible) done() {
	if c, ok := i.in.(io.Closer); ok {
		c.Close()
	}
}

func (i *interruptible) Read(p []byte) (int, error) {
	if len(i.rest) == 0 && i.err == nil {
		select {
		case i.want <- struct{}{}:
		case <-i.ctx.Done():
			return 0, i.ctx.Err()
		}
		select {
		case got := <-i.got:
			i.rest, i.err = got.data, got.err
		case <-i.ctx.Done():
			i.err = i.ctx.Err()
			return 0, i.err
		}
	}
	n := copy(p, i.rest)
	i.rest = i.rest[n:]
	if len(i.rest) == 0 && i.err != nil {
		return n, i.err
	}
	return n, nil
}
