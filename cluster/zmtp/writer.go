package zmtp

import (
	"errors"
	"sync"
	"syscall"
)

// unsent is how many bytes the kernel may hold for a peer beyond what is on
// its way to it.
const unsent = 1 << 20

// sealAtOnce is how many bytes a codec makes of frames before they are written, unless
// a single frame has more. It bounds what a peer that does not read makes us keep.
const sealAtOnce = 32 << 10

// sealedOutput is the memory for that, which a connection has only while there is some.
type sealedOutput [sealAtOnce]byte

var sealedOutputs = sync.Pool{New: func() any { return new(sealedOutput) }}

// ErrFull means that the kernel takes nothing now.
var ErrFull = errors.New("the connection takes nothing now")

// LimitUnsent bounds what the kernel keeps for a slow peer.
func (c *Conn) LimitUnsent() {
	if c.LocalAddr().Network() == "tcp" {
		_ = c.raw.Control(limitUnsent)
	}
}

// Write writes frames, which must be whole, and waits until the kernel has taken
// them. On an error n is how many bytes of frames it took before; with a codec, some
// that were sealed together may have gone beyond that.
func (c *Conn) Write(frames []byte) (n int, err error) {
	if c.codec == nil {
		n, err = c.conn.Write(frames)
		return n, c.why(err)
	}
	for taken := 0; ; {
		if len(c.sealed) > 0 {
			written, err := c.conn.Write(c.sealed)
			if c.written(written); err != nil {
				return n, c.why(err)
			}
		}
		if n += taken; n == len(frames) {
			return n, nil
		}
		if taken, err = c.seal(frames[n:]); err != nil {
			return n, err
		}
	}
}

// TryWrite writes as much of frames, which must be whole, as the kernel takes now,
// and returns how many bytes of them it is done with. It never waits.
func (c *Conn) TryWrite(frames []byte) (n int, err error) {
	pieces := [...][]byte{frames}
	waited := c.raw.Write(func(fd uintptr) bool {
		n, err = Ready{c, fd}.Write(pieces[:])
		return true
	})
	if waited != nil {
		return n, c.why(waited)
	}
	return n, err
}

// WriteReady calls f whenever the connection may be written to, again and again,
// until f reports that it is done or the connection is closed. Before it reports
// false, f must have met [ErrFull].
func (c *Conn) WriteReady(f func(Ready) (done bool)) error {
	return c.why(c.raw.Write(func(fd uintptr) bool { return f(Ready{c, fd}) }))
}

// Kept is how many bytes are kept of frames that a Write of a [Ready] was done with,
// until the next one: always 0 without a codec.
func (c *Conn) Kept() int { return len(c.sealed) }

// Ready is a connection that may be written to, for as long as the call lasts to
// which it is given.
type Ready struct {
	conn *Conn
	fd   uintptr
}

// Write writes what the kernel takes of pieces without waiting. None may be empty, and
// each is whole frames, or what the call before has left of them. It returns how many of their bytes it is done
// with, and ErrFull when the kernel takes nothing now.
func (r Ready) Write(pieces [][]byte) (n int, err error) {
	c := r.conn
	if c.codec == nil {
		if len(pieces) == 0 || len(pieces[0]) == 0 {
			return 0, nil
		}
		return full(writeVector(r.fd, pieces))
	}
	if err := r.writeSealed(); err != nil {
		return full(0, err)
	}
	for _, p := range pieces {
		for len(p) > 0 {
			taken, err := c.seal(p)
			if err != nil {
				return n, err
			}
			if n, p = n+taken, p[taken:]; len(p) == 0 {
				break // the next piece may be sealed with it
			}
			if err := r.writeSealed(); err != nil {
				return r.done(n, err)
			}
		}
	}
	return r.done(n, r.writeSealed())
}

// done is what Write returns after an error of writing, or none: whatever was sealed is
// done with, and the next call meets what the kernel does not take.
func (r Ready) done(n int, err error) (int, error) {
	if err == syscall.EAGAIN && n > 0 {
		return n, nil
	}
	return full(n, err)
}

// writeSealed writes what was sealed.
func (r Ready) writeSealed() error {
	for len(r.conn.sealed) > 0 {
		n, err := writeVector(r.fd, [][]byte{r.conn.sealed})
		if r.conn.written(n); err != nil {
			return err
		}
	}
	return nil
}

func full(n int, err error) (int, error) {
	if err == syscall.EAGAIN {
		return n, ErrFull
	}
	return n, err
}

// seal seals at most sealAtOnce bytes of frames, or one that is larger, and returns
// how many bytes of frames that is.
func (c *Conn) seal(frames []byte) (n int, err error) {
	if c.sealed == nil {
		c.sealIn = sealedOutputs.Get().(*sealedOutput)
		c.sealed = c.sealIn[:0]
	}
	for n < len(frames) {
		_, size, h := header(frames[n:])
		if h == 0 || size > uint64(len(frames)-n-h) {
			return n, errors.New("what is to be written is no whole frame")
		}
		end := n + h + int(size)
		if len(c.sealed) > 0 && len(c.sealed)+end-n+overhead > sealAtOnce {
			break
		}
		taken := end - n
		if run, ok := c.codec.(runCodec); ok {
			// All of frames are whole: it was given as such.
			c.sealed, taken, err = run.SealRun(c.sealed, frames[n:], sealAtOnce)
		} else {
			c.sealed, err = c.codec.Seal(c.sealed, frames[n:end])
		}
		if err != nil {
			return n, err
		}
		n += taken
	}
	return n, nil
}

// written drops the first n bytes of what was sealed.
func (c *Conn) written(n int) {
	if c.sealed = c.sealed[:copy(c.sealed, c.sealed[n:])]; len(c.sealed) == 0 {
		sealedOutputs.Put(c.sealIn)
		c.sealed, c.sealIn = nil, nil
	}
}
