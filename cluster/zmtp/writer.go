package zmtp

import (
	"errors"
	"syscall"
)

// unsent is how many bytes the kernel may hold for a peer beyond what is on
// its way to it.
const unsent = 1 << 20

// sealAtOnce is how many bytes of frames a codec seals before they are written, unless
// a single frame has more. It bounds what a peer that does not read makes us keep.
const sealAtOnce = 32 << 10

// ErrFull says that the kernel takes nothing now.
var ErrFull = errors.New("the connection takes nothing now")

// LimitUnsent bounds what the kernel keeps for a slow peer.
func (c *Conn) LimitUnsent() {
	if c.LocalAddr().Network() == "tcp" {
		_ = c.raw.Control(limitUnsent)
	}
}

// Write writes frames, which must be whole, and waits until the kernel has taken
// them. On an error n is how many bytes of frames it took before; with a codec, of
// those that were sealed together the last ones may have gone beyond that.
func (c *Conn) Write(frames []byte) (n int, err error) {
	if c.codec == nil {
		return c.conn.Write(frames)
	}
	for {
		for len(c.sealed) > 0 {
			written, err := c.conn.Write(c.sealed)
			c.sealed = c.sealed[:copy(c.sealed, c.sealed[written:])]
			if err != nil {
				return n, err
			}
		}
		if len(frames) == 0 {
			c.sealed = nil
			return n, nil
		}
		taken, err := c.seal(frames)
		if err != nil {
			return n, err
		}
		frames = frames[taken:]
		n += taken
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
		return n, waited
	}
	return n, err
}

// WriteReady calls f whenever the connection may be written to, again and again,
// until f reports that it is done or the connection is closed. Before it reports
// false, f must have met [ErrFull].
func (c *Conn) WriteReady(f func(Ready) (done bool)) error {
	return c.raw.Write(func(fd uintptr) bool { return f(Ready{c, fd}) })
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

// Write writes what the kernel takes of pieces without waiting: none may be empty,
// and together they are whole frames. It returns how many of their bytes it is done
// with, and ErrFull when the kernel takes nothing now.
func (r Ready) Write(pieces [][]byte) (n int, err error) {
	c := r.conn
	if c.codec == nil {
		if len(pieces) == 0 || len(pieces[0]) == 0 {
			return 0, nil
		}
		return full(writeVector(r.fd, pieces))
	}
	if len(c.sealed) == 0 {
		for _, p := range pieces {
			taken, err := c.seal(p)
			if err != nil {
				return n, err
			}
			if n += taken; taken < len(p) || len(c.sealed) >= sealAtOnce/2 {
				break
			}
		}
	}
	for len(c.sealed) > 0 {
		written, err := writeVector(r.fd, [][]byte{c.sealed})
		if err == syscall.EAGAIN && n > 0 {
			return n, nil // the next call meets it
		}
		if err != nil {
			return full(n, err)
		}
		c.sealed = c.sealed[:copy(c.sealed, c.sealed[written:])]
	}
	c.sealed = nil
	return n, nil
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
	for n < len(frames) {
		_, size, h := header(frames[n:])
		if h == 0 || size > uint64(len(frames)-n-h) {
			return 0, errors.New("what is to be written is no whole frame")
		}
		end := n + h + int(size)
		if n > 0 && end > sealAtOnce {
			break
		}
		n = end
	}
	c.sealed, err = c.codec.Seal(c.sealed, frames[:n])
	return n, err
}
